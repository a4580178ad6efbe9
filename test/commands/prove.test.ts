/** `prove` and `verify` as a person runs them. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import ProveConsistency from '../../src/commands/prove/consistency.js';
import ProveRange from '../../src/commands/prove/range.js';
import ProveRecord from '../../src/commands/prove/record.js';
import Verify from '../../src/commands/verify.js';
import { ORIGIN } from '../ledger/samples.js';
import { certifiedLedger, filesOf, folderOf, rootOf } from '../verify/certified.js';
import { temporary, trustFile } from '../verify/sample.js';
import { root, takeOutput } from './said.js';

const ledger = certifiedLedger();
let dir: string;
let trust: string;
const said = takeOutput();

beforeEach(async () => {
  dir = await folderOf(filesOf(ledger.segments));
  const checkpoints = [{ origin: ORIGIN, size: 16, root: rootOf(ledger.segments, 16) }];
  trust = await trustFile({ ledgers: [ledger.rootKey], checkpoints });
});

const KINDS: readonly (readonly [string, (args: string[]) => Promise<unknown>, RegExp])[] = [
  ['record', (args) => ProveRecord.run(['1', '12', ...args], root), /records 1, 12 as written/],
  [
    'range',
    (args) => ProveRange.run(['3', '9', '--redact', '4', ...args], root),
    /records 3 to 9, every one: 6 as written, 1 as hashes alone/,
  ],
  ['consistency', (args) => ProveConsistency.run(['7', ...args], root), /the first 7 records are those of the root/],
];

test.each(KINDS)('prove %s writes a file for its owner alone, which verifies to 0', async (_name, run, says) => {
  const file = join(await temporary(), 'proof.json');
  await run(['--ledger', dir, '--out', file]);
  expect(said.out).toContain(`${file} verifies alone`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  said.out = '';
  await Verify.run([file, '--trust', trust], root);
  expect(said.out).toMatch(says);
  expect([process.exitCode, said.err]).toEqual([0, '']);
});

test('to standard output, and never over a file that is there', async () => {
  await ProveConsistency.run(['7', '--ledger', dir], root);
  expect(JSON.parse(said.out)).toMatchObject({ kind: 'countersign-proof', begin: { size: 7 } });
  await ProveConsistency.run(['7', '--ledger', dir, '--out', trust], root);
  expect([process.exitCode, said.err]).toEqual([2, expect.stringContaining('cannot be written')]);
  expect(JSON.parse(await readFile(trust, 'utf8'))).toHaveProperty('ledgers');
});

test.each([
  ['no number', () => ProveRecord.run(['x', '--ledger', dir], root), 'records are named by their numbers'],
  ['no such record', () => ProveRecord.run(['99', '--ledger', dir], root), 'record 99 is not under that checkpoint'],
  ['no such checkpoint', () => ProveRecord.run(['1', '--at', '4', '--ledger', dir], root), 'no checkpoint over 4'],
  ['no time', () => Verify.run([dir, '--since', 'yesterday'], root), '--since takes a date'],
])('%s is a mistake of usage', async (_name, run, problem) => {
  await run();
  expect([process.exitCode, said.err]).toEqual([2, expect.stringContaining(problem)]);
});

test('verify of the ledger itself: figures, and 0 where all is established', async () => {
  await Verify.run([dir, '--trust', trust, '--since', '2026-11-24'], root);
  expect(said.out).toMatch(/ledger example\.com\/mcp\/gw-1\n {2}records {3}0 to 15, in 3 segments/);
  expect(said.out).toContain('Verified: everything is established.');
  expect(process.exitCode).toBe(0);
});
