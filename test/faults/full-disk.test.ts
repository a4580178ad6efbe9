/** A full disk: closing records go into the room that was kept, everything else waits until there is room again. */
import { expect, test } from 'vitest';
import { callDraft, resultDraft } from '../ledger/samples.js';
import { openRetrying } from './outage.js';
import { SimulatedDisk } from './simulated-disk.js';
import { codeOf, DIR, entries } from './stand.js';

const RESERVE = 64 * 1024;

/** A disk of so many bytes: a write that does not fit leaves what fits, as a real one may. */
const limited = (disk: SimulatedDisk): { capacity: number } => {
  const limit = { capacity: Number.POSITIVE_INFINITY };
  disk.room = () => limit.capacity - disk.paths().reduce((sum, path) => sum + disk.bytes(path).length, 0);
  return limit;
};

const used = (disk: SimulatedDisk): number => disk.paths().reduce((sum, path) => sum + disk.bytes(path).length, 0);

test('calls under way get their outcome, new calls are refused, and all goes on when there is room', async () => {
  const disk = new SimulatedDisk();
  const limit = limited(disk);
  const ledger = await openRetrying(disk, { reserve: RESERVE, rotate: { bytes: 1_000_000, age: 3_600_000 } });
  expect(disk.bytes(`${DIR}/reserve`).length).toBe(RESERVE);
  const intents: number[] = [];
  for (const n of [1, 2, 3]) intents.push((await ledger.append(callDraft(n))).seq);
  limit.capacity = used(disk) + 700;
  const refused = await codeOf(ledger.append(callDraft(4)));
  expect(refused).toBe('LEDGER_WRITE_FAILED');
  // Within moments the room is given up, and the ledger takes what ends calls.
  await expect.poll(() => codeOf(ledger.append(resultDraft(1, intents[0] ?? 0)))).not.toBe('LEDGER_WRITE_FAILED');
  await ledger.append(resultDraft(2, intents[1] ?? 0));
  expect([ledger.healthy, ledger.condition]).toEqual([false, 'disk_full']);
  expect(await codeOf(ledger.append(callDraft(5)))).toBe('LEDGER_WRITE_FAILED');
  expect(disk.paths()).not.toContain(`${DIR}/reserve`);
  limit.capacity = Number.POSITIVE_INFINITY;
  await expect.poll(() => ledger.healthy).toBe(true);
  expect(disk.bytes(`${DIR}/reserve`).length).toBe(RESERVE);
  await ledger.append(callDraft(6, { forwarded: false }));
  await ledger.append(resultDraft(3, intents[2] ?? 0));
  await ledger.close('test');
  const list = await entries(disk);
  const recovers = list.filter(({ type }) => type === 'recover');
  expect(recovers.map(({ d }) => d['cause'])).toEqual(['disk_full', 'disk_full']);
  const total = recovers.reduce((sum, { d }) => sum + Number(d['refused']), 0);
  expect(total).toBeGreaterThanOrEqual(2);
  const outcomes = list.filter(({ type }) => type === 'result').map(({ d }) => d['intent']);
  expect(new Set(outcomes)).toEqual(new Set(intents));
});

test('where even the kept room is used up, nothing is taken until there is more', async () => {
  const disk = new SimulatedDisk();
  const limit = limited(disk);
  const ledger = await openRetrying(disk, { reserve: 4_096, rotate: { bytes: 1_000_000, age: 3_600_000 } });
  const { seq } = await ledger.append(callDraft(1));
  limit.capacity = used(disk) + 10;
  expect(await codeOf(ledger.append(callDraft(2)))).toBe('LEDGER_WRITE_FAILED');
  limit.capacity = used(disk) - 4_000;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await codeOf(ledger.append(resultDraft(1, seq)))).toBe('LEDGER_WRITE_FAILED');
  limit.capacity = Number.POSITIVE_INFINITY;
  await expect.poll(() => ledger.healthy).toBe(true);
  await ledger.close('test');
  const list = await entries(disk);
  expect(list.filter(({ type }) => type === 'result').map(({ d }) => d['status'])).toEqual(['unknown']);
});

test('a ledger that cannot keep the room is opened, takes no call, and does when there is room', async () => {
  const disk = new SimulatedDisk();
  const limit = limited(disk);
  limit.capacity = 20_000;
  const ledger = await openRetrying(disk, { reserve: RESERVE });
  expect([ledger.healthy, ledger.condition]).toEqual([false, 'disk_full']);
  expect(await codeOf(ledger.append(callDraft(1)))).toBe('LEDGER_WRITE_FAILED');
  expect(disk.paths()).not.toContain(`${DIR}/reserve`);
  limit.capacity = Number.POSITIVE_INFINITY;
  await expect.poll(() => ledger.healthy).toBe(true);
  await ledger.append(callDraft(2, { forwarded: false }));
  await ledger.close('test');
  expect((await entries(disk)).find(({ type }) => type === 'recover')?.d).toMatchObject({
    cause: 'disk_full',
    refused: 1,
  });
});
