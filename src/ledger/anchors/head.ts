/** Checkpoint lines on disk: the last one, and the one of a size, without reading the whole ledger. */
import { type FilePort, realFiles } from '../../base/durable.js';
import { readLines } from '../../base/lines.js';
import { listSegments } from '../folder.js';
import { FormatError, MAX_LINE_BYTES, parseCheckpointLine } from '../format.js';
import type { AnchorHead } from './anchor.js';

/** The first byte of a checkpoint line. */
const CHECKPOINT = 0x7e;

const headOf = (line: Buffer): AnchorHead | null => {
  try {
    const { checkpoint } = parseCheckpointLine(line);
    const note: unknown = JSON.parse(line.toString('utf8', 1));
    return typeof note === 'string' ? { ...checkpoint, note } : null;
  } catch (error) {
    // A torn write: what stands after it was acknowledged to nobody.
    if (error instanceof FormatError) return null;
    throw error;
  }
};

/** The last checkpoint of a segment file that is `wanted`; signatures are not checked. */
const lastIn = async (
  path: string,
  wanted: (head: AnchorHead) => boolean,
  files: FilePort,
): Promise<AnchorHead | null> => {
  let found: AnchorHead | null = null;
  for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
    for (const { bytes, end } of lines) {
      const head = bytes[0] === CHECKPOINT && end === 'feed' ? headOf(bytes) : null;
      if (head && wanted(head)) found = head;
    }
  }
  return found;
};

/** The last checkpoint line of a ledger; null where there is none. */
export const lastHead = async (dir: string, files: FilePort = realFiles): Promise<AnchorHead | null> => {
  for (const { path } of (await listSegments(dir, files)).toReversed()) {
    const head = await lastIn(path, () => true, files);
    if (head) return head;
  }
  return null;
};

/** The checkpoint line over exactly `size` records; null where none stands there. */
export const headAt = async (dir: string, size: number, files: FilePort = realFiles): Promise<AnchorHead | null> => {
  const segment = (await listSegments(dir, files)).findLast(({ first }) => first < size);
  return segment ? lastIn(segment.path, (head) => head.size === size, files) : null;
};
