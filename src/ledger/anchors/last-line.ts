/** The end of a file of lines, without reading the rest. */
import type { FilePort } from '../../base/durable.js';

const FEED = 0x0a;

/**
 * The last whole line of a file, without its line feed; undefined where there is none of at most `limit` bytes.
 * Bytes behind the last line feed are a write that was cut short, and are passed over.
 */
export const lastLine = async (path: string, limit: number, files: FilePort): Promise<Buffer | undefined> => {
  const size = (await files.facts(path))?.size ?? 0;
  if (size === 0) return undefined;
  const from = Math.max(0, size - 2 * limit - 2);
  const bytes = Buffer.alloc(size - from);
  const file = await files.open(path);
  try {
    for (let read = 0; read < bytes.length; ) {
      const count = await file.read(bytes.subarray(read), from + read);
      if (count === 0) return undefined;
      read += count;
    }
  } finally {
    await file.close();
  }
  const end = bytes.lastIndexOf(FEED);
  if (end < 0) return undefined;
  const before = end === 0 ? -1 : bytes.lastIndexOf(FEED, end - 1);
  if (before < 0 && from > 0) return undefined;
  return bytes.subarray(before + 1, end);
};
