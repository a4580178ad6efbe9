/** Leaf hashes of the records on disk, from one place to another. */
import { type FilePort, realFiles } from '../../base/durable.js';
import { readLines } from '../../base/lines.js';
import { leafHash } from '../../base/merkle.js';
import { listSegments, type Segment } from '../folder.js';
import { MAX_LINE_BYTES } from '../format.js';
import { AnchorError } from './anchor.js';

/** The first byte of a record line. */
const RECORD = 0x7b;

/** The record lines of segment files, in order. */
async function* recordLines(segments: readonly Segment[], files: FilePort): AsyncGenerator<Buffer> {
  for (const { path } of segments) {
    for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
      for (const { bytes, end } of lines) if (bytes[0] === RECORD && end === 'feed') yield bytes;
    }
  }
}

/**
 * The leaf hashes of records `from` to `to` - 1, as they are on disk. Lines are not checked: whoever asks compares
 * the root that they give.
 * @throws AnchorError where some of them are not there
 */
export async function* readLeaves(
  dir: string,
  from: number,
  to: number,
  files: FilePort = realFiles,
): AsyncGenerator<Buffer> {
  if (from >= to) return;
  const segments = await listSegments(dir, files);
  const start = segments.findLastIndex(({ first }) => first <= from);
  if (start < 0) throw new AnchorError(`record ${from} is not on this machine any more`);
  let seq = segments[start]?.first ?? from;
  for await (const line of recordLines(segments.slice(start), files)) {
    if (seq >= from) yield leafHash(line);
    if (++seq >= to) return;
  }
  throw new AnchorError(`record ${seq} is not on disk`);
}
