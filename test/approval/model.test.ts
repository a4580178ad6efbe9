import fc from 'fast-check';
import { expect, it } from 'vitest';
import { histories, runHistory } from './model.js';

it('no history grants with too few people, consumes twice, or consumes late', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(histories, async (groups) => {
      for (const event of (await runHistory(groups)).events) seen.add(event);
    }),
    { numRuns: 150 },
  );
  expect([...seen].sort()).toEqual([
    'approved',
    'cancelled',
    'consumed',
    'denied',
    'expired',
    'granted',
    'requested',
    'revoked',
  ]);
});
