/** Checkpoints that the trust file kept: what they confirm, and that without them nothing ends with 0. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createCompactRange, leafHash } from '../../src/base/merkle.js';
import type { Verification } from '../../src/model/evidence.js';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey, ORIGIN } from '../ledger/samples.js';
import { ledgerOf, type SampleLedger, sampleLedger, temporary, trustFile } from './sample.js';
import { TAMPERINGS } from './tampering.js';

const key = newKey();
let sample: SampleLedger;
beforeAll(async () => {
  sample = await sampleLedger(key);
});

const records = (): readonly string[] => sample.lines.filter((line) => line.startsWith('{'));
const rootAt = (size: number): string => {
  const range = createCompactRange();
  for (const line of records().slice(0, size)) range.append(leafHash(Buffer.from(line)));
  return range.root().toString('hex');
};
const trustAt = (...sizes: readonly number[]): Promise<string> =>
  trustFile({
    ledgers: [sample.key],
    checkpoints: sizes.map((size) => ({ origin: ORIGIN, size, root: rootAt(Math.min(size, records().length)) })),
  });
const codes = ({ findings }: Verification): readonly string[] =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);
const tampered = (name: string): Promise<string> => {
  const change = TAMPERINGS.find((tampering) => tampering.name === name)?.change;
  if (!change) throw new Error(`no tampering ${name}`);
  return ledgerOf(change(sample.lines, key, newKey()));
};

test('key and last checkpoint in the trust file: everything is established', async () => {
  const verification = await verifyPath(sample.dir, { trust: await trustAt(3, 9) });
  expect([verification.exit, codes(verification)]).toEqual([0, []]);
  expect(verification.established).toContain('the ledger: records 0 to 8 are those that the trust file confirmed.');
});

test('the window after an earlier checkpoint is named', async () => {
  const verification = await verifyPath(sample.dir, { trust: await trustAt(5) });
  expect([verification.exit, codes(verification)]).toEqual([13, ['NOT_ANCHORED']]);
  expect(verification.findings.at(-1)?.message).toMatch(/^the ledger: records 5 to 8, 2026-11-24T05:00:00\.\d+Z to /);
});

test('a checkpoint inside a batch counts as any other', async () => {
  expect(codes(await verifyPath(sample.dir, { trust: await trustAt(6) }))).toEqual(['NOT_ANCHORED']);
});

test.each([
  ['limit-edit-with-live-key', 9, 'ANCHOR_MISMATCH'],
  ['limit-edit-with-live-key', 2, 'ANCHOR_MISMATCH'],
  ['limit-last-batch-dropped', 9, 'TRUNCATED'],
  ['limit-last-batch-dropped', 8, 'TRUNCATED'],
  ['last-checkpoint-removed', 10, 'TRUNCATED'],
] as const)('%s, which nothing inside shows, against a checkpoint over %i records: %s', async (name, size, code) => {
  const verification = await verifyPath(await tampered(name), { trust: await trustAt(size) });
  expect(verification.exit).toBe(12);
  expect(codes(verification)).toContain(code);
});

test('a checkpoint taken out of the middle changes nothing that was confirmed', async () => {
  const dir = await tampered('limit-interior-checkpoint-removed');
  expect((await verifyPath(dir, { trust: await trustAt(9) })).exit).toBe(0);
});

test('the ledger replaced as a whole, with its key: the kept root still shows it', async () => {
  const other = await sampleLedger(newKey());
  const root = rootAt(9);
  const trust = await trustFile({ ledgers: [other.key], checkpoints: [{ origin: ORIGIN, size: 9, root }] });
  expect(codes(await verifyPath(other.dir, { trust }))).toContain('ANCHOR_MISMATCH');
});

test('every tampering ends no better with a kept checkpoint than without', async () => {
  const trust = await trustAt(9);
  for (const { name, change, exit } of TAMPERINGS) {
    const found = await verifyPath(await ledgerOf(change(sample.lines, key, newKey())), { trust });
    if (exit === 13) expect([0, 12], name).toContain(found.exit);
    else expect([11, 12], name).toContain(found.exit);
  }
});

test('nothing at all is never in order, whatever was kept', async () => {
  const dir = await temporary();
  await mkdir(join(dir, 'log'));
  await writeFile(join(dir, 'log', '0000000000000000.jsonl'), '');
  expect((await verifyPath(dir, { trust: await trustAt(9) })).exit).toBe(11);
});

test.each([
  ['no size', { size: 0 }, 'checkpoints[0].size is 0'],
  ['no hash', { root: 'x' }, 'checkpoints[0].root is not a SHA-256'],
  ['a ledger nobody expects', { origin: 'example.com/other' }, 'checkpoints[0].origin is none of those in ledgers'],
  ['an unknown field', { time: 1 }, 'checkpoints[0] has an unknown field "time"'],
])('%s is refused by name', async (_name, over, problem) => {
  const kept = { origin: ORIGIN, size: 9, root: rootAt(9), ...over };
  const trust = await trustFile({ ledgers: [sample.key], checkpoints: [kept] });
  await expect(verifyPath(sample.dir, { trust })).rejects.toThrow(problem);
});
