/**
 * Ten thousand outages of the disk under a running writer: EIO, ENOSPC and EROFS for one operation or several, before
 * and after their effect; in half of them the power goes while the writer comes back.
 */
import { expect, test } from 'vitest';
import { surviveOutage } from './outage.js';
import { randomFrom } from './random.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
/** In parts, each with a time limit of its own. */
const PARTS = 5;
const POINTS = Math.max(1, Math.round((10_000 * scale) / PARTS));
const SEED = Number(process.env['COUNTERSIGN_SEED'] ?? Date.now() % 1_000_000);

test.each(Array.from({ length: PARTS }, (_, part) => SEED + part))(
  `${POINTS} outages from seed %d: the writer comes back, and what was acknowledged stands`,
  async (seed) => {
    const random = randomFrom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    let reached = 0;
    for (let n = 0; reached < POINTS; n++) {
      const outage = {
        at: 1 + below(80),
        length: random() < 0.5 ? 1 : 1 + below(12),
        when: random() < 0.5 ? 'fault' : 'after',
        code: ['EIO', 'ENOSPC', 'EROFS'][below(3)] ?? 'EIO',
        ...(random() < 0.5 ? {} : { power: below(30), scatter: below(1_000_000_000) }),
      } as const;
      if ((await surviveOutage(outage)).reached) reached++;
      expect(n, `seed ${seed}: outages must be reached`).toBeLessThan(POINTS * 3 + 10);
    }
  },
);
