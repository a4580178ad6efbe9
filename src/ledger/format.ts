/**
 * The three kinds of line of a segment file, and their strict parsers (docs/ledger-format.md).
 * Pure; the verifier is built on it, so it imports nothing but `base` and node built-ins.
 */
import { isUtf8 } from 'node:buffer';
import { createHash, hash } from 'node:crypto';
import {
  isArray,
  JsonError,
  type JsonNode,
  type JsonObject,
  type JsonValue,
  parseJson,
  toValue,
} from '../base/json.js';
import { leafHash } from '../base/merkle.js';
import { type Checkpoint, NoteError, parseCheckpoint, parseNote, type SignedNote } from '../base/note.js';
import type { RecordType } from '../model/record.js';

/** Bytes of a record line without its line feed: an entry of C2SP tlog-tiles. */
export const MAX_RECORD_BYTES = 65_535;
/** Bytes of a payload that stands in its line; more goes to a file of its own. */
export const MAX_INLINE_BYTES = 1_048_576;
export const MAX_PAYLOADS = 16;
/** The longest line there can be: a payload and what stands before and after it. */
export const MAX_LINE_BYTES = MAX_INLINE_BYTES + 256;
/** `prev` of the first record. */
export const FIRST_PREV = '0'.repeat(64);

/**
 * `seg`: who signs from here on. Either the key of a ledger that has one key, as its first record, or the key of
 * a segment, certified by the root key.
 */
export interface SegmentRecord {
  readonly origin: string;
  /** C2SP verifier key. */
  readonly key: string;
  /** Verifier key that certifies the keys of all segments; absent where one key signs all. */
  readonly root?: string;
  /** Base64 of the root's Ed25519 signature over `segmentText`. */
  readonly cert?: string;
}

/**
 * What the root key signs for a segment.
 * @param prev leaf hash of the record before: a certificate cannot be carried to another history
 */
export const segmentText = (origin: string, first: number, key: string, prev: string): string =>
  `countersign/segment/v1\n${origin}\n${first}\n${key}\n${prev}\n`;

export type LineFault = 'BAD_RECORD' | 'BAD_PAYLOAD' | 'BAD_CHECKPOINT';

/** Why a line is none of the format. Never holds content. */
export class FormatError extends Error {
  readonly code: LineFault;
  constructor(code: LineFault, problem: string) {
    super(problem);
    this.name = 'FormatError';
    this.code = code;
  }
}

const TYPES: Readonly<Record<RecordType, true>> = {
  seg: true,
  start: true,
  stop: true,
  recover: true,
  hb: true,
  config: true,
  refuse: true,
  auth: true,
  session: true,
  call: true,
  result: true,
  message: true,
  approval: true,
  tool: true,
  masking: true,
  access: true,
  notice: true,
  probe: true,
  passkey: true,
  anchor: true,
  prune: true,
  erase: true,
};
/** Whether records of this type exist. */
export const isRecordType = (type: JsonValue | undefined): type is RecordType =>
  typeof type === 'string' && Object.hasOwn(TYPES, type);

export const isPayloadName = (name: string): boolean => /^[a-z][a-z0-9_]{0,31}$/.test(name);
const isHash = (text: JsonValue | undefined): text is string => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);
const isBoot = (text: JsonValue | undefined): text is string =>
  typeof text === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** `<first seq, 16 digits>.jsonl`. */
