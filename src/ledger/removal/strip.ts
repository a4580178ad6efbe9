/** Takes payload lines out of segment files that are not written on any more, and their blobs with them. */

import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type FilePort, isSystemError } from '../../base/durable.js';
import { readLines } from '../../base/lines.js';
import { listSegments, type Segment } from '../folder.js';
import { isPayloadName, MAX_LINE_BYTES, parsePayloadLine, parseRecordLine } from '../format.js';

/** Which payloads go. */
export type Goes = (seq: number, name: string) => boolean;

const RECORD = 0x7b;
const PAYLOAD = 0x3e;
const FEED = Buffer.from('\n');
/** Bytes written at once. */
const CHUNK = 1 << 20;
const HEAD = /^>\{"seq":(\d{1,16}),"name":"([a-z0-9_]{1,32})"/;

/** Whether a payload line goes, by its first bytes. */
const isGoing = (line: Buffer, goes: Goes): boolean => {
  const [, seq, name = ''] = HEAD.exec(line.toString('latin1', 0, 96)) ?? [];
  return seq !== undefined && isPayloadName(name) && goes(Number(seq), name);
};

/** The commitment of a payload that lies in a file of its own; null where it stands in its line. */
const blobOf = (record: Buffer | null, line: Buffer): string | null => {
  const { name, data } = parsePayloadLine(line);
  if (data || !record) return null;
  return parseRecordLine(record).payloads.find(([own]) => own === name)?.[1] ?? null;
};

/** What is left of a file, and the blobs that belong to what goes. */
class Stripper {
  readonly blobs: string[] = [];
  removed = 0;
  private record: Buffer | null = null;
  private readonly goes: Goes;

  constructor(goes: Goes) {
    this.goes = goes;
  }

  /** Whether the line stays. */
  stays(line: Buffer): boolean {
    if (line[0] === RECORD) this.record = line;
    if (line[0] !== PAYLOAD || !isGoing(line, this.goes)) return true;
    this.removed++;
    const blob = blobOf(this.record, line);
    if (blob !== null) this.blobs.push(blob);
    return false;
  }
}

const rewrite = async ({ path }: Segment, stripper: Stripper, files: FilePort): Promise<void> => {
  const temporary = join(dirname(dirname(path)), `.strip.${randomUUID()}.tmp`);
  const file = await files.create(temporary);
  try {
    let waiting: Buffer[] = [];
    let bytes = 0;
    for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
      for (const line of lines) {
        if (!stripper.stays(line.bytes)) continue;
        waiting.push(line.bytes, ...(line.end === 'feed' ? [FEED] : []));
        bytes += line.bytes.length;
      }
      if (bytes < CHUNK) continue;
      await file.write(Buffer.concat(waiting));
      [waiting, bytes] = [[], 0];
    }
    await file.write(Buffer.concat(waiting));
    await file.sync();
  } catch (error) {
    await file.close();
    await files.unlink(temporary);
    throw error;
  }
  await file.close();
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
};

/** Whether anything in the file goes: most files of an erasure are left as they are. */
const concerns = async ({ path }: Segment, goes: Goes, files: FilePort): Promise<boolean> => {
  for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
    if (lines.some(({ bytes }) => bytes[0] === PAYLOAD && isGoing(bytes, goes))) return true;
  }
  return false;
};

/** Removes a file; content to find it gone. */
export const removeFile = async (path: string, files: FilePort): Promise<void> => {
  try {
    await files.unlink(path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
};

/**
 * Removes payloads of the first `size` records, `size` being where a segment begins. Each file is replaced whole, so
 * that a power cut leaves the old one or the new one; done again it goes on where it was cut off.
 * @returns the number of payload lines that were removed
 */
export const stripPayloads = async (dir: string, size: number, goes: Goes, files: FilePort): Promise<number> => {
  let removed = 0;
  for (const segment of await listSegments(dir, files)) {
    if (segment.first >= size || !(await concerns(segment, goes, files))) continue;
    const stripper = new Stripper(goes);
    await rewrite(segment, stripper, files);
    // The lines go first: a line whose blob is missing would be tampering, a blob without line is noted.
    for (const blob of stripper.blobs) await removeFile(join(dir, 'blobs', blob), files);
    removed += stripper.removed;
  }
  return removed;
};
