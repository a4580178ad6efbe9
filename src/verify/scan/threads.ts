/** Ranges scanned in worker threads, each of which takes the next task when it is done with one. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RangeFacts } from './facts.js';
import { type Scanner, type ScanTask, scanHere } from './scanner.js';

interface Waiting {
  readonly task: ScanTask;
  readonly resolve: (facts: RangeFacts | null) => void;
}

/** Objects of a scan live for one line: a small nursery is enough, and there are as many of them as threads. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 } as const;
/** Each takes some 50 MB of memory, and more of them wait for the one thread that joins their ranges. */
const MAX_THREADS = 4;
/** Below so many bytes starting threads takes longer than they save. */
const WORTH_THREADS = 16 * 1024 * 1024;

class Pool implements Scanner {
  readonly width: number;
  private readonly workers: Worker[];
  private readonly idle: Worker[];
  private readonly queue: Waiting[] = [];
  private readonly under = new Map<Worker, Waiting>();
  private alive: number;

  constructor(threads: number, entry: URL) {
    this.width = threads;
    this.alive = threads;
    this.workers = Array.from({ length: threads }, () => this.start(entry));
    this.idle = [...this.workers];
  }

  scan(task: ScanTask): Promise<RangeFacts | null> {
    // Without threads the walk reads every line itself: slower, and to the same end.
    if (this.alive === 0) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.queue.push({ task, resolve });
      this.next();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private start(entry: URL): Worker {
    // Flags of the command line, such as those of a script given there, are not for threads.
    const worker = new Worker(entry, { resourceLimits: LIMITS, execArgv: [] });
    worker.on('message', (facts: RangeFacts | null) => {
      this.settle(worker, facts);
      this.idle.push(worker);
      this.next();
    });
    worker.on('error', () => this.lost(worker));
    return worker;
  }

  private settle(worker: Worker, facts: RangeFacts | null): void {
    this.under.get(worker)?.resolve(facts);
    this.under.delete(worker);
  }

  private lost(worker: Worker): void {
    this.alive--;
    this.settle(worker, null);
    const index = this.idle.indexOf(worker);
    if (index >= 0) this.idle.splice(index, 1);
    if (this.alive === 0) for (const { resolve } of this.queue.splice(0)) resolve(null);
  }

  private next(): void {
    while (this.queue.length > 0) {
      const worker = this.idle.pop();
      const waiting = worker && this.queue.shift();
      if (!worker || !waiting) return;
      this.under.set(worker, waiting);
      worker.postMessage(waiting.task, []);
    }
  }
}

/**
 * Scans in so many threads.
 * @param entry the module of a thread: `worker.js`, compiled
 */
export const scanInThreads = (threads: number, entry = new URL('./worker.js', import.meta.url)): Scanner =>
  new Pool(threads, entry);

/** Threads where there are so many bytes to scan that they are worth it; at least two, as half of the time is reading. */
export const scannerFor = (bytes: number): Scanner =>
  bytes < WORTH_THREADS ? scanHere() : scanInThreads(Math.min(Math.max(2, availableParallelism()), MAX_THREADS));
