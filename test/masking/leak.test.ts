/** The leak test with an eighth of the types for each kind of value, each type with an eighth of the kinds. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from './kinds.js';
import { type LeakWorld, startLeakWorld } from './leak.js';
import { ERAS, runLeak } from './leak-run.js';

let world: LeakWorld;
beforeAll(async () => {
  world = await startLeakWorld();
}, 60_000);
afterAll(() => world.close());

test('there are at least sixty kinds, and no two have one name', () => {
  expect(KINDS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
});

test.each(ERAS)('%s: no value of any kind comes out of the running gateway', { timeout: 240_000 }, async (era) => {
  const { shown, masks } = await runLeak(world, era, 8);
  expect(shown).toEqual([]);
  expect(masks).toBeGreaterThan(1);
});
