/** A writer that begins a new segment every few records, on a disk that fails. */
import { expect } from 'vitest';
import { openLedger } from '../../src/ledger/append.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import { callDraft, newKey, ORIGIN, testClock } from '../ledger/samples.js';
import { randomFrom } from './random.js';
import { type Operation, type PowerCut, SimulatedDisk } from './simulated-disk.js';
import { codeOf, comeBack, DIR, entries } from './stand.js';

const key = newKey();
const open = (files: SimulatedDisk): Promise<OpenedLedger> =>
  openLedger({
    dir: DIR,
    origin: ORIGIN,
    key,
    clock: testClock(),
    heartbeat: 0,
    files,
    rotate: { bytes: 3_000, age: 3_600_000 },
  });

export interface Fault {
  /** The operation that fails, from 1. */
  readonly at: number;
  /** Before it had effect, or after. */
  readonly when: 'fault' | 'after';
  /** Whether everything from there on fails, as without power, or that operation alone. */
  readonly lasting: boolean;
  readonly error: string;
  /** Share of what was written and not synced that survives the power cut. */
  readonly share: number;
  /**
   * Seed of which sectors and names these are, as a disk that reorders writes leaves them. Absent: the first
   * bytes of each file, and no names.
   */
  readonly scatter?: number;
}

const cutOf = ({ share, scatter }: Fault): PowerCut => {
  if (scatter === undefined) return { survive: (_path, unsynced) => Math.floor(unsynced * share) };
  const random = randomFrom(scatter);
  const chance = (): boolean => random() < share;
  return { sectors: { keep: chance, size: chance }, names: chance };
};

/** Works until the fault; what was acknowledged, and whether the fault came. */
const workUntil = async (disk: SimulatedDisk, { at, when, lasting, error }: Fault) => {
  const acknowledged = new Map<number, string>();
  let operations = 0;
  disk[when] = (_operation: Operation) => {
    operations++;
    if (operations === at || (lasting && operations > at)) throw new Error(error);
  };
  const work = async (): Promise<void> => {
    const ledger = await open(disk);
    const caller = async (n: number): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        const { seq, leaf } = await ledger.append(callDraft(n * 10 + i));
        acknowledged.set(seq, leaf);
      }
    };
    await Promise.allSettled([caller(1), caller(2), caller(3)]);
    await ledger.close('test');
  };
  expect(['none', 'LEDGER_WRITE_FAILED']).toContain(await codeOf(work()));
  return { acknowledged, reached: operations >= at };
};

/**
 * One run into a fault, the power cut after it, and another start: what was acknowledged stands, every call that
 * was let through has one outcome, and all of it verifies.
 * @returns whether the fault came, and the number of segments
 */
export const surviveFault = async (fault: Fault): Promise<{ readonly reached: boolean; readonly segments: number }> => {
  const disk = new SimulatedDisk();
  const { acknowledged, reached } = await workUntil(disk, fault);
  const back = comeBack(disk, cutOf(fault));
  const ledger = await open(back);
  await ledger.append(callDraft(99, { forwarded: false }));
  await ledger.close('test');
  const list = await entries(back);
  const told = JSON.stringify(fault);
  for (const [seq, leaf] of acknowledged) expect(list[seq]?.leaf, `${told}, record ${seq}`).toBe(leaf);
  const forwarded = list.filter(({ type, d }) => type === 'call' && d['forwarded'] === true);
  expect(list.filter(({ type }) => type === 'result').length, told).toBe(forwarded.length);
  return { reached, segments: list.filter(({ type }) => type === 'seg').length };
};
