import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { type TailAsk, tailLedger } from '../../src/app/tail.js';
import { realFiles } from '../../src/base/durable.js';
import LedgerTail from '../../src/commands/ledger/tail.js';
import { createLedgerReader } from '../../src/ledger/read.js';
import { lastBoundary } from '../../src/ledger/removal/boundary.js';
import { prunePayloads, pruneSegments } from '../../src/ledger/removal/carry-out.js';
import { root, takeOutput } from '../commands/said.js';
import { callDraft, newKey, ORIGIN, oneCall, openSample, testClock } from '../ledger/samples.js';

const rotate = { bytes: 2_000, age: 3_600_000 };
let dir: string;
const said = takeOutput();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-tail-'));
});

/** seg, call, result, denied call, stop. */
const sample = async (): Promise<void> => {
  const clock = testClock();
  const ledger = await openSample({ dir, clock });
  await oneCall(ledger, clock, 1);
  await ledger.append(callDraft(2, { forwarded: false, target: 'write\u001b[2J' }));
  await ledger.close('test');
};

const seqs = async (ask: Partial<TailAsk>): Promise<readonly number[]> => {
  const found: number[] = [];
  for await (const { seq } of tailLedger({ dir, last: 20, filters: [], ...ask })) found.push(seq);
  return found;
};

test('the last records, and of them those that all filters let through', async () => {
  await sample();
  expect(await seqs({})).toEqual([0, 1, 2, 3, 4]);
  expect(await seqs({ last: 2 })).toEqual([3, 4]);
  expect(await seqs({ last: 0 })).toEqual([]);
  expect(await seqs({ filters: ['type=call'] })).toEqual([1, 3]);
  expect(await seqs({ filters: ['type=call', 'forwarded=true'] })).toEqual([1]);
  expect(await seqs({ filters: ['principal.sub=alice'], last: 1 })).toEqual([3]);
  expect(await seqs({ filters: ['intent=1'] })).toEqual([2]);
  expect(await seqs({ filters: ['principal.constructor=x'] })).toEqual([]);
  await expect(seqs({ filters: ['call'] })).rejects.toThrow('--filter takes member=value');
});

test('followed, each further record comes once it is durable, over the ends of segments', async () => {
  const ledger = await openSample({ dir, key: newKey(), rotate });
  const ended = new AbortController();
  const found: number[] = [];
  const following = (async (): Promise<void> => {
    for await (const { seq } of tailLedger({ dir, last: 1, filters: [], follow: ended.signal })) found.push(seq);
  })();
  await vi.waitFor(() => expect(found).toEqual([0]));
  for (let n = 0; n < 6; n++) await ledger.append(callDraft(n, { forwarded: false }));
  await ledger.close('test');
  const all = Array.from({ length: ledger.size }, (_, seq) => seq);
  await vi.waitFor(() => expect(found).toEqual(all), 3_000);
  ended.abort();
  await following;
  expect(await seqs({ filters: ['type=seg'] }).then(({ length }) => length)).toBeGreaterThan(1);
});

test('followed while its oldest segments are removed, it goes on where it was', async () => {
  const ledger = await openSample({ dir, key: newKey(), rotate: { bytes: 1e9, age: 1e12 } });
  const ended = new AbortController();
  const found: number[] = [];
  const following = (async (): Promise<void> => {
    for await (const { seq } of tailLedger({ dir, last: 100, filters: [], follow: ended.signal })) found.push(seq);
  })();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 3; n++) await ledger.append(callDraft(n, { forwarded: false }));
    await vi.waitFor(() => expect(found.at(-1)).toBe(ledger.size - 1), 3_000);
    await ledger.rotate();
    const boundary = await lastBoundary(dir, () => true, realFiles);
    if (!boundary) throw new Error('no boundary');
    // What a removal by order does: first the payloads, then the files.
    await prunePayloads(dir, boundary, realFiles);
    if (round > 0) await pruneSegments(dir, ORIGIN, boundary, realFiles);
  }
  await ledger.append(callDraft(9, { forwarded: false }));
  await vi.waitFor(() => expect(found).toEqual(Array.from({ length: ledger.size }, (_, seq) => seq)), 3_000);
  ended.abort();
  await following;
  await ledger.close('test');
});

test('what was removed before it was read is told', async () => {
  const ledger = await openSample({ dir, key: newKey(), rotate: { bytes: 1e9, age: 1e12 } });
  const reader = createLedgerReader(dir);
  const read = async (): Promise<readonly number[]> => {
    const found: number[] = [];
    for await (const { seq } of reader.more()) found.push(seq);
    return found;
  };
  await ledger.append(callDraft(1, { forwarded: false }));
  expect(await read()).toEqual([0, 1]);
  await ledger.append(callDraft(2, { forwarded: false }));
  await ledger.rotate();
  const boundary = await lastBoundary(dir, () => true, realFiles);
  if (boundary) await pruneSegments(dir, ORIGIN, boundary, realFiles);
  await expect(read()).rejects.toMatchObject({ code: 'LEDGER_PRUNED_MEANWHILE', details: { from: 2 } });
  await ledger.close('test');
});

test('people get aligned lines without control signs of others', async () => {
  await sample();
  await LedgerTail.run([dir, '-n', '2'], root);
  expect(said.out.trimEnd().split('\n')).toEqual([
    expect.stringMatching(
      /^2026-11-24T05:00:00\.020Z {9}3 {2}call {6}alice {2}files {2}write\S+2J {2}allow {2}engineers-read$/,
    ),
    expect.stringMatching(/^2026-11-24T05:00:00\.020Z {9}4 {2}stop {6}test$/),
  ]);
  expect(said.out).not.toContain('\u001b');
});

test('programs get one JSON object per line and nothing else', async () => {
  await sample();
  await LedgerTail.run([dir, '--json', '--filter', 'type=result'], root);
  const lines = said.out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ seq: 2, type: 'result', payloads: { result: { data: expect.any(String) } } }),
  ]);
});

test('where something does not hold it ends with 12 and names the place', async () => {
  await sample();
  const path = join(dir, 'log', '0000000000000000.jsonl');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"sub":"alice"', '"sub":"malic"'));
  await LedgerTail.run([dir], root);
  expect(process.exitCode).toBe(12);
  expect(said.err).toMatch(/log\/0000000000000000\.jsonl: the line at byte \d+/);
});

test('without a ledger it ends with 2', async () => {
  await LedgerTail.run([join(dir, 'none')], root);
  expect(process.exitCode).toBe(2);
});
