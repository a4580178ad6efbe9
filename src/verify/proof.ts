/** A proof file: some records of a ledger, or two of its states, without the rest of it. */
import { readBounded } from '../base/durable.js';
import { reason } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import { type Checkpoint, checkNote, NoteError, type NoteVerifier, parseCheckpoint, parseNote } from '../base/note.js';
import { inclusionRoot, isConsistent, rangeRoot } from '../base/proofs.js';
import { ChainError, segmentKeys } from '../ledger/chain.js';
import { commitmentOf, FormatError, parsePayloadLine, parseRecordLine, type RecordLine } from '../ledger/format.js';
import { countOf, hashOf, listOf, objectOf, readJson, ShapeError, textOf } from './shape.js';
import { judgeSigner } from './signer.js';
import type { Target } from './target.js';

const MAX_BYTES = 256 * 1024 * 1024;

const hash = (value: JsonValue, where: string): Buffer => Buffer.from(hashOf(value, where), 'hex');
const hashes = (value: JsonValue | undefined, where: string): readonly Buffer[] => listOf(value, where, hash);

/** A record of the proof, or what stands in its place. */
interface Item {
  readonly record: RecordLine | null;
  readonly leaf: Buffer;
  /** Names of payloads that are not in the proof. */
  readonly withheld: readonly string[];
}

const lineOf = (value: JsonValue | undefined, where: string): RecordLine => {
  try {
    return parseRecordLine(Buffer.from(textOf(value, where)));
  } catch (error) {
    if (error instanceof FormatError) throw new ShapeError(`${where} ${error.message}`);
    throw error;
  }
};

/** The payload lines of a record, in its order; one that it does not name, or that is another, is refused. */
const withheldOf = (record: RecordLine, value: JsonValue | undefined, where: string): readonly string[] => {
  const awaited = new Map(record.payloads);
  listOf(value, where, (line, at) => {
    const { seq, name, salt, data } = parsePayloadLine(Buffer.from(textOf(line, at)));
    const commitment = awaited.get(name);
    if (seq !== record.seq || commitment === undefined)
      throw new ShapeError(`${at} is no payload of record ${record.seq}`);
    if (data === null) return;
    if (commitmentOf(salt, data) !== commitment)
      throw new ShapeError(`${at} is not the payload that record ${record.seq} names`);
    awaited.delete(name);
  });
  return [...awaited.keys()];
};

const payloadsOf = (record: RecordLine, value: JsonValue | undefined, where: string): readonly string[] => {
  try {
    return withheldOf(record, value, where);
  } catch (error) {
    if (error instanceof FormatError) throw new ShapeError(`${where}: a line ${error.message}`);
    throw error;
  }
};

const writtenItem = (fields: ReturnType<typeof objectOf>, where: string): Item & { readonly record: RecordLine } => {
  const record = lineOf(fields['line'], `${where}.line`);
  return { record, leaf: record.leaf, withheld: payloadsOf(record, fields['payloads'], `${where}.payloads`) };
};

const rangeItem = (value: JsonValue, where: string): Item => {
  const fields = objectOf(value, where, [], ['line', 'payloads', 'leaf']);
  if (fields['leaf'] === undefined) return writtenItem(fields, where);
  objectOf(value, where, ['leaf']);
  return { record: null, leaf: hash(fields['leaf'], `${where}.leaf`), withheld: [] };
};

/** The checkpoint of a proof, signed by a key that the root certified for that part of the ledger. */
interface ProvedHead {
  readonly checkpoint: Checkpoint;
  readonly root: NoteVerifier;
}

const headOf = (note: string, line: JsonValue | undefined): ProvedHead => {
  const seg = lineOf(line, 'segment');
  const signed = parseNote(note);
  const checkpoint = parseCheckpoint(signed.text);
  const { key, root } = segmentKeys(seg, null);
  if (signed.signatures.length !== 1 || checkNote(signed, key) !== true) {
    throw new ShapeError('checkpoint is not signed by the key of the segment');
  }
  if (checkpoint.origin !== key.name) throw new ShapeError('checkpoint is one of another ledger');
  if (checkpoint.size <= seg.seq) throw new ShapeError('checkpoint is older than the segment whose key signed it');
  return { checkpoint, root };
};

/** What a proof shows, in words, or why it shows nothing. */
interface Shown {
  readonly what: string;
  readonly withheld: readonly string[];
}

const needRoot = (found: Uint8Array | undefined, { root }: Checkpoint, what: string): void => {
  if (found === undefined || !root.equals(found))
    throw new ShapeError(`${what} does not lead to the root of the checkpoint`);
};

const withheldIn = (items: readonly Item[]): readonly string[] =>
  items.flatMap(({ record, withheld }) => withheld.map((name) => `"${name}" of record ${record?.seq}`));

