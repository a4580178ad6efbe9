/** The segment files of a ledger, and the ranges that they are read in. */
import { join } from 'node:path';
import { type ReadFile, realFiles } from '../base/durable.js';
import { NoteError, parseVerifierKey } from '../base/note.js';
import { FormatError, MAX_RECORD_BYTES, parseRecordLine, segmentFirst } from '../ledger/format.js';
import type { Target } from './target.js';

export interface SegmentFile {
  /** `log/<first seq>.jsonl`. */
  readonly name: string;
  readonly path: string;
  readonly first: number;
  readonly bytes: number;
  readonly last: boolean;
}

/** All of them by name; what else lies in `log/` is a finding. */
export const listSegments = async ({
  dir,
  label,
  findings,
}: Target & { readonly label: string }): Promise<readonly SegmentFile[]> => {
  const log = join(dir, 'log');
  const found: Omit<SegmentFile, 'last'>[] = [];
  const facts = await realFiles.facts(log);
  if (facts?.kind !== 'folder') return [];
  for (const name of [...(await realFiles.list(log))].sort()) {
    const path = join(log, name);
    const first = segmentFirst(name);
    const entry = await realFiles.facts(path);
    if (first === undefined || entry?.kind !== 'file') {
      findings.add(
        'integrity',
        'STRAY_FILE',
        `${label}log/${name} is not a segment file; nothing else belongs in log/.`,
      );
    } else found.push({ name: `log/${name}`, path, first, bytes: entry.size });
  }
  return found.map((segment, index) => ({ ...segment, last: index === found.length - 1 }));
};

/** A part of a segment file: from its begin, or from behind a checkpoint line, to behind another or to the end. */
export interface Range {
  readonly segment: SegmentFile;
  readonly from: number;
  readonly to: number;
  /** Ends the file. */
  readonly last: boolean;
  /**
   * The verifier key that should sign what is in it, by what the first line of its file or of one before says;
   * null where it is to be read line by line: at the begin of a file, where a key is named, and where it is too long.
   */
  readonly key: string | null;
}

/** Bytes that a range should have: larger ones take more memory in every thread, and are hardly faster. */
const RANGE = 1024 * 1024;
/** Of a range that is held in memory: longer ones are read line by line. */
const MAX_RANGE = 32 * 1024 * 1024;
const WINDOW = 64 * 1024;
const FEED = 0x0a;
/** A line feed, and the first byte of a checkpoint line; neither stands inside another line. */
const CHECKPOINT = Buffer.from('\n~');

/** The byte behind the first checkpoint line that begins at `from` or later; the end of the file where there is none. */
const behindCheckpoint = async (file: ReadFile, from: number, end: number): Promise<number> => {
  const window = Buffer.allocUnsafe(WINDOW);
  let isFound = false;
  for (let at = from; at < end; ) {
    const count = await file.read(window, at);
    if (count === 0) return end;
    const bytes = window.subarray(0, count);
    const begin: number = isFound ? 0 : bytes.indexOf(CHECKPOINT);
    const feed = begin < 0 ? -1 : bytes.indexOf(FEED, isFound ? 0 : begin + 1);
    if (feed >= 0) return Math.min(at + feed + 1, end);
    isFound ||= begin >= 0;
    // The two bytes may lie on both sides of the window's end.
    at += isFound || count < WINDOW ? count : count - 1;
  }
  return end;
};

/** The key that a segment's first line names, as a hint; undefined where it names none. */
const keyNamed = async (file: ReadFile): Promise<string | undefined> => {
  const head = Buffer.alloc(MAX_RECORD_BYTES + 1);
  const line = head.subarray(0, Math.max(0, head.subarray(0, await file.read(head, 0)).indexOf(FEED)));
  try {
    const { type, d } = parseRecordLine(line);
    const { key } = d;
    return type === 'seg' && typeof key === 'string' ? parseVerifierKey(key).key : undefined;
  } catch (error) {
    if (error instanceof FormatError || error instanceof NoteError) return undefined;
    throw error;
  }
};

/** Cuts segments at checkpoints. Nothing of what it reads is believed: a wrong hint costs time alone. */
export async function* rangesOf(segments: readonly SegmentFile[]): AsyncGenerator<Range> {
  let key: string | null = null;
  for (const segment of segments) {
    const file = await realFiles.open(segment.path);
    try {
      key = (await keyNamed(file)) ?? key;
      const end = segment.bytes;
      let to = await behindCheckpoint(file, 0, end);
      yield { segment, from: 0, to, last: to >= end, key: null };
      while (to < end) {
        const from = to;
        to = await behindCheckpoint(file, Math.min(from + RANGE, end), end);
        yield { segment, from, to, last: to >= end, key: to - from > MAX_RANGE ? null : key };
      }
    } finally {
      await file.close();
    }
  }
}
