/** Drafts to lines. What depends on the place in the chain is put in last, so that nothing is encoded twice. */
import { isUtf8 } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';
import { timestamp } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import type { RecordType } from '../model/record.js';
import { type Effect, effectOf } from './account.js';
import { commitmentOf, isPayloadName, MAX_INLINE_BYTES, MAX_PAYLOADS, MAX_RECORD_BYTES } from './format.js';

/** Any record, the ledger's own `seg` included. */
export interface Draft {
  readonly type: RecordType;
  readonly d: object;
  readonly payloads?: Readonly<Record<string, string | Buffer>>;
}

/** A record and its payloads without `seq`, `prev` and time. */
export interface Encoded {
  readonly type: RecordType;
  readonly effect: Effect;
  /** `"type":…,"d":…}`: the end of the record line. */
  readonly end: string;
  /** Each payload line from `,"name":` on. */
  readonly payloads: readonly string[];
  /** Files to be durable before the record is written. */
  readonly blobs: readonly { readonly commitment: string; readonly bytes: Buffer }[];
}

const MAX_DEPTH = 32;

const invalid = (problem: string): CountersignError => new CountersignError('RECORD_INVALID', { problem });

/** Refuses what the format cannot hold, before `JSON.stringify` would drop or change it. */
const check = (value: unknown, depth: number): void => {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw invalid('a text holds a lone surrogate');
      return;
    case 'number':
      if (!Number.isSafeInteger(value)) throw invalid('a number is not a safe integer');
      return;
    case 'boolean':
      return;
    case 'object':
      if (value !== null) checkObject(value, depth);
      return;
    default:
      throw invalid(`a value is of type ${typeof value}`);
  }
};

const checkObject = (value: object, depth: number): void => {
  if (depth > MAX_DEPTH) throw invalid('values are nested too deep');
  if (Array.isArray(value)) {
    for (const item of value) check(item, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw invalid('a value is not plain data');
  checkMembers(value, depth);
};

/** Of plain data every enumerable member is its own. */
const checkMembers = (value: object, depth: number): void => {
  for (const name in value) {
    if (!name.isWellFormed()) throw invalid('a member name holds a lone surrogate');
    check(Reflect.get(value, name), depth + 1);
  }
};

const POOL = 4096;
let pool = Buffer.alloc(0);

/** 32 fresh random bytes. Taken from a pool: one call of the generator serves many payloads. */
const freshSalt = (): Buffer => {
  if (pool.length < 32) pool = randomBytes(POOL);
  const salt = pool.subarray(0, 32);
  pool = pool.subarray(32);
  return salt;
};

/** Anything below U+0020. */
const CONTROL = /[^ -\u{10ffff}]/u;

const payloadText = (name: string, data: string | Buffer): string => {
  if (typeof data !== 'string' && !isUtf8(data)) throw invalid(`the payload ${name} is not UTF-8`);
  const text = data.toString();
  // Looked for here because JSON allows line breaks between tokens, and a line break ends a payload line.
  // Bytes that are UTF-8 decode to well-formed text.
  if ((typeof data === 'string' && !text.isWellFormed()) || CONTROL.test(text)) {
    throw invalid(`the payload ${name} holds control characters`);
  }
  try {
    JSON.parse(text);
  } catch {
    throw invalid(`the payload ${name} is not JSON`);
  }
  return text;
};

interface EncodedPayload {
  readonly commitment: string;
  readonly line: string;
  readonly blob: Buffer | null;
}

const encodePayload = (name: string, data: string | Buffer): EncodedPayload => {
  if (!isPayloadName(name)) throw invalid('a payload has no valid name');
  const salt = freshSalt();
  const head = `,"name":"${name}","salt":"${salt.toString('hex')}",`;
  if (Buffer.byteLength(data) > MAX_INLINE_BYTES) {
    const blob = Buffer.from(data);
    return { commitment: commitmentOf(salt, blob), line: `${head}"blob":true}\n`, blob };
  }
  const text = payloadText(name, data);
  return { commitment: commitmentOf(salt, text), line: `${head}"data":${text}}\n`, blob: null };
};

const NOTHING: readonly never[] = [];

/**
 * @throws CountersignError RECORD_INVALID: a number that is not a safe integer, a value JSON would drop,
 * a member `p`, more than 16 payloads, a payload that is not JSON on one line
 */
export const encodeDraft = ({ type, d, payloads }: Draft): Encoded => {
  check(d, 0);
  if (Object.hasOwn(d, 'p')) throw invalid('p is the ledger’s own member');
  const body = JSON.stringify(d);
  const effect = effectOf(type, d);
  const names = payloads ? Object.keys(payloads) : NOTHING;
  if (names.length > MAX_PAYLOADS) throw invalid('a record has too many payloads');
  const lines: string[] = [];
  const blobs: { commitment: string; bytes: Buffer }[] = [];
  let p = '';
  for (const name of names) {
    const { commitment, line, blob } = encodePayload(name, payloads?.[name] ?? '');
    p += `${p === '' ? '' : ','}"${name}":"${commitment}"`;
    lines.push(line);
    if (blob) blobs.push({ commitment, bytes: blob });
  }
  const comma = body === '{}' ? '' : ',';
  const content = p === '' ? body : `${body.slice(0, -1)}${comma}"p":{${p}}}`;
  return { type, effect, end: `"type":"${type}","d":${content}}`, payloads: lines, blobs };
};

/** Where and when a record stands. */
export interface Place {
  readonly seq: number;
  readonly prev: string;
  readonly now: number;
  readonly monotonic: number;
  readonly boot: string;
}

export interface PlacedLines {
  /** The record line without its line feed. */
  readonly line: string;
  /** The payload lines, each with its line feed. */
  readonly payloads: readonly string[];
  /** Characters of all of them. */
  readonly length: number;
  /** Hash of the record line, hex: the next `prev`. */
  readonly leaf: string;
}

/** @throws CountersignError RECORD_INVALID where the record line is over 65,535 bytes */
export const placeRecord = (encoded: Encoded, { seq, prev, now, monotonic, boot }: Place): PlacedLines => {
  // Hashed with the byte before it that makes a leaf, and cut from that text: so its characters are put together once.
  const leaf = `\0{"v":1,"seq":${seq},"prev":"${prev}","t":"${timestamp(now)}","m":${monotonic},"boot":"${boot}",${encoded.end}`;
  const hashed = hash('sha256', leaf, 'hex');
  const line = leaf.slice(1);
  if (line.length * 3 > MAX_RECORD_BYTES && Buffer.byteLength(line) > MAX_RECORD_BYTES) {
    throw invalid(`a record of type ${encoded.type} is over ${MAX_RECORD_BYTES} bytes`);
  }
  const { payloads: rests } = encoded;
  let { length } = line;
  if (rests.length === 0) return { line, payloads: rests, length, leaf: hashed };
  const payloads = rests.map((rest) => `>{"seq":${seq}${rest}`);
  for (const payload of payloads) length += payload.length;
  return { line, payloads, length, leaf: hashed };
};
