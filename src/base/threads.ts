/** Tasks done in worker threads, each of which takes the next when it is done with one. */
import { Worker } from 'node:worker_threads';

interface Waiting<Task, Answer> {
  readonly task: Task;
  readonly resolve: (answer: Answer | null) => void;
}

export interface ThreadLimits {
  /** MiB of memory for objects that live for a moment, and for the others, of each thread. */
  readonly maxYoungGenerationSizeMb: number;
  readonly maxOldGenerationSizeMb: number;
}

/** `Task` is structured-cloneable; a thread answers each with one message. */
export class Threads<Task, Answer> {
  readonly width: number;
  private readonly limits: ThreadLimits;
  private readonly workers: Worker[];
  private readonly idle: Worker[];
  private readonly queue: Waiting<Task, Answer>[] = [];
  private readonly under = new Map<Worker, Waiting<Task, Answer>>();
  private alive: number;

  /** @param entry the module of a thread, compiled */
  constructor(threads: number, entry: URL, limits: ThreadLimits) {
    this.width = threads;
    this.alive = threads;
    this.limits = limits;
    this.workers = Array.from({ length: threads }, () => this.start(entry));
    this.idle = [...this.workers];
  }

  /** The answer; null where the thread was lost, or all of them: then the task is to be done here. */
  run(task: Task): Promise<Answer | null> {
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
    const worker = new Worker(entry, { resourceLimits: this.limits, execArgv: [] });
    worker.on('message', (answer: Answer | null) => {
      this.settle(worker, answer);
      this.idle.push(worker);
      this.next();
    });
    worker.on('error', () => this.lost(worker));
    return worker;
  }

  private settle(worker: Worker, answer: Answer | null): void {
    this.under.get(worker)?.resolve(answer);
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