const showRecords = (value: JsonValue, checkpoint: Checkpoint): Shown => {
  const items = listOf(value, 'records', (one, where) => {
    const fields = objectOf(one, where, ['line', 'payloads', 'path']);
    const item = writtenItem(fields, where);
    const path = hashes(fields['path'], `${where}.path`);
    needRoot(
      inclusionRoot({ index: item.record.seq, size: checkpoint.size, leaf: item.leaf, path }),
      checkpoint,
      `${where}.path`,
    );
    return item;
  });
  if (items.length === 0) throw new ShapeError('records is empty');
  const seqs = items.map(({ record }) => record.seq);
  return {
    what: `${seqs.length === 1 ? 'record' : 'records'} ${seqs.join(', ')} as written`,
    withheld: withheldIn(items),
  };
};

const showRange = (value: JsonValue, checkpoint: Checkpoint): Shown => {
  const fields = objectOf(value, 'range', ['from', 'records', 'left', 'right']);
  const from = countOf(fields['from'], 'range.from');
  const items = listOf(fields['records'], 'range.records', rangeItem);
  for (const [index, { record }] of items.entries()) {
    if (record && record.seq !== from + index)
      throw new ShapeError(`range.records[${index}] is not record ${from + index}`);
  }
  const [left, right] = [hashes(fields['left'], 'range.left'), hashes(fields['right'], 'range.right')];
  const leaves = items.map(({ leaf }) => leaf);
  needRoot(rangeRoot({ from, leaves, size: checkpoint.size, left, right }), checkpoint, 'range');
  const written = items.filter(({ record }) => record !== null).length;
  const count = `${written} as written, ${items.length - written} as hashes alone`;
  return { what: `records ${from} to ${from + items.length - 1}, every one: ${count}`, withheld: withheldIn(items) };
};

const showBegin = (value: JsonValue, checkpoint: Checkpoint): Shown => {
  const fields = objectOf(value, 'begin', ['size', 'root', 'path']);
  const first = { size: countOf(fields['size'], 'begin.size'), root: hash(fields['root'] ?? null, 'begin.root') };
  if (!isConsistent(first, checkpoint, hashes(fields['path'], 'begin.path'))) {
    throw new ShapeError('begin.path does not lead from that root to the one of the checkpoint');
  }
  return { what: `the first ${first.size} records are those of the root ${first.root.toString('hex')}`, withheld: [] };
};

const SHOWS = { records: showRecords, range: showRange, begin: showBegin } as const;
type Part = keyof typeof SHOWS;
const PARTS: readonly Part[] = ['records', 'range', 'begin'];

const prove = (bytes: Uint8Array): ProvedHead & Shown => {
  const fields = objectOf(readJson(bytes), 'the file', ['v', 'kind', 'checkpoint', 'segment'], PARTS);
  if (fields['v'] !== 1 || fields['kind'] !== 'countersign-proof')
    throw new ShapeError('the file is no proof of version 1');
  const head = headOf(textOf(fields['checkpoint'], 'checkpoint'), fields['segment']);
  const parts = PARTS.filter((part) => fields[part] !== undefined);
  const [part] = parts;
  if (part === undefined || parts.length > 1) throw new ShapeError(`the file has not one of ${PARTS.join(', ')}`);
  return { ...head, ...SHOWS[part](fields[part] ?? null, head.checkpoint) };
};

const judgeKept = ({ trust, findings }: Target, { origin, size, root }: Checkpoint): void => {
  const kept = trust.checkpoints.filter((one) => one.origin === origin && one.size === size);
  if (kept.some((one) => one.root !== root.toString('hex'))) {
    findings.add(
      'integrity',
      'ANCHOR_MISMATCH',
      `the proof: the trust file kept another root of the first ${size} records.`,
    );
  } else if (kept.length > 0) {
    findings.establish(`the proof: its checkpoint over ${size} records is one that the trust file kept.`);
  } else {
    const message = `the proof: its checkpoint over ${size} records is none that the trust file kept; whoever holds the key could have made another history.`;
    findings.add('unestablished', 'NOT_ANCHORED', message);
  }
};

const problemOf = (error: unknown): string => {
  if (error instanceof ShapeError || error instanceof NoteError || error instanceof ChainError) return error.message;
  throw error;
};

/** Verifies a proof file by itself. What does not hold goes to `findings`. */
export const verifyProof = async (path: string, target: Target): Promise<void> => {
  const { findings } = target;
  let bytes: Buffer;
  try {
    bytes = await readBounded(path, MAX_BYTES);
  } catch (error) {
    findings.add('incomplete', 'NOTHING_FOUND', `${path} cannot be read: ${reason(error)}.`);
    return;
  }
  try {
    const { checkpoint, root, what, withheld } = prove(bytes);
    const { origin, size } = checkpoint;
    findings.establish(
      `the proof: ${what}; ledger ${origin}, ${size} records, root ${checkpoint.root.toString('hex')}.`,
    );
    if (withheld.length > 0)
      findings.add('note', 'PAYLOAD_WITHHELD', `the proof does not hold the payloads ${withheld.join(', ')}.`);
    judgeSigner({ what: 'the proof', origin, key: root.key, size }, target);
    judgeKept(target, checkpoint);
  } catch (error) {
    findings.add('integrity', 'PROOF_INVALID', `the proof does not hold: ${problemOf(error)}.`);
  }
};
