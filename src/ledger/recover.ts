/**
 * What a ledger holds when it is opened: the last checkpoint that verifies is where writing goes on; what
 * follows it was never acknowledged and is set aside. Damage before it is for people, never mended here.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type FilePort, makeFolder, readBounded, writeAtomic } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { type Line, readLines } from '../base/lines.js';
import { createCompactRange } from '../base/merkle.js';
import { checkNote } from '../base/note.js';
import type { RecordType, RecoverRecord } from '../model/record.js';
import { ChainError, type ChainState, createChain } from './chain.js';
import { listSegments, type Segment } from './folder.js';
import { type CheckpointLine, FIRST_PREV, MAX_LINE_BYTES, type RecordLine } from './format.js';

/** More than any one batch can hold: a longer tail is no torn write. */
const MAX_TAIL = 64 * 1024 * 1024;
/** The first byte of a checkpoint line. */
const CHECKPOINT = 0x7e;

export interface Recovered {
  readonly state: ChainState;
  /** Records per type. */
  readonly counts: Map<RecordType, number>;
  /** Forwarded calls without a result: sequence number of the intent, and call id. */
  readonly open: ReadonlyMap<number, string>;
  /** The segment file to write on; null for a new ledger. */
  readonly segment: string | null;
  /** Set-aside bytes that no record names yet. */
  readonly setAside: readonly RecoverRecord[];
}

interface Scan {
  state: ChainState;
  readonly counts: Map<RecordType, number>;
  readonly open: Map<number, string>;
  /** Files that `recover` records name. */
  readonly named: Set<string>;
  checkpoint: CheckpointLine | null;
  /** Index of the segment and the offset behind its last good checkpoint. */
  segment: number;
  end: number;
  problem: string | null;
}

const newScan = (): Scan => ({
  state: { size: 0, prev: FIRST_PREV, range: createCompactRange(), verifier: null, root: null },
  counts: new Map(),
  open: new Map(),
  named: new Set(),
  checkpoint: null,
  segment: 0,
  end: 0,
  problem: null,
});

const account = (scan: Scan, { type, seq, d }: RecordLine): void => {
  scan.counts.set(type, (scan.counts.get(type) ?? 0) + 1);
  if (type === 'call' && d['forwarded'] === true && typeof d['call'] === 'string') scan.open.set(seq, d['call']);
  if (type === 'result' && typeof d['intent'] === 'number') scan.open.delete(d['intent']);
  if (type === 'recover' && typeof d['file'] === 'string') scan.named.add(d['file']);
};

/** Walks to the end or to the first line that does not hold. Only what a checkpoint covers is accounted. */
const scanSegments = async (segments: readonly Segment[], files: FilePort, signatures: boolean): Promise<Scan> => {
  const scan = newScan();
  const chain = createChain({
    signatures,
    onPayloadFault: (fault) => {
      throw fault;
    },
  });
  let batch: RecordLine[] = [];
  const take = (line: Line, index: number): void => {
    if (line.end !== 'feed') throw new ChainError('BAD_RECORD', 'is cut off or too long', chain.size);
    const item = chain.next(line.bytes);
    if (item?.kind === 'record') batch.push(item);
    if (item?.kind !== 'checkpoint') return;
    for (const record of batch) account(scan, record);
    batch = [];
    Object.assign(scan, {
      state: chain.state(),
      checkpoint: item,
      segment: index,
      end: line.offset + line.bytes.length + 1,
    });
  };
  for (const [index, { path, name, first }] of segments.entries()) {
    let offset = 0;
    try {
      if (first !== chain.size || chain.uncommitted > 0) {
        throw new ChainError('SEQ_BREAK', `does not begin with record ${chain.size}`, chain.size);
      }
      for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
        for (const line of lines) {
          offset = line.offset;
          take(line, index);
        }
      }
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      scan.problem = `${name}: the line at byte ${offset} ${error.message}`;
      return scan;
    }
  }
  return scan;
};

