import fc from 'fast-check';
import { it } from 'vitest';
import { commands, runCommands } from './commands.js';
import { interleavings, runInterleaved } from './interleaved.js';

const SCALE = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const numRuns = Math.ceil(20_000 * SCALE);

it('the reference, over many histories', { timeout: 1_800_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (history) => void (await runCommands(history))),
    { numRuns },
  );
});

it('the promises, over many interleavings', { timeout: 1_800_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(interleavings, async ([scheduler, history]) => void (await runInterleaved(scheduler, history))),
    { numRuns },
  );
});
