/**
 * A queue between one producer that cannot wait (a socket, a pipe) and one consumer that iterates.
 * The producer is told to pause above `high` values and to go on at half of that.
 */
export class Channel<T> implements AsyncIterable<T> {
  private readonly values: T[] = [];
  private waiting: ((result: IteratorResult<T>) => void) | undefined;
  private refuse: ((error: Error) => void) | undefined;
  private ended = false;
  private error: Error | undefined;
  private paused = false;
  private readonly high: number;
  private readonly flow: (paused: boolean) => void;

  /**
   * @param high number of values above which the producer should pause
   * @param flow called with true to pause and with false to go on
   */
  constructor(high: number, flow: (paused: boolean) => void = () => {}) {
    this.high = high;
    this.flow = flow;
  }

  get size(): number {
    return this.values.length;
  }

  push(value: T): void {
    if (this.ended) return;
    if (this.waiting) {
      const resolve = this.waiting;
      this.waiting = undefined;
      resolve({ value, done: false });
      return;
    }
    this.values.push(value);
    if (!this.paused && this.values.length > this.high) this.pause(true);
  }

  /** No more values; those queued are still delivered. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting?.({ value: undefined, done: true });
    this.waiting = undefined;
  }

  /** Ends with an error, after what is queued. */
  fail(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    if (this.waiting) {
      this.refuse?.(error);
      this.waiting = undefined;
    } else this.error = error;
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    this.flow(paused);
  }

  private next(): Promise<IteratorResult<T>> {
    const value = this.values.shift();
    if (value !== undefined) {
      if (this.paused && this.values.length <= this.high / 2) this.pause(false);
      return Promise.resolve({ value, done: false });
    }
    if (this.error) {
      const error = this.error;
      this.error = undefined;
      return Promise.reject(error);
    }
    if (this.ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.waiting = resolve;
      this.refuse = reject;
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => this.next(),
      return: () => {
        this.values.length = 0;
        this.ended = true;
        // A consumer that leaves must not leave the producer waiting.
        if (this.paused) this.pause(false);
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}
