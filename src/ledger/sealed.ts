/**
 * `sealed.json`: what the segments that ended add up to, in the writer's own words, so that a start need not read them
 * record by record. It is a convenience and no evidence: a verifier does not look at it, and where anything about it
 * does not hold, the start reads everything.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../base/digest.js';
import { type FilePort, readBounded, writeAtomic } from '../base/durable.js';
import { createCompactRange, restoreCompactRange } from '../base/merkle.js';
import { checkNote, NoteError, type NoteSigner, parseNote, parseVerifierKey, signNote } from '../base/note.js';
import type { RecordType } from '../model/record.js';
import type { Account } from './account.js';
import { ChainError, type ChainState, createChain } from './chain.js';
import type { Segment } from './folder.js';
import { FormatError, isRecordType, MAX_RECORD_BYTES, parseRecordLine } from './format.js';
import type { KeepRule, KeptPlace } from './kept.js';

const MAX_BYTES = 256 * 1024 * 1024;
/** Newest bytes of sealed segments whose content is compared at a start; of older ones the sizes are. */
const MAX_COMPARED = 4 * 1024 * 1024 * 1024;

/** A segment that ended. */
export interface SealedFile {
  readonly first: number;
  readonly bytes: number;
  /** Of the whole file, hex. */
  readonly sha256: string;
}

/** Where reading begins: everything before is summed up. */
export interface Frontier {
  readonly state: ChainState;
  readonly account: Account;
  readonly kept: readonly KeptPlace[];
  readonly files: readonly SealedFile[];
}

const count = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const recordType = z.custom<RecordType>((value) => typeof value === 'string' && isRecordType(value));

const schema = z.strictObject({
  v: z.literal(1),
  size: count,
  prev: hex,
  peaks: z.array(hex).max(64),
  root: z.string().max(1_000),
  /** Key of the last segment. */
  key: z.string().max(1_000),
  counts: z.array(z.tuple([recordType, count])),
  open: z.array(z.tuple([count, z.string().max(100)])),
  named: z.array(z.string().max(200)),
  /** Milliseconds; null: always. */
  rule: z.array(z.tuple([recordType, count.nullable()])),
  kept: z.array(z.tuple([recordType, count, count, count])),
  files: z.array(z.tuple([count, count, hex])).min(1),
  /** First record of the segment whose key signs this. */
  by: count,
});

type Sealed = z.output<typeof schema>;

const ruleOf = (rule: KeepRule): Sealed['rule'] =>
  Object.entries(rule).flatMap(([type, ms]) =>
    isRecordType(type) ? [[type, Number.isFinite(ms) ? ms : null] as [RecordType, number | null]] : [],
  );

const statement = (text: string): string => `countersign/sealed/v1\n${sha256(text)}\n`;

/**
 * The content of the file: the facts on one line, and a signed note over their hash.
 * @param by who signs, and the first record of the segment whose key that is
 */
export const sealedText = (
  { state, account, kept, files }: Frontier,
  rule: KeepRule,
  by: { readonly signer: NoteSigner; readonly first: number },
): string => {
  const facts: Sealed = {
    v: 1,
    size: state.size,
    prev: state.prev,
    peaks: state.range.peaks().map((peak) => peak.toString('hex')),
    root: state.root?.key ?? '',
    key: state.verifier?.key ?? '',
    counts: [...account.counts],
    open: [...account.open],
    named: [...account.named],
    rule: ruleOf(rule),
    kept: kept.map(({ type, first, offset, time }) => [type, first, offset, time]),
    files: files.map(({ first, bytes, sha256: digest }) => [first, bytes, digest]),
    by: by.first,
  };
  const text = JSON.stringify(facts);
  return `${text}\n${signNote(statement(text), [by.signer])}`;
};

