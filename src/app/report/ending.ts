/** How a report ends before it is done: by somebody's wish, or for want of room. Either way nothing of it is left. */
import { isSystemError } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import type { ReportAsk } from './ask.js';

/** The walk of the ledger is not broken off: threads are at work for it. */
const UNBROKEN = 'verify';

/**
 * Progress that ends the work at its next step once it was asked to stop.
 * @throws what `signal` was aborted with
 */
export const stoppable =
  ({ signal, onProgress }: Pick<ReportAsk, 'signal' | 'onProgress'>): NonNullable<ReportAsk['onProgress']> =>
  (step, done, total) => {
    if (step !== UNBROKEN) signal?.throwIfAborted();
    onProgress?.(step, done, total);
  };

/** DuckDB names the disk in words; what it cannot spill is said to be over a limit that is the room of the disk. */
const FULL = /no space left on device|max_temp_directory_size/i;

const isFull = (error: unknown): boolean =>
  isSystemError(error, 'ENOSPC') ||
  isSystemError(error, 'EDQUOT') ||
  (error instanceof Error && (FULL.test(error.message) || isFull(error.cause)));

/**
 * Runs what writes a package, and tells of a full disk as what it is.
 * @throws CountersignError DISK_FULL, and what the work throws
 */
export const withRoom = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!isFull(error)) throw error;
    throw new CountersignError('DISK_FULL', { problem: reason(error) }, { cause: error });
  }
};
