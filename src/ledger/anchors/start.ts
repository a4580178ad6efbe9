/** Before writing begins: whether what anchors hold is part of the history on this machine. */
import { join } from 'node:path';
import { type FilePort, realFiles } from '../../base/durable.js';
import { CountersignError } from '../../base/errors.js';
import { listSegments } from '../folder.js';
import { type Anchor, AnchorError, type AnchorHead, type Confirmed, type LatestAsk } from './anchor.js';
import { headAt, lastHead } from './head.js';
import { newestReceipts } from './receipts.js';

/** One comparison. */
export interface AnchorStanding {
  /** Name of the anchor, or `receipt of <name>` for what it answered to this machine. */
  readonly name: string;
  /** `agrees`: its newest checkpoint is part of this history, or it holds none. `unknown`: it could not be asked. */
  readonly state: 'agrees' | 'differs' | 'unknown';
  /** A clause without a subject where it does not agree; else empty. */
  readonly problem: string;
}

const problemOf = async (
  dir: string,
  local: AnchorHead | null,
  { size, root }: Confirmed,
  files: FilePort,
): Promise<string | null> => {
  const here = local?.size ?? 0;
  if (size > here) return `confirms ${size} records, and only ${here} are here`;
  const first = (await listSegments(dir, files))[0]?.first ?? 0;
  // What was pruned cannot be compared here; the records of the pruning say what stood there.
  if (root === null || size <= first) return null;
  const head = size === here ? local : await headAt(dir, size, files);
  return head?.root.equals(root) === true ? null : `confirms another history of the first ${size} records`;
};

const conflictProblem = async (
  dir: string,
  local: AnchorHead | null,
  { message, conflict }: AnchorError,
  files: FilePort,
): Promise<string | null> => (conflict ? ((await problemOf(dir, local, conflict, files)) ?? message) : null);

const standing = (name: string, problem: string | null): AnchorStanding =>
  problem === null ? { name, state: 'agrees', problem: '' } : { name, state: 'differs', problem };

/** How one anchor stands to the ledger in a folder. */
const askAnchor = async (
  dir: string,
  anchor: Anchor,
  ask: LatestAsk,
  files: FilePort,
  signal: AbortSignal,
): Promise<AnchorStanding> => {
  const { name } = anchor;
  try {
    const latest = await anchor.latest(ask, signal);
    return standing(name, latest && (await problemOf(dir, ask.head, latest, files)));
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    const problem = await conflictProblem(dir, ask.head, error, files);
    return problem === null ? { name, state: 'unknown', problem: error.message } : standing(name, problem);
  }
};

/**
 * Compares the newest checkpoint of each anchor, and of each receipt that is kept here, with this ledger.
 * Changes nothing here; a witness is shown the last checkpoint, and cosigns it where it agrees, unless `lookOnly`.
 */
export const compareAnchors = async (
  ledger: { readonly dir: string; readonly origin: string; readonly files?: FilePort },
  anchors: readonly Anchor[],
  signal: AbortSignal,
  lookOnly = false,
): Promise<readonly AnchorStanding[]> => {
  const { dir, origin, files = realFiles } = ledger;
  // Where the whole ledger is gone, anchors still know of it.
  const isThere = (await files.facts(join(dir, 'log')))?.kind === 'folder';
  const head = isThere ? await lastHead(dir, files) : null;
  const receipts = await newestReceipts(dir, files);
  const found: AnchorStanding[] = [];
  for (const receipt of receipts) {
    found.push(standing(`the receipt of ${receipt.name}`, await problemOf(dir, head, receipt, files)));
  }
  for (const anchor of anchors) {
    const since = receipts.find(({ name }) => name === anchor.name)?.size ?? 0;
    found.push(await askAnchor(dir, anchor, { origin, head, since, lookOnly }, files, signal));
  }
  return found;
};

/**
 * Refuses where any anchor knows another history: this ledger was rolled back, or goes on from an older copy.
 * @returns what could not be asked
 * @throws CountersignError LEDGER_ROLLED_BACK
 */
export const refuseRollback = (dir: string, standings: readonly AnchorStanding[]): readonly AnchorStanding[] => {
  const differs = standings.find(({ state }) => state === 'differs');
  if (differs) {
    throw new CountersignError('LEDGER_ROLLED_BACK', { dir, problem: `${differs.name} ${differs.problem}` });
  }
  return standings.filter(({ state }) => state === 'unknown');
};
