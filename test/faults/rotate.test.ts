/** Power cuts at every operation of a writer that begins a new segment every few records. */
import { expect, test } from 'vitest';
import { type OpenedLedger, openLedger } from '../../src/ledger/append.js';
import { callDraft, newKey, ORIGIN, testClock } from '../ledger/samples.js';
import { SimulatedDisk } from './simulated-disk.js';
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

/** Works until the nth operation fails; what was acknowledged, and whether it came so far. */
const workUntil = async (disk: SimulatedDisk, cut: number) => {
  const acknowledged = new Map<number, string>();
  let operations = 0;
  disk.fault = () => {
    if (++operations >= cut) throw new Error('the power is gone');
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
  const outcome = await codeOf(work());
  expect(['none', 'LEDGER_WRITE_FAILED']).toContain(outcome);
  return { acknowledged, reached: operations >= cut };
};

test.each([0, 0.5, 1])('share %d of what was not synced survives: acknowledged records stand', async (share) => {
  for (let cut = 1; ; cut++) {
    const disk = new SimulatedDisk();
    const { acknowledged, reached } = await workUntil(disk, cut);
    const back = comeBack(disk, (_path, unsynced) => Math.floor(unsynced * share));
    const ledger = await open(back);
    await ledger.append(callDraft(99, { forwarded: false }));
    await ledger.close('test');
    const list = await entries(back);
    for (const [seq, leaf] of acknowledged) expect(list[seq]?.leaf, `cut ${cut}, record ${seq}`).toBe(leaf);
    const forwarded = list.filter(({ type, d }) => type === 'call' && d['forwarded'] === true);
    expect(list.filter(({ type }) => type === 'result').length).toBe(forwarded.length);
    if (!reached) {
      expect(list.filter(({ type }) => type === 'seg').length).toBeGreaterThan(4);
      break;
    }
  }
});
