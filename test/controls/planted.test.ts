import { describe, expect, it } from 'vitest';
import { foundIn, testQuarter } from './planted.js';
import { cleanQuarter, VIOLATIONS } from './violations.js';

/** Controls whose population is itself something that should not be: nothing to test where nothing is wrong. */
const EMPTY_WHERE_CLEAN = ['CS-PRV-02', 'CS-RSP-02'];

describe('one quarter, all shipped controls', () => {
  it('finds nothing where nothing is planted, and has looked at something in every test', async () => {
    const results = await testQuarter(cleanQuarter());
    expect(foundIn(results)).toEqual([]);
    const words = results.map(({ control, result, reason }) => [control, result, reason]);
    const expected = results.map(({ control }) => [
      control,
      EMPTY_WHERE_CLEAN.includes(control) ? 'no_occurrence' : 'no_exceptions',
      null,
    ]);
    expect(words).toEqual(expected);
  }, 60_000);

  it('finds each violation that is planted, K01 to K23 and those of management, and nothing else', async () => {
    const quarter = cleanQuarter();
    const expected = VIOLATIONS.flatMap(({ plant }) => plant(quarter)).map(([control, item]) => `${control} ${item}`);
    const results = await testQuarter(quarter);
    expect(foundIn(results)).toEqual([...new Set(expected)].sort());
    expect(results.filter(({ result }) => result === 'error' || result === 'not_testable')).toEqual([]);
    // Every control has found something: none is idle.
    expect(results.filter(({ exceptions }) => exceptions.length === 0).map(({ control }) => control)).toEqual([]);
  }, 60_000);

  it('knows all of K01 to K23', () => {
    const known = new Set(VIOLATIONS.map(({ name }) => name.slice(0, 3)));
    const all = Array.from({ length: 23 }, (_, n) => `K${String(n + 1).padStart(2, '0')}`);
    expect(all.filter((id) => !known.has(id))).toEqual([]);
  });
});
