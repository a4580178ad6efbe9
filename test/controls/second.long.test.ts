import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quarters } from './quarter.js';
import { both } from './second-sql.js';

const RUNS = Math.max(10, Math.round(100 * Number(process.env['COUNTERSIGN_LONG'] ?? '1')));

test('over many random quarters the SQL and a second implementation find the same, word for word', async () => {
  const law = fc.asyncProperty(quarters, async (quarter) => {
    const { sql, second } = await both(quarter);
    expect(sql).toEqual(second);
  });
  await fc.assert(law, { numRuns: RUNS });
}, 600_000);
