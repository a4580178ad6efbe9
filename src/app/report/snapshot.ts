/**
 * A copy of a ledger as it stands at one moment, so that what is verified, tested and handed over is the same.
 * The gateway may go on writing: the copy ends with the last checkpoint that was there.
 */
import { copyFile, mkdir, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { realFiles } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import { readLines } from '../../base/lines.js';
import { listSegments, type Segment } from '../../ledger/folder.js';
import { FormatError, MAX_LINE_BYTES, parsePayloadLine, parseRecordLine } from '../../ledger/format.js';
import { type LedgerEntry, readLedger } from '../../ledger/read.js';

const COMMIT = 0x7e;
const RECORD = 0x7b;
const PAYLOAD = 0x3e;
/** How the line of a payload ends whose bytes lie in a file of their own (docs/ledger-format.md). */
const BLOB_END = Buffer.from('"blob":true}');

export interface Snapshot {
  readonly dir: string;
  /** Bytes after the last checkpoint, which are not in the copy. */
  readonly leftOut: number;
}

/** Where the last checkpoint of a file ends, or its whole length where a line has no end in sight. */
const committedEnd = async (path: string): Promise<number> => {
  let committed = 0;
  for await (const lines of readLines(path, MAX_LINE_BYTES)) {
    for (const { bytes, offset, end } of lines) {
      if (end === 'limit') return Number.MAX_SAFE_INTEGER;
      if (end === 'feed' && bytes[0] === COMMIT) committed = offset + bytes.length + 1;
    }
  }
  return committed;
};

/** Copies one segment; the last is cut after its last checkpoint. @returns bytes left out */
const copySegment = async (segment: Segment, log: string, last: boolean): Promise<number> => {
  const target = join(log, basename(segment.path));
  await copyFile(segment.path, target);
  const size = (await realFiles.facts(target))?.size ?? 0;
  const keep = last ? Math.min(await committedEnd(target), size) : size;
  if (keep < size) await truncate(target, keep);
  return size - keep;
};

/** Records in order; where the ledger is damaged they end there, and `onDamage` is told. */
export async function* undamaged(
  dir: string,
  onDamage: (problem: CountersignError) => void,
): AsyncGenerator<LedgerEntry> {
  try {
    yield* readLedger(dir);
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'LEDGER_DAMAGED') throw error;
    onDamage(error);
  }
}

/** The commitment under which the bytes of a payload lie; undefined where one of the lines is damaged. */
const blobName = (record: Buffer, payload: Buffer): string | undefined => {
  try {
    const { name } = parsePayloadLine(payload);
    return parseRecordLine(record).payloads.find(([own]) => own === name)?.[1];
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
};

/**
 * Commitments of the payloads of a segment that are blobs, by these lines alone: to parse and to check all of them is
 * the work of the verification, and takes as long.
 */
async function* blobsNamed(path: string): AsyncGenerator<string> {
  let record: Buffer = Buffer.alloc(0);
  for await (const lines of readLines(path, MAX_LINE_BYTES)) {
    for (const { bytes } of lines) {
      if (bytes[0] === RECORD) record = bytes;
      if (bytes[0] !== PAYLOAD || !bytes.subarray(-BLOB_END.length).equals(BLOB_END)) continue;
      const name = blobName(record, bytes);
      if (name !== undefined) yield name;
    }
  }
}

/** Blobs that records of the copy name, and no others: a later one has no record in it. */
const copyBlobs = async (from: string, to: string): Promise<void> => {
  await mkdir(join(to, 'blobs'), { mode: 0o700 });
  for (const { path } of await listSegments(to, realFiles)) {
    for await (const name of blobsNamed(path)) {
      const facts = await realFiles.facts(join(from, 'blobs', name));
      if (facts?.kind === 'file') await copyFile(join(from, 'blobs', name), join(to, 'blobs', name));
    }
  }
};

const copyFolder = async (from: string, to: string): Promise<void> => {
  if ((await realFiles.facts(from))?.kind !== 'folder') return;
  await mkdir(to, { mode: 0o700 });
  for (const name of await realFiles.list(from)) {
    if ((await realFiles.facts(join(from, name)))?.kind === 'file') await copyFile(join(from, name), join(to, name));
  }
};

/**
 * Copies a ledger into a folder that does not exist yet.
 * @throws CountersignError LEDGER_NOT_FOUND, LEDGER_DAMAGED where something else lies in `log/`
 */
export const snapshotLedger = async (from: string, to: string): Promise<Snapshot> => {
  const segments = await listSegments(from, realFiles);
  const log = join(to, 'log');
  try {
    await mkdir(log, { recursive: true, mode: 0o700 });
    // Before the records: a receipt of more of them than the copy holds would say that some were dropped.
    await copyFolder(join(from, 'anchors'), join(to, 'anchors'));
    const pruned = join(from, 'pruned.json');
    if (await realFiles.facts(pruned)) await copyFile(pruned, join(to, 'pruned.json'));
    let leftOut = 0;
    for (const [i, segment] of segments.entries()) {
      leftOut += await copySegment(segment, log, i === segments.length - 1);
    }
    await copyBlobs(from, to);
    await copyFolder(join(from, 'quarantine'), join(to, 'quarantine'));
    return { dir: to, leftOut };
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('LEDGER_DAMAGED', { dir: from, problem: reason(error) }, { cause: error });
  }
};
