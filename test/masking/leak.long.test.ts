/** The leak test in full: every kind of value at every string of every type; with a smaller scale, of every twelfth. */
import { expect, test } from 'vitest';
import { startLeakWorld } from './leak.js';
import { PAIRS, runLeak } from './leak-run.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? 1);

test.each(PAIRS)(
  'no value of any kind comes out: client $client, server $server',
  { timeout: 1_200_000 },
  async (pair) => {
    const world = await startLeakWorld(pair.server);
    try {
      const { shown, masks } = await runLeak(world, pair, scale < 1 ? 12 : 1);
      expect(shown).toEqual([]);
      expect(masks).toBeGreaterThan(pair.client === pair.server ? 1 : 0.3);
    } finally {
      await world.close();
    }
  },
);
