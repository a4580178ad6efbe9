/** Ten thousand faults of the disk: EIO and ENOSPC at any operation, before and after its effect, then a power cut. */
import { expect, test } from 'vitest';
import { surviveFault } from './rotating.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const POINTS = Math.max(1, Math.round(10_000 * scale));

/** mulberry32: a seed gives one sequence, so that a failing run can be made again. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

test(`${POINTS} faults: what was acknowledged stands, and the ledger goes on`, async () => {
  const seed = Number(process.env['COUNTERSIGN_SEED'] ?? Date.now() % 1_000_000);
  process.stdout.write(`seed ${seed}\n`);
  const random = randomFrom(seed);
  let reached = 0;
  for (let n = 0; reached < POINTS; n++) {
    const fault = {
      at: 1 + Math.floor(random() * 60),
      when: random() < 0.5 ? 'fault' : 'after',
      lasting: random() < 0.5,
      error: random() < 0.5 ? 'EIO: i/o error' : 'ENOSPC: no space left on device',
      share: random() < 0.3 ? 0 : random(),
    } as const;
    if ((await surviveFault(fault)).reached) reached++;
    expect(n, `seed ${seed}: faults must be reached`).toBeLessThan(POINTS * 3 + 10);
  }
});
