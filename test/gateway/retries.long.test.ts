import { expect, it } from 'vitest';
import { raceForGrant } from './retries.js';

const SCALE = Number(process.env.COUNTERSIGN_LONG ?? '1');

it('1,000 concurrent retries on one grant: executed exactly once', async () => {
  const retries = Math.ceil(1_000 * SCALE);
  expect(await raceForGrant(retries)).toEqual({ runs: 1, uses: 1, forwarded: 1, answered: retries, defects: [] });
});
