/** Who makes parts: this thread, or several. */
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Threads } from '../../base/threads.js';
import { type MadePart, PartMaker, type PartTask } from './make.js';

/** The unpacked logs lie outside of these; what is left are small objects. */
const LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 } as const;
/** Each holds some 100 MB, and DuckDB has the rest of what the warehouse may take. */
const MAX_THREADS = 2;
/** Below so many packed bytes starting threads takes longer than they save. */
const WORTH_THREADS = 4 * 1024 * 1024;

export interface PartMakers {
  make(task: PartTask): Promise<MadePart>;
  close(): Promise<void>;
}

const here = (): PartMakers => {
  const maker = new PartMaker();
  return { make: (task) => Promise.resolve(maker.make(task)), close: () => Promise.resolve() };
};

/**
 * Makes parts in so many threads; one whose thread is lost is made in this one.
 * @param entry the module of a thread: `worker.js`, compiled
 */
export const makeInThreads = (count: number, entry = new URL('./worker.js', import.meta.url)): PartMakers => {
  const threads = new Threads<PartTask, MadePart>(count, entry, LIMITS);
  let own: PartMaker | undefined;
  return {
    make: async (task) => {
      const made = await threads.run(task);
      if (made !== null) return made;
      await rm(task.target, { force: true });
      own ??= new PartMaker();
      return own.make(task);
    },
    close: () => threads.close(),
  };
};

/** Threads where there are so many bytes of logs that they are worth it. */
export const makersFor = (bytes: number): PartMakers =>
  bytes < WORTH_THREADS ? here() : makeInThreads(Math.min(Math.max(2, availableParallelism()), MAX_THREADS));
