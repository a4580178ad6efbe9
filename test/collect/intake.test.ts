/** Delivered files, taken in this thread or in others. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Intake, openIntake, takeHere, takeInThreads } from '../../src/collect/cloudtrail/intake/intake.js';
import type { Arrived } from '../../src/collect/cloudtrail/intake/take.js';
import { digestName, log, logName, record } from './fixtures.js';

const built = new URL('../../dist/collect/cloudtrail/intake/worker.js', import.meta.url);

let dir: string;
let files: readonly Arrived[];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-intake-'));
  const path = join(dir, 'a.json.gz');
  writeFileSync(path, log(record('a'), record('a'), 7));
  files = [
    { key: logName('0600'), from: path },
    { key: logName('0601'), from: log(record('b')) },
    { key: logName('0602'), from: log(record('c')).subarray(0, -3) },
    { key: digestName('06'), from: log(record('d')) },
    { key: 'holiday.json', from: Buffer.from('{"photos":[]}') },
    { key: logName('0603'), from: join(dir, 'gone.json.gz') },
  ];
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What came of the files, and the bytes that are kept below `root`. */
const outcome = async (intake: Intake, root: string): Promise<unknown> => {
  try {
    const taken = [...(await intake.take(files.slice(0, 3))), ...(await intake.take(files.slice(3)))];
    const kept = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
    return { taken, kept: kept.sort().map((name) => [name, readFileSync(join(root, name)).toString('hex')]) };
  } finally {
    await intake.close();
  }
};

it('threads take what this one takes, and so it is where they cannot start', async () => {
  const root = (): string => mkdtempSync(join(dir, 'raw-'));
  const [first, second, third] = [root(), root(), root()];
  const here = await outcome(takeHere(first), first);
  expect(here).toMatchObject({
    taken: [
      { kind: 'cloudtrail-log', found: { rowsRead: 3, out: 1, duplicate: 1, rejected: 1 } },
      { kind: 'cloudtrail-log', found: { out: 1 } },
      { kind: 'cloudtrail-log', found: { readable: false } },
      { kind: 'cloudtrail-digest', found: { readable: false } },
      { kind: null, found: { readable: false } },
      { problem: expect.stringContaining('ENOENT') },
    ],
  });
  expect(await outcome(takeInThreads(2, second, built), second)).toEqual(here);
  const none = new URL('./no-such-module.js', import.meta.url);
  expect(await outcome(takeInThreads(2, third, none), third)).toEqual(here);
});

it('few small files are taken in this thread', async () => {
  const root = mkdtempSync(join(dir, 'raw-'));
  const intake = openIntake(root, [{ bytes: 10 }]);
  expect(await intake.take(files.slice(0, 1))).toHaveLength(1);
  await intake.close();
});
