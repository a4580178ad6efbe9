/** Where a ledger begins whose oldest segments were removed. */
import { join } from 'node:path';
import { type FilePort, readBounded, writeAtomic } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { restoreCompactRange } from '../base/merkle.js';
import { MAX_PRUNED, type Pruned, parsePruned, prunedText } from '../model/pruned.js';
import type { ChainState } from './chain.js';

/**
 * What `pruned.json` says; null where nothing was removed.
 * @throws CountersignError LEDGER_DAMAGED where the file cannot be read
 */
export const readPruned = async (dir: string, files: FilePort): Promise<Pruned | null> => {
  const path = join(dir, 'pruned.json');
  if ((await files.facts(path)) === undefined) return null;
  const pruned = parsePruned(await readBounded(path, MAX_PRUNED, files).catch(() => Buffer.alloc(0)));
  if (!pruned) throw new CountersignError('LEDGER_DAMAGED', { dir, problem: 'pruned.json cannot be read' });
  return pruned;
};

/** The state of a walk that begins behind what was removed; null where nothing was. */
export const prunedState = async (dir: string, files: FilePort): Promise<ChainState | null> => {
  const pruned = await readPruned(dir, files);
  const range = pruned && restoreCompactRange(pruned.size, pruned.peaks);
  return pruned && range ? { size: pruned.size, prev: pruned.prev, range, verifier: null, root: null } : null;
};

/** Makes the file, or replaces it, durably. */
export const writePruned = (dir: string, pruned: Pruned, files: FilePort): Promise<void> =>
  writeAtomic(join(dir, 'pruned.json'), Buffer.from(prunedText(pruned)), files);
