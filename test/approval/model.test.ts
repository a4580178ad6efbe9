import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commands, runCommands } from './commands.js';
import { interleavings, runInterleaved } from './interleaved.js';

const EVENTS = ['approved', 'cancelled', 'consumed', 'denied', 'expired', 'granted', 'requested', 'revoked'];

it('every history of calls, decisions, retries, revocations, ends and restarts goes as the reference says', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      for (const event of await runCommands(history)) seen.add(event);
    }),
    { numRuns: 300 },
  );
  expect([...seen].sort()).toEqual(EVENTS);
});

it('no interleaving, crashes included, runs a call without a valid unused grant or loses a decision', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(interleavings, async ([scheduler, history]) => {
      for (const event of await runInterleaved(scheduler, history)) seen.add(event);
    }),
    { numRuns: 300 },
  );
  expect([...seen].sort()).toEqual(EVENTS);
});
