import fc from 'fast-check';
import { expect, it } from 'vitest';
import { draws, judge } from './worlds.js';

it('random worlds: exactly what was planted is found, whatever came late, twice or in another order', async () => {
  await fc.assert(
    fc.asyncProperty(draws(10), async (draw) => {
      const { said, planted, odd } = await judge(draw);
      expect(said).toEqual(planted);
      expect(odd).toBe(0);
    }),
    { numRuns: 6 },
  );
});
