/** The bytes of one batch, put together in memory that is used again for the next. */
const FEED = 0x0a;
/** Bytes kept between batches; a larger batch has memory of its own. */
const KEPT = 1024 * 1024;

/** One batch at a time: the bytes of one are written before those of the next are put together. */
export class BatchBuffer {
  private kept: Buffer = Buffer.allocUnsafe(64 * 1024);
  private bytes: Buffer = this.kept;
  private end = 0;

  /**
   * Begins a batch.
   * @param characters upper bound of its text; in UTF-8 each takes three bytes at most
   */
  begin(characters: number): void {
    this.end = 0;
    const most = 3 * characters;
    if (most > KEPT) {
      this.bytes = Buffer.allocUnsafe(most);
      return;
    }
    if (most > this.kept.length) this.kept = Buffer.allocUnsafe(most);
    this.bytes = this.kept;
  }

  /** Bytes so far. */
  get length(): number {
    return this.end;
  }

  /** Adds a text. */
  add(text: string): void {
    this.end += this.bytes.write(text, this.end);
  }

  /** Adds a line feed. */
  feed(): void {
    this.bytes[this.end++] = FEED;
  }

  /** All of the batch; good until the next begins. */
  take(): Uint8Array {
    return this.bytes.subarray(0, this.end);
  }
}
