/** A writer that meets a disk which fails for a while, and comes back in the same process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { openLedger } from '../../src/ledger/append.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import type { LedgerEntry } from '../../src/ledger/read.js';
import type { RecordDraft } from '../../src/model/record.js';
import { callDraft, newKey, ORIGIN, resultDraft, testClock } from '../ledger/samples.js';
import { randomFrom } from './random.js';
import { type Operation, SimulatedDisk } from './simulated-disk.js';
import { codeOf, comeBack, DIR, entries } from './stand.js';

const key = newKey();

export const openRetrying = (
  files: SimulatedDisk,
  over: Partial<Parameters<typeof openLedger>[0]> = {},
): Promise<OpenedLedger> =>
  openLedger({
    dir: DIR,
    origin: ORIGIN,
    key,
    clock: testClock(),
    heartbeat: 0,
    files,
    rotate: { bytes: 4_000, age: 3_600_000 },
    retry: { first: 0, most: 1 },
    ...over,
  });

export interface OutageCase {
  /** The operation at which the disk begins to fail, from 1, and how many fail one after the other. */
  readonly at: number;
  readonly length: number;
  /** Before the operation had effect, or after. */
  readonly when: 'fault' | 'after';
  readonly code: string;
  /** Operation after the outage at which the power goes; absent: it stays. */
  readonly power?: number;
  /** Seed of what survives of what was not synced, where the power goes. */
  readonly scatter?: number;
}

/** What callers saw. */
interface Seen {
  readonly acknowledged: Map<number, string>;
  /** Numbers of the calls that were refused before they ran. */
  readonly refused: Set<number>;
  /** Records refused in all. */
  count: number;
}

const failing = (disk: SimulatedDisk, { at, length, when, code, power = Number.POSITIVE_INFINITY }: OutageCase) => {
  let operations = 0;
  const error = Object.assign(new Error(`${code}: it fails`), { code });
  disk[when] = (_operation: Operation) => {
    operations++;
    if (operations >= at && operations < at + length) throw error;
    if (operations >= at + length + power) throw new Error('the power is gone');
  };
  return { reached: () => operations >= at, gone: () => operations >= at + length + power };
};

const tryAppend = async (ledger: OpenedLedger, draft: RecordDraft, seen: Seen): Promise<number | null> => {
  try {
    const { seq, leaf } = await ledger.append(draft);
    seen.acknowledged.set(seq, leaf);
    return seq;
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    seen.count++;
    // As callers do: what was refused is not tried again at once.
    await sleep(0);
    return null;
  }
};

const work = async (ledger: OpenedLedger, seen: Seen): Promise<void> => {
  const caller = async (n: number): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      const call = n * 10 + i;
      const intent = await tryAppend(ledger, callDraft(call), seen);
      if (intent === null) seen.refused.add(call);
      else await tryAppend(ledger, resultDraft(call, intent), seen);
    }
  };
  await Promise.all([caller(1), caller(2), caller(3)]);
};

const untilBack = async (ledger: OpenedLedger, gone: () => boolean): Promise<void> => {
  for (let turns = 0; !ledger.healthy && !gone(); turns++) {
    expect(turns, 'the writer comes back').toBeLessThan(2_000);
    await sleep(1);
  }
};

const openAtLast = async (disk: SimulatedDisk, gone: () => boolean): Promise<OpenedLedger | null> => {
  for (let attempt = 0; attempt < 100 && !gone(); attempt++) {
    try {
      return await openRetrying(disk);
    } catch (error) {
      expect(await codeOf(Promise.reject(error))).toBe('LEDGER_WRITE_FAILED');
      disk.remove(`${DIR}/lock`);
    }
  }
  return null;
};

const sumOf = (list: readonly LedgerEntry[], member: string): number =>
  list.reduce((sum, { type, d }) => {
    const value = d[member];
    return type === 'recover' && typeof value === 'number' ? sum + value : sum;
  }, 0);

/**
 * Works through an outage: what was acknowledged stands, what was refused does not where the power stayed, every call
 * that was let through has one outcome, and the refusals are counted on record.
 */
export const surviveOutage = async (outage: OutageCase): Promise<{ readonly reached: boolean }> => {
  let disk = new SimulatedDisk();
  const { reached, gone } = failing(disk, outage);
  const seen: Seen = { acknowledged: new Map(), refused: new Set(), count: 0 };
  const ledger = await openAtLast(disk, gone);
  if (ledger) {
    await work(ledger, seen);
    await untilBack(ledger, gone);
    await codeOf(ledger.close('test'));
  }
  const lostPower = gone();
  if (lostPower) {
    const random = randomFrom(outage.scatter ?? 1);
    const chance = (): boolean => random() < 0.5;
    disk = comeBack(disk, { sectors: { keep: chance, size: chance }, names: chance });
    await (await openRetrying(disk)).close('test');
  }
  disk.fault = () => {};
  disk.after = () => {};
  const list = await entries(disk);
  const told = JSON.stringify(outage);
  for (const [seq, leaf] of seen.acknowledged) expect(list[seq]?.leaf, `${told}, record ${seq}`).toBe(leaf);
  const calls = list.filter(({ type, d }) => type === 'call' && d['forwarded'] === true);
  const results = list.filter(({ type }) => type === 'result').map(({ d }) => d['intent']);
  expect(new Set(results).size, told).toBe(results.length);
  expect(new Set(results), told).toEqual(new Set(calls.map(({ seq }) => seq)));
  if (lostPower) return { reached: reached() };
  const recorded = new Set(calls.map(({ d }) => d['call']));
  for (const call of seen.refused) expect(recorded.has(`01JD${String(call).padStart(22, '0')}`), told).toBe(false);
  expect(sumOf(list, 'refused'), told).toBe(seen.count);
  return { reached: reached() };
};
