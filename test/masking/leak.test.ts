/** The leak test with a part of the types for each kind of value, each type with a part of the kinds. */
import { expect, test } from 'vitest';
import { KINDS } from './kinds.js';
import { startLeakWorld } from './leak.js';
import { PAIRS, runLeak } from './leak-run.js';

/** For the eras that are translated into each other. */
const FEW = KINDS.filter((_, k) => k % 10 === 0);

test('there are at least sixty kinds, and no two have one name', () => {
  expect(KINDS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
});

test.each(PAIRS)(
  'no value of any kind comes out: client $client, server $server',
  { timeout: 300_000 },
  async (pair) => {
    const world = await startLeakWorld(pair.server);
    try {
      const { shown, masks } = await runLeak(world, pair, 8, pair.client === pair.server ? KINDS : FEW);
      expect(shown).toEqual([]);
      expect(masks).toBeGreaterThan(pair.client === pair.server ? 1 : 0.3);
    } finally {
      await world.close();
    }
  },
);
