import fc from 'fast-check';
import { it } from 'vitest';
import { histories, runHistory } from './model.js';

const SCALE = Number(process.env.COUNTERSIGN_LONG ?? '1');

it('the same over many histories', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (groups) => void (await runHistory(groups))),
    { numRuns: Math.ceil(20_000 * SCALE) },
  );
});
