/** The leak test in full: every kind of value at every string of every type; with a smaller scale, of every third. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LeakWorld, startLeakWorld } from './leak.js';
import { ERAS, runLeak } from './leak-run.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? 1);

let world: LeakWorld;
beforeAll(async () => {
  world = await startLeakWorld();
}, 60_000);
afterAll(() => world.close());

test.each(ERAS)('%s: no value of any kind comes out of the running gateway', { timeout: 1_200_000 }, async (era) => {
  const { shown, masks } = await runLeak(world, era, scale < 1 ? 3 : 1);
  expect(shown).toEqual([]);
  expect(masks).toBeGreaterThan(1);
});
