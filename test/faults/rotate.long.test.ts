/**
 * Ten thousand faults of the disk: EIO and ENOSPC at any operation, before and after its effect, then a power cut that
 * leaves the first part of what was not synced, or any part of it.
 */
import { expect, test } from 'vitest';
import { randomFrom } from './random.js';
import { surviveFault } from './rotating.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const POINTS = Math.max(1, Math.round(10_000 * scale));

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
      ...(random() < 0.5 ? {} : { scatter: Math.floor(random() * 1_000_000_000) }),
    } as const;
    if ((await surviveFault(fault)).reached) reached++;
    expect(n, `seed ${seed}: faults must be reached`).toBeLessThan(POINTS * 3 + 10);
  }
});
