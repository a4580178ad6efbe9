import { describe, expect, it } from 'vitest';
import { foundIn, testQuarter } from './planted.js';
import { cleanQuarter, VIOLATIONS } from './violations.js';

const SHARE = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const some = VIOLATIONS.filter((_, n) => n % Math.max(1, Math.round(1 / SHARE)) === 0);

describe('each violation alone in a quarter that is clean else', () => {
  it.each(some)(
    '$name',
    async ({ plant }) => {
      const quarter = cleanQuarter();
      const expected = plant(quarter).map(([control, item]) => `${control} ${item}`);
      expect(foundIn(await testQuarter(quarter))).toEqual(expected.sort());
    },
    120_000,
  );
});
