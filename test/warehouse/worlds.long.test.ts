import fc from 'fast-check';
import { expect, it } from 'vitest';
import { draws, judge } from './worlds.js';

const runs = Math.ceil(200 * Number(process.env['COUNTERSIGN_LONG'] ?? 1));

it(`${runs} random worlds: exactly what was planted is found`, async () => {
  await fc.assert(
    fc.asyncProperty(draws(60), async (draw) => {
      const { said, planted, odd } = await judge(draw);
      expect(said).toEqual(planted);
      expect(odd).toBe(0);
    }),
    { numRuns: runs },
  );
});
