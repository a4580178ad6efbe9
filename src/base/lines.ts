/** Lines of a file as raw bytes, with their offsets, in bounded memory. */
import { type FilePort, realFiles } from './durable.js';

export interface Line {
  /** Without the line feed. */
  readonly bytes: Buffer;
  /** Byte offset in the file. */
  readonly offset: number;
  /** What follows the bytes: a line feed, the end of the file, or more than a line may hold. */
  readonly end: 'feed' | 'file' | 'limit';
}

const CHUNK = 256 * 1024;
const FEED = 0x0a;

/**
 * Yields the lines of a file in groups, one group per chunk read. A line longer than `limit` bytes is
 * yielded cut, with `end: 'limit'`, and is the last one.
 * @param from byte offset to begin at
 */
export async function* readLines(
  path: string,
  limit: number,
  from = 0,
  files: FilePort = realFiles,
): AsyncGenerator<readonly Line[]> {
  const file = await files.open(path);
  try {
    let rest: Buffer = Buffer.alloc(0);
    let offset = from;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const count = await file.read(chunk, offset + rest.length);
      if (count === 0) break;
      const bytes = rest.length === 0 ? chunk.subarray(0, count) : Buffer.concat([rest, chunk.subarray(0, count)]);
      const lines: Line[] = [];
      let start = 0;
      for (let feed = bytes.indexOf(FEED, 0); feed >= 0; feed = bytes.indexOf(FEED, start)) {
        if (feed - start > limit) break;
        lines.push({ bytes: bytes.subarray(start, feed), offset: offset + start, end: 'feed' });
        start = feed + 1;
      }
      rest = bytes.subarray(start);
      offset += start;
      if (rest.length > limit) {
        yield [...lines, { bytes: rest.subarray(0, limit), offset, end: 'limit' }];
        return;
      }
      yield lines;
    }
    if (rest.length > 0) yield [{ bytes: rest, offset, end: 'file' }];
  } finally {
    await file.close();
  }
}