const parse = (bytes: Buffer): { readonly sealed: Sealed; readonly text: string; readonly note: string } | null => {
  const all = bytes.toString('utf8');
  const end = all.indexOf('\n');
  const text = all.slice(0, end);
  try {
    const { success, data } = schema.safeParse(JSON.parse(text));
    return success ? { sealed: data, text, note: all.slice(end + 1) } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

const firstLine = async (path: string, files: FilePort): Promise<Buffer | null> => {
  const file = await files.open(path);
  try {
    const bytes = Buffer.alloc(MAX_RECORD_BYTES + 1);
    const length = await file.read(bytes, 0);
    const feed = bytes.subarray(0, length).indexOf(0x0a);
    return feed < 0 ? null : bytes.subarray(0, feed);
  } finally {
    await file.close();
  }
};

/** The key of the segment that begins with a record, where the root key certified it. */
const segmentKey = async (
  segments: readonly Segment[],
  by: number,
  root: ChainState['root'],
  files: FilePort,
): Promise<ChainState['verifier']> => {
  const segment = segments.find(({ first }) => first === by);
  const line = segment && (await firstLine(segment.path, files));
  if (!line) return null;
  const prev = parseRecordLine(line).prev;
  const chain = createChain(
    { onPayloadFault: () => {} },
    { size: by, prev, range: createCompactRange(), verifier: null, root },
  );
  chain.next(line);
  return chain.verifier;
};

const isSigned = async (
  { sealed, text, note }: NonNullable<ReturnType<typeof parse>>,
  segments: readonly Segment[],
  files: FilePort,
): Promise<boolean> => {
  const { by, root, size } = sealed;
  const verifier = by <= size ? await segmentKey(segments, by, parseVerifierKey(root), files) : null;
  const signed = parseNote(note);
  return verifier !== null && signed.text === statement(text) && checkNote(signed, verifier) === true;
};

/** SHA-256 of a file, and its length. */
export const digestOf = async (path: string, files: FilePort): Promise<{ bytes: number; sha256: string }> => {
  const file = await files.open(path);
  try {
    const digest = createHash('sha256');
    const chunk = Buffer.allocUnsafe(1024 * 1024);
    for (let bytes = 0; ; ) {
      const read = await file.read(chunk, bytes);
      if (read === 0) return { bytes, sha256: digest.digest('hex') };
      digest.update(chunk.subarray(0, read));
      bytes += read;
    }
  } finally {
    await file.close();
  }
};

/** Whether the sealed files are there, first of all, as they were. */
const areSame = async (
  sealed: readonly SealedFile[],
  segments: readonly Segment[],
  files: FilePort,
): Promise<boolean> => {
  const same = sealed.every(({ first, bytes }, index) => {
    const there = segments[index];
    return there?.first === first && there.size === bytes;
  });
  if (!same) return false;
  let compared = 0;
  for (const [index, { bytes, sha256: digest }] of [...sealed.entries()].toReversed()) {
    compared += bytes;
    if (compared > MAX_COMPARED) return true;
    const path = segments[index]?.path ?? '';
    if ((await digestOf(path, files)).sha256 !== digest) return false;
  }
  return true;
};

const frontierOf = (sealed: Sealed): Frontier | null => {
  const peaks = sealed.peaks.map((peak) => Buffer.from(peak, 'hex'));
  const range = restoreCompactRange(sealed.size, peaks);
  if (!range) return null;
  const [verifier, root] = [parseVerifierKey(sealed.key), parseVerifierKey(sealed.root)];
  const account: Account = {
    counts: new Map(sealed.counts),
    open: new Map(sealed.open),
    named: new Set(sealed.named),
  };
  return {
    state: { size: sealed.size, prev: sealed.prev, range, verifier, root },
    account,
    kept: sealed.kept.map(([type, first, offset, time]) => ({ type, first, offset, time })),
    files: sealed.files.map(([first, bytes, digest]) => ({ first, bytes, sha256: digest })),
  };
};

export interface FrontierAsk {
  readonly dir: string;
  readonly segments: readonly Segment[];
  /** Verifier key of the root. */
  readonly root: string;
  /** What must be read again; another rule than before asks for reading everything once. */
  readonly rule: KeepRule;
  readonly files: FilePort;
}

const readSealed = async ({ dir, segments, root, rule, files }: FrontierAsk): Promise<Frontier | null> => {
  const path = join(dir, 'sealed.json');
  if ((await files.facts(path))?.kind !== 'file') return null;
  const parsed = parse(await readBounded(path, MAX_BYTES, files));
  if (!parsed || parsed.sealed.root !== root) return null;
  const { sealed } = parsed;
  if (JSON.stringify(sealed.rule) !== JSON.stringify(ruleOf(rule))) return null;
  if (!(await isSigned(parsed, segments, files))) return null;
  const frontier = frontierOf(sealed);
  return frontier && (await areSame(frontier.files, segments, files)) ? frontier : null;
};

/**
 * Where reading may begin: the frontier that a key of this ledger signed, where the sealed segments are what they were.
 * Null where anything about it does not hold; then everything must be read, and what is wrong shows there.
 */
export const readFrontier = async (ask: FrontierAsk): Promise<Frontier | null> => {
  try {
    return await readSealed(ask);
  } catch (error) {
    const isFault = [ChainError, FormatError, NoteError, RangeError].some((kind) => error instanceof kind);
    if (isFault) return null;
    throw error;
  }
};

/** Makes `sealed.json`, or replaces it. */
export const writeSealed = (dir: string, text: string, files: FilePort): Promise<void> =>
  writeAtomic(join(dir, 'sealed.json'), Buffer.from(text), files);
