/** Opens a ledger for writing. */
import { timestamp } from '../base/clock.js';
import { type FilePort, makeFolder, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { type Lock, takeLock } from './lock.js';
import type { LedgerOptions, OpenedLedger } from './opening.js';
import { recoverLedger } from './recover.js';
import { createReserve } from './reserve.js';
import { rootKey } from './root.js';
import { openSegment } from './segment.js';
import { Writer } from './writer.js';

const failure = (problem: string, cause: unknown): CountersignError =>
  new CountersignError('LEDGER_WRITE_FAILED', { problem }, { cause });

const openLocked = async (options: LedgerOptions, lock: Lock, files: FilePort): Promise<OpenedLedger> => {
  const { dir } = options;
  const root = rootKey(dir, options.origin, options.key);
  const found = await recoverLedger(dir, files, { root: root.key, rule: options.keep ?? {} });
  const known = found.state.root;
  if (known && known.key !== root.key) {
    throw new CountersignError('LEDGER_KEY', { dir, problem: `it names ${known.key}, not ${root.key}` });
  }
  const opened = await openSegment({ dir, files, root, found, certified: options.rotate !== undefined });
  const reserve = options.reserve ? createReserve(dir, options.reserve, files) : null;
  const writer = new Writer({ options, files, lock, root, found, opened, reserve });
  try {
    await writer.begin();
  } catch (error) {
    await writer.abandon().catch(() => {});
    throw error;
  }
  return writer;
};

/**
 * Opens a ledger for writing, or begins one: takes the lock, checks it, sets aside a torn tail, and
 * records what it found (`seg`, `recover`, `result` with status unknown).
 * @throws CountersignError LEDGER_LOCKED, LEDGER_DAMAGED, LEDGER_KEY, LEDGER_WRITE_FAILED, ROOT_KEY_UNAVAILABLE
 */
export const openLedger = async (options: LedgerOptions): Promise<OpenedLedger> => {
  const files = options.files ?? realFiles;
  const { dir, clock } = options;
  let lock: Lock | null = null;
  try {
    await makeFolder(dir, files);
    lock = await takeLock(dir, timestamp(clock.now()), files);
    return await openLocked(options, lock, files);
  } catch (error) {
    // What went wrong first is what the caller must learn; a lock left behind is stale when this process ends.
    await lock?.release().catch(() => {});
    throw error instanceof CountersignError ? error : failure(reason(error), error);
  }
};