export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.jsonl`;
/** The first seq a file name says; undefined where the name is none of a segment. */
export const segmentFirst = (name: string): number | undefined => {
  const first = Number(/^(\d{16})\.jsonl$/.exec(name)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(first) ? first : undefined;
};

/** The folder of a ledger: its origin, every character but letters, digits, dot and hyphen replaced by `_`. */
export const ledgerFolder = (origin: string): string => origin.replaceAll(/[^A-Za-z0-9.-]/g, '_');

/** Position of the first byte below 0x20, or -1. */
const controlByte = (bytes: Uint8Array): number => {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) < 0x20) return i;
  return -1;
};

export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value);

export interface RecordLine {
  readonly kind: 'record';
  readonly seq: number;
  readonly prev: string;
  /** As written. */
  readonly t: string;
  /** `t` in milliseconds since 1970. */
  readonly time: number;
  readonly m: number;
  readonly boot: string;
  readonly type: RecordType;
  readonly d: JsonObject;
  /** Name and commitment of each payload, in the order of their lines. */
  readonly payloads: readonly (readonly [name: string, commitment: string])[];
  readonly leaf: Buffer;
}

const PREFIX = /^\{"v":1,"seq":(0|[1-9][0-9]{0,15}),"prev":"([0-9a-f]{64})","t":"/;
const MEMBERS = ['v', 'seq', 'prev', 't', 'm', 'boot', 'type', 'd'].join();
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

const strictJson = (line: Buffer): JsonNode => {
  try {
    return parseJson(line);
  } catch (error) {
    if (error instanceof JsonError) throw new FormatError('BAD_RECORD', `is not strict JSON: ${error.message}`);
    throw error;
  }
};

/** Numbers are whole, within ±(2^53 − 1), and written in the one way. */
const onlyIntegers = (node: JsonNode, line: Buffer): boolean => {
  switch (node.kind) {
    case 'number':
      return Number.isSafeInteger(node.value) && INTEGER.test(line.toString('latin1', node.start, node.end));
    case 'array':
      return node.items.every((item) => onlyIntegers(item, line));
    case 'object':
      return node.members.every(({ value }) => onlyIntegers(value, line));
    default:
      return true;
  }
};

const commitments = (d: JsonObject): RecordLine['payloads'] => {
  const p = d['p'];
  if (p === undefined) return [];
  const entries = isJsonObject(p) ? Object.entries(p) : [];
  if (entries.length === 0 || entries.length > MAX_PAYLOADS) throw new FormatError('BAD_RECORD', 'has a malformed d.p');
  return entries.map(([name, commitment]) => {
    if (!isPayloadName(name) || !isHash(commitment)) throw new FormatError('BAD_RECORD', 'has a malformed d.p');
    return [name, commitment];
  });
};

/** Milliseconds of an RFC 3339 time in UTC with milliseconds, or NaN. */
const timeOf = (t: JsonValue | undefined): number => {
  if (typeof t !== 'string' || t.length !== 24) return Number.NaN;
  const time = Date.parse(t);
  return Number.isFinite(time) && new Date(time).toISOString() === t ? time : Number.NaN;
};

const fieldsOf = (value: JsonObject): Pick<RecordLine, 't' | 'time' | 'm' | 'boot' | 'type' | 'd'> => {
  const { t, m, boot, type, d } = value;
  const time = timeOf(t);
  if (typeof t !== 'string' || Number.isNaN(time)) throw new FormatError('BAD_RECORD', 'has no valid time t');
  if (typeof m !== 'number' || m < 0) throw new FormatError('BAD_RECORD', 'has no valid monotonic time m');
  if (!isBoot(boot)) throw new FormatError('BAD_RECORD', 'has no valid boot');
  if (!isRecordType(type)) throw new FormatError('BAD_RECORD', 'has an unknown type');
  if (!isJsonObject(d)) throw new FormatError('BAD_RECORD', 'has no object d');
  return { t, time, m, boot, type, d };
};

/**
 * @param line without its line feed
 * @throws FormatError
 */
export const parseRecordLine = (line: Buffer): RecordLine => {
  if (line.length > MAX_RECORD_BYTES) throw new FormatError('BAD_RECORD', `is longer than ${MAX_RECORD_BYTES} bytes`);
  const [, seqText, prev = ''] = PREFIX.exec(line.toString('latin1', 0, 128)) ?? [];
  const seq = Number(seqText);
  if (!Number.isSafeInteger(seq)) throw new FormatError('BAD_RECORD', 'does not begin as a record does');
  const control = controlByte(line);
  if (control >= 0) throw new FormatError('BAD_RECORD', `holds a control byte at ${control}`);
  const node = strictJson(line);
  if (node.kind !== 'object' || node.members.map(({ key }) => key.value).join() !== MEMBERS) {
    throw new FormatError('BAD_RECORD', 'does not have the members of a record');
  }
  if (!onlyIntegers(node, line)) throw new FormatError('BAD_RECORD', 'holds a number that is not a safe integer');
  const value = toValue(node);
  if (!isJsonObject(value)) throw new FormatError('BAD_RECORD', 'is not an object');
  const fields = fieldsOf(value);
  return { kind: 'record', seq, prev, ...fields, payloads: commitments(fields.d), leaf: leafHash(line) };
};

export interface PayloadLine {
  readonly kind: 'payload';
  readonly seq: number;
  readonly name: string;
  /** 32 bytes. */
  readonly salt: Buffer;
  /** The data as written; null where it lies in `blobs/`. */
  readonly data: Buffer | null;
}

const PAYLOAD = /^>\{"seq":(0|[1-9][0-9]{0,15}),"name":"([a-z][a-z0-9_]{0,31})","salt":"([0-9a-f]{64})","(data|blob)":/;

const dataFault = (data: Buffer): string | undefined => {
  if (data.length > MAX_INLINE_BYTES) return 'is longer than a line may be';
  if (controlByte(data) >= 0) return 'holds a control byte';
  return isUtf8(data) && isJsonText(data) ? undefined : 'does not hold JSON';
};

const isJsonText = (bytes: Buffer): boolean => {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
};

/**
 * @param line with its `>`, without its line feed
 * @throws FormatError
 */
export const parsePayloadLine = (line: Buffer): PayloadLine => {
  const [head = '', seqText, name = '', salt = '', where] = PAYLOAD.exec(line.toString('latin1', 0, 192)) ?? [];
  const seq = Number(seqText);
  if (!Number.isSafeInteger(seq) || line.at(-1) !== 0x7d) {
    throw new FormatError('BAD_PAYLOAD', 'is not a payload line');
  }
  const data = line.subarray(head.length, -1);
  const facts = { kind: 'payload', seq, name, salt: Buffer.from(salt, 'hex') } as const;
  if (where === 'blob') {
    if (data.toString('latin1') !== 'true') throw new FormatError('BAD_PAYLOAD', 'is not a payload line');
    return { ...facts, data: null };
  }
  const fault = dataFault(data);
  if (fault) throw new FormatError('BAD_PAYLOAD', fault);
  return { ...facts, data };
};

/** What is hashed before the data of a payload: 0x02 ‖ salt. */
export const commitmentPrefix = (salt: Uint8Array): Buffer => Buffer.concat([Uint8Array.of(2), salt]);

/** SHA-256(0x02 ‖ salt ‖ data), hex. */
export const commitmentOf = (salt: Uint8Array, data: Uint8Array | string): string =>
  data.length > ONE_SHOT
    ? createHash('sha256').update(commitmentPrefix(salt)).update(data).digest('hex')
    : hash(
        'sha256',
        Buffer.concat([commitmentPrefix(salt), typeof data === 'string' ? Buffer.from(data) : data]),
        'hex',
      );

/** Up to this length copying costs less than a hash object. */
const ONE_SHOT = 8_192;

export interface CheckpointLine {
  readonly kind: 'checkpoint';
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
}

/** `~` and the signed note as a JSON string. */
export const checkpointLine = (note: string): string => `~${JSON.stringify(note)}`;

/**
 * @param line with its `~`, without its line feed
 * @throws FormatError
 */
export const parseCheckpointLine = (line: Buffer): CheckpointLine => {
  try {
    const text = line.toString('utf8', 1);
    const note: unknown = isUtf8(line) ? JSON.parse(text) : undefined;
    if (typeof note !== 'string' || JSON.stringify(note) !== text)
      throw new NoteError('not a JSON string as it is written here');
    const parsed = parseNote(note);
    if (parsed.signatures.length !== 1) throw new NoteError('not exactly one signature');
    return { kind: 'checkpoint', note: parsed, checkpoint: parseCheckpoint(parsed.text) };
  } catch (error) {
    if (error instanceof NoteError) throw new FormatError('BAD_CHECKPOINT', `is not a checkpoint: ${error.message}`);
    if (error instanceof SyntaxError) throw new FormatError('BAD_CHECKPOINT', 'is not a checkpoint: not a JSON string');
    throw error;
  }
};

export type LedgerLine = RecordLine | PayloadLine | CheckpointLine;

/**
 * Parses whichever line it is, by its first byte.
 * @throws FormatError
 */
export const parseLine = (line: Buffer): LedgerLine => {
  if (line[0] === 0x3e) return parsePayloadLine(line);
  if (line[0] === 0x7e) return parseCheckpointLine(line);
  return parseRecordLine(line);
};
