import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DoctorAsk, examineLedger } from '../../src/app/ledger-doctor.js';
import { realFiles } from '../../src/base/durable.js';
import LedgerDoctor from '../../src/commands/ledger/doctor.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { callDraft, newKey, ORIGIN, oneCall, openSample, testClock } from '../ledger/samples.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LOG = 'log/0000000000000000.jsonl';
let base: string;
let dir: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'countersign-doctor-'));
  dir = join(base, 'data/ledger/example.com_mcp_gw-1');
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(base, { recursive: true });
});

const sample = async (key = newKey()): Promise<void> => {
  const clock = testClock();
  const ledger = await openSample({ dir, key, clock });
  await oneCall(ledger, clock, 1);
  await ledger.close('test');
};

/** Every name and every byte. */
const everything = async (): Promise<string> => {
  const found: string[] = [];
  for (const entry of await readdir(base, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found.push(`${path} ${entry.isFile() ? await readFile(path, 'base64') : ''}`);
  }
  return found.sort().join('\n');
};

/** What is wrong, by topic; the ledger is the same afterwards. */
const wrong = async (ask: Partial<DoctorAsk> = {}) => {
  const before = await everything();
  const { diagnoses, exit } = await examineLedger({ dir, ...ask });
  expect(await everything()).toBe(before);
  for (const { state, mend } of diagnoses) if (state !== 'pass') expect(mend).not.toBeNull();
  return { exit, found: diagnoses.filter(({ state }) => state !== 'pass'), all: diagnoses };
};

test('a good ledger: nothing to mend, 0', async () => {
  await sample();
  const { exit, found, all } = await wrong();
  expect(found).toEqual([]);
  expect(exit).toBe(0);
  expect(all.map(({ message }) => message)).toEqual([
    `The ledger is at ${dir}.`,
    'No process writes it.',
    expect.stringMatching(/^The disk has \d+ MB free\.$/),
    'It holds 4 records in 1 segment file up to the last signed checkpoint.',
    'Nothing follows the last checkpoint.',
    'Nothing was set aside.',
    'Every record, link, checkpoint and payload verifies.',
  ]);
});

test('a write cut short: what the next start does with it, 11; after that start all is well', async () => {
  const key = newKey();
  await sample(key);
  await appendFile(join(dir, LOG), '{"v":1,"seq":4,');
  const { exit, found } = await wrong();
  expect(exit).toBe(11);
  expect(found.map(({ topic }) => topic)).toEqual(['tail', 'verification']);
  expect(found[0]?.message).toMatch(/15 bytes follow the last checkpoint, at byte \d+: a write cut short/);
  expect(found[0]?.mend).toContain('quarantine/');
  const clock = testClock(Date.UTC(2026, 10, 24, 5, 1));
  await openSample({ dir, key, clock }).then((ledger) => ledger.close('test'));
  const later = await wrong();
  expect(later.exit).toBe(0);
  expect(later.all.map(({ message }) => message)).toContain(
    'quarantine/ holds 1 file set aside at earlier starts, each on record; keep them.',
  );
});

test('a changed record: what does not hold and where, 12', async () => {
  await sample();
  const path = join(dir, LOG);
  await writeFile(path, (await readFile(path, 'utf8')).replace('"sub":"alice"', '"sub":"malic"'));
  const { exit, found } = await wrong();
  expect(exit).toBe(12);
  expect(found.map(({ topic }) => topic)).toEqual(['tail', 'verification']);
  expect(found[0]?.message).toMatch(/is damaged before its last checkpoint: log\/0+\.jsonl: the line at byte \d+/);
});

test('a file that does not belong there, 12', async () => {
  await sample();
  await writeFile(join(dir, 'log', 'notes.txt'), 'x');
  const { exit, found } = await wrong();
  expect(exit).toBe(12);
  expect(found[0]).toMatchObject({ topic: 'records', message: expect.stringContaining('log/notes.txt') });
});

test('a ledger in use: who holds it, and that it can go on, 0', async () => {
  const ledger = await openSample({ dir });
  await ledger.append(callDraft(1));
  await appendFile(join(dir, LOG), '{"v":1,"seq":');
  const { exit, found, all } = await wrong();
  expect(exit).toBe(0);
  expect(found).toEqual([
    expect.objectContaining({ topic: 'lock', message: expect.stringContaining(`${process.pid}`) }),
  ]);
  expect(all.map(({ message }) => message)).toContainEqual(expect.stringContaining('they are being written'));
  await ledger.close('test');
});

test('the lock of a process that is gone is the next writer’s; one that cannot be read names the mend', async () => {
  await sample();
  const gone = { pid: 2 ** 22 + 1, host: hostname(), start: '2026-11-24T05:00:00.000Z', process: '' };
  await writeFile(join(dir, 'lock'), JSON.stringify(gone));
  expect((await wrong()).all[1]).toMatchObject({ state: 'pass', message: expect.stringContaining('is gone') });
  await writeFile(join(dir, 'lock'), '{');
  expect((await wrong()).found[0]).toMatchObject({
    topic: 'lock',
    message: expect.stringContaining('unknown process'),
  });
});

test('a call without outcome, where nobody writes, 11', async () => {
  const ledger = await openSample({ dir });
  await ledger.append(callDraft(1));
  await ledger.close('test');
  const { exit, found } = await wrong();
  expect(exit).toBe(11);
  expect(found[0]?.message).toBe('1 forwarded call had no outcome when its writer ended.');
});

test('no ledger, 2', async () => {
  expect(await wrong()).toMatchObject({ exit: 2, found: [{ topic: 'folder' }] });
});

test('others may enter, and a disk that is nearly full', async () => {
  await sample();
  await chmod(dir, 0o755);
  expect(await wrong()).toMatchObject({ exit: 2, found: [{ topic: 'folder' }] });
  await chmod(dir, 0o700);
  const full = await wrong({ free: async () => 1_000_000 });
  expect(full).toMatchObject({ exit: 1, found: [{ topic: 'disk', message: expect.stringContaining('only 1 MB') }] });
});

const CONFIG = `version: 1
organization: { name: Test }
gateway: { publicUrl: https://mcp.example.com }
identity: { issuers: [ { issuer: https://login.example.com, audience: https://mcp.example.com } ] }
servers: { files: { stdio: { command: none } } }
policy: [ { id: all, allow: true } ]
ledger: { origin: ${ORIGIN}, key: { file: ledger.key }, digestKey: { file: digest.key } }
`;

test('the keys of the configuration: good, open to others, another one', async () => {
  const config = join(base, 'countersign.yaml');
  await writeFile(config, CONFIG);
  await createDigestKey(join(base, 'digest.key'));
  await sample(await createSigningKey(join(base, 'ledger.key')));
  const ask = { dir: undefined, config };
  const good = await wrong(ask);
  expect(good).toMatchObject({ exit: 0, found: [] });
  expect(good.all.map(({ topic }) => topic)).toContain('keys');
  await chmod(join(base, 'ledger.key'), 0o644);
  const exposed = await wrong(ask);
  expect(exposed).toMatchObject({ exit: 2, found: [{ topic: 'keys', mend: expect.stringContaining('chmod 600') }] });
  await realFiles.unlink(join(base, 'ledger.key'));
  await createSigningKey(join(base, 'ledger.key'));
  const other = await wrong(ask);
  expect(other).toMatchObject({ exit: 2, found: [{ topic: 'keys', message: expect.stringContaining('another key') }] });
});

test('the command prints each finding with its mend, and ends with its code', async () => {
  await sample();
  await appendFile(join(dir, LOG), '{"v":1');
  let out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  await LedgerDoctor.run([dir], root);
  expect(process.exitCode).toBe(11);
  expect(out).toMatch(/^tail +◆ not established {2}log\/0+\.jsonl: 6 bytes follow/m);
  expect(out).toMatch(/^ +mend: start the gateway/m);
  out = '';
  await LedgerDoctor.run([dir, '--json'], root);
  expect(JSON.parse(out)).toMatchObject({ dir, exit: 11 });
});
