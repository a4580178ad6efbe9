import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quarters } from './quarter.js';
import { both } from './second-sql.js';

/** Other quarters in each run: fast-check draws a new seed, and prints it where they differ. */
const RUNS = 6;

test('over random quarters the SQL and a second implementation find the same, word for word', async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(quarters, async (quarter) => {
      const { sql, second } = await both(quarter);
      expect(sql).toEqual(second);
      for (const { exceptions } of Object.values(second))
        for (const found of exceptions) kinds.add(found.replaceAll(/\d+/g, '').slice(0, 30));
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 60_000 },
  );
  // A comparison of nothing would hold too.
  expect(kinds.size).toBeGreaterThan(6);
}, 120_000);
