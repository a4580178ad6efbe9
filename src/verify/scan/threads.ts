/** Ranges scanned in worker threads. */
import { availableParallelism } from 'node:os';
import { Threads } from '../../base/threads.js';
import type { RangeFacts } from './facts.js';
import { type Scanner, type ScanTask, scanHere } from './scanner.js';

/** Objects of a scan live for one line: a small nursery is enough, and there are as many of them as threads. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 } as const;
/** Each takes some 50 MB of memory, and more of them wait for the one thread that joins their ranges. */
const MAX_THREADS = 4;
/** Below so many bytes starting threads takes longer than they save. */
const WORTH_THREADS = 16 * 1024 * 1024;

/**
 * Scans in so many threads. A range whose thread is lost is read line by line: slower, and to the same end.
 * @param entry the module of a thread: `worker.js`, compiled
 */
export const scanInThreads = (count: number, entry = new URL('./worker.js', import.meta.url)): Scanner => {
  const threads = new Threads<ScanTask, RangeFacts>(count, entry, LIMITS);
  return { width: count, scan: (task) => threads.run(task), close: () => threads.close() };
};

/** Threads where there are so many bytes to scan that they are worth it; at least two, as half of the time is reading. */
export const scannerFor = (bytes: number): Scanner =>
  bytes < WORTH_THREADS ? scanHere() : scanInThreads(Math.min(Math.max(2, availableParallelism()), MAX_THREADS));
