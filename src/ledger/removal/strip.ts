/** Takes payload lines out of segment files that are not written on any more, and their blobs with them. */

import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type FilePort, isSystemError } from '../../base/durable.js';
import { readLines } from '../../base/lines.js';
import { listSegments, type Segment } from '../folder.js';
import { isPayloadName, MAX_LINE_BYTES, parseRecordLine } from '../format.js';

/** Which payloads go. */
export type Goes = (seq: number, name: string) => boolean;

const RECORD = 0x7b;
const PAYLOAD = 0x3e;
const FEED = Buffer.from('\n');
/** A file that was being written when a removal was cut off. */
const LEFT = /^\.strip-[0-9a-f-]{36}\.tmp$/;
/** Bytes written at once. */
const CHUNK = 1 << 20;
const HEAD = /^>\{"seq":(\d{1,16}),"name":"([a-z0-9_]{1,32})"/;

/** Whether a payload line goes, by its first bytes. */
const isGoing = (line: Buffer, goes: Goes): boolean => {
  const [, seq, name = ''] = HEAD.exec(line.toString('latin1', 0, 96)) ?? [];
  return seq !== undefined && isPayloadName(name) && goes(Number(seq), name);
};

/** What is left of a file. */
class Stripper {
  removed = 0;
  private readonly goes: Goes;

  constructor(goes: Goes) {
    this.goes = goes;
  }

  /** Whether the line stays. */
  stays(line: Buffer): boolean {
    if (line[0] !== PAYLOAD || !isGoing(line, this.goes)) return true;
    this.removed++;
    return false;
  }
}

const rewrite = async ({ path }: Segment, stripper: Stripper, files: FilePort): Promise<void> => {
  const temporary = join(dirname(dirname(path)), `.strip-${randomUUID()}.tmp`);
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

/** The blobs, of those that are there, that belong to payloads that go: by the records, as the lines may be gone. */
const blobsThatGo = async (
  segments: readonly Segment[],
  there: ReadonlySet<string>,
  goes: Goes,
  files: FilePort,
): Promise<readonly string[]> => {
  const found: string[] = [];
  if (there.size === 0) return found;
  for (const { path } of segments) {
    for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
      for (const { bytes, end } of lines) {
        if (bytes[0] !== RECORD || end !== 'feed') continue;
        const { seq, payloads } = parseRecordLine(bytes);
        for (const [name, commitment] of payloads) if (there.has(commitment) && goes(seq, name)) found.push(commitment);
      }
    }
  }
  return found;
};

const removeBlobs = async (dir: string, segments: readonly Segment[], goes: Goes, files: FilePort): Promise<void> => {
  const folder = join(dir, 'blobs');
  if ((await files.facts(folder))?.kind !== 'folder') return;
  const going = await blobsThatGo(segments, new Set(await files.list(folder)), goes, files);
  for (const blob of going) await removeFile(join(folder, blob), files);
  if (going.length > 0) await files.syncFolder(folder);
};

/**
 * Removes payloads of the first `size` records, `size` being where a segment begins. Each file is replaced whole, so
 * that a power cut leaves the old one or the new one; done again it goes on where it was cut off.
 * @returns the number of payload lines that were removed
 */
export const stripPayloads = async (dir: string, size: number, goes: Goes, files: FilePort): Promise<number> => {
  const segments = (await listSegments(dir, files)).filter(({ first }) => first < size);
  for (const name of await files.list(dir)) if (LEFT.test(name)) await removeFile(join(dir, name), files);
  let removed = 0;
  for (const segment of segments) {
    if (!(await concerns(segment, goes, files))) continue;
    const stripper = new Stripper(goes);
    await rewrite(segment, stripper, files);
    removed += stripper.removed;
  }
  // The lines go first: a line whose blob is missing would be tampering, a blob without line is noted.
  await removeBlobs(dir, segments, goes, files);
  return removed;
};