const isSigned = ({ checkpoint, state }: Scan): boolean =>
  checkpoint === null || (state.verifier !== null && checkNote(checkpoint.note, state.verifier) === true);

/**
 * Whether the tail can be one batch that did not reach the disk whole. The next batch is only written
 * when the one before is on disk, so a checkpoint with anything behind it was acknowledged, even where
 * its line does not verify any more.
 */
const isOneBatch = (tail: Buffer): boolean => {
  for (let start = 0, feed = tail.indexOf(0x0a); feed >= 0; start = feed + 1, feed = tail.indexOf(0x0a, start)) {
    if (tail[start] === CHECKPOINT && feed + 1 < tail.length) return false;
  }
  return true;
};

const readTail = async (path: string, from: number, size: number, files: FilePort): Promise<Buffer> => {
  const tail = Buffer.alloc(size - from);
  const file = await files.open(path);
  try {
    for (let at = 0; at < tail.length; ) {
      const count = await file.read(tail.subarray(at), from + at);
      if (count === 0) return tail.subarray(0, at);
      at += count;
    }
    return tail;
  } finally {
    await file.close();
  }
};

/** Copies the tail into `quarantine/`, durably, and only then cuts it off. */
const setAside = async (dir: string, scan: Scan, segment: Segment, files: FilePort): Promise<void> => {
  const damaged = (): CountersignError =>
    new CountersignError('LEDGER_DAMAGED', {
      dir,
      problem: scan.problem ?? `${segment.name} does not end with a checkpoint`,
    });
  if (segment.size - scan.end > MAX_TAIL) throw damaged();
  const tail = await readTail(segment.path, scan.end, segment.size, files);
  if (!isOneBatch(tail)) throw damaged();
  const sha256 = createHash('sha256').update(tail).digest('hex');
  const name = `${String(segment.first).padStart(16, '0')}-${scan.end}-${sha256.slice(0, 16)}.bin`;
  await writeAtomic(join(dir, 'quarantine', name), tail, files);
  const file = await files.append(segment.path);
  try {
    await file.truncate(scan.end);
  } finally {
    await file.close();
  }
};

const unnamed = async (dir: string, named: ReadonlySet<string>, files: FilePort): Promise<readonly RecoverRecord[]> => {
  const found: RecoverRecord[] = [];
  for (const name of [...(await files.list(join(dir, 'quarantine')))].sort()) {
    const file = `quarantine/${name}`;
    if (named.has(file) || !name.endsWith('.bin')) continue;
    const bytes = await readBounded(join(dir, 'quarantine', name), MAX_TAIL, files);
    found.push({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), file });
  }
  return found;
};

/**
 * Reads the whole ledger, sets aside what follows the last checkpoint that verifies, and says where to go on.
 * Makes the folders of a new ledger.
 * @throws CountersignError LEDGER_DAMAGED
 */
export const recoverLedger = async (dir: string, files: FilePort): Promise<Recovered> => {
  for (const name of ['log', 'blobs', 'quarantine']) await makeFolder(join(dir, name), files);
  const segments = await listSegments(dir, files);
  const quick = await scanSegments(segments, files, false);
  const scan = isSigned(quick) ? quick : await scanSegments(segments, files, true);
  const last = segments.at(-1);
  if (last && scan.segment !== segments.length - 1) {
    // A new file is made before its first batch is written, so only the last one may be without a checkpoint.
    if (scan.segment !== segments.length - 2 || last.first !== scan.state.size) {
      throw new CountersignError('LEDGER_DAMAGED', { dir, problem: scan.problem ?? `${last.name} does not follow` });
    }
    scan.segment = segments.length - 1;
    scan.end = 0;
  }
  if (last && last.size > scan.end) await setAside(dir, scan, last, files);
  return {
    state: scan.state,
    counts: scan.counts,
    open: scan.open,
    segment: last?.path ?? null,
    setAside: await unnamed(dir, scan.named, files),
  };
};
