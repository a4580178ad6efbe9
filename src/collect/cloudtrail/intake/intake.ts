/** Who takes delivered files: this thread, or several. */
import { availableParallelism } from 'node:os';
import { Threads } from '../../../base/threads.js';
import { type Arrived, type NotTaken, type Taken, type TakeTask, takeFiles } from './take.js';

export interface Intake {
  /** What came of each file, in their order. */
  take(files: readonly Arrived[]): Promise<readonly (Taken | NotTaken)[]>;
  close(): Promise<void>;
}

/** The unpacked logs lie outside of these. */
const LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 } as const;
const MAX_THREADS = 2;
/** Below so many files, or so many bytes of them, starting threads takes longer than they save. */
const WORTH_FILES = 500;
const WORTH_BYTES = 4 * 1024 * 1024;

/**
 * Takes files in so many threads; those of a thread that is lost are taken in this one.
 * @param entry the module of a thread: `worker.js`, compiled
 */
export const takeInThreads = (count: number, root: string, entry = new URL('./worker.js', import.meta.url)): Intake => {
  const threads = new Threads<TakeTask, readonly (Taken | NotTaken)[]>(count, entry, LIMITS);
  return {
    take: async (files) => (await threads.run({ root, files })) ?? takeFiles({ root, files }),
    close: () => threads.close(),
  };
};

/** Takes files in this thread. */
export const takeHere = (root: string): Intake => ({
  take: (files) => Promise.resolve(takeFiles({ root, files })),
  close: () => Promise.resolve(),
});

/**
 * Threads where so many files are expected that they are worth it.
 * @param root folder of the raw objects
 */
export const openIntake = (root: string, files: readonly { readonly bytes: number }[]): Intake => {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length < WORTH_FILES && bytes < WORTH_BYTES) return takeHere(root);
  return takeInThreads(Math.min(Math.max(2, availableParallelism()), MAX_THREADS), root);
};
