/** Bytes that grow at their end, in one piece of memory that is used again. */
export class GrowingBytes {
  bytes: Buffer;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Appends a length, 32 bits little-endian, and the bytes from `start` to `end`. */
  putPrefixed(from: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.reserve(size + 4);
    const { bytes } = this;
    let to = this.length;
    bytes[to++] = size;
    bytes[to++] = size >> 8;
    bytes[to++] = size >> 16;
    bytes[to++] = size >> 24;
    if (size > 96) {
      bytes.set(from.subarray(start, end), to);
      to += size;
    } else for (let at = start; at < end; at++) bytes[to++] = from[at] ?? 0;
    this.length = to;
  }

  /** What was appended; valid until more is. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}
