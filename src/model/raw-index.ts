/** `raw/index.ndjson` and `raw/problems.ndjson`: what was delivered, one line per key. */
import { isArray, type JsonObject, type JsonValue, parseJson, toValue } from '../base/json.js';
import type { RawObject } from './evidence.js';

/** A delivered file that is not kept as evidence, and why. */
export interface RawProblem {
  readonly key: string;
  /** Empty where the file was not read. */
  readonly sha256: string;
  readonly bytes: number;
  readonly reason: string;
}

const KINDS = ['cloudtrail-log', 'cloudtrail-digest', 'cloudtrail-public-keys'] as const;

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value);

const fail = (line: number, name: string): never => {
  throw new Error(`line ${line}: ${name} is missing or of the wrong type`);
};

const text = (object: JsonObject, name: string, line: number): string => {
  const value = object[name];
  return typeof value === 'string' ? value : fail(line, name);
};

const count = (object: JsonObject, name: string, line: number): number => {
  const value = object[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fail(line, name);
};

const rawObject = (object: JsonObject, line: number): RawObject => {
  const kind = KINDS.find((known) => known === object['kind']);
  const sha256 = text(object, 'sha256', line);
  if (kind === undefined) return fail(line, 'kind');
  if (!/^[0-9a-f]{64}$/.test(sha256)) return fail(line, 'sha256');
  return {
    sha256,
    bytes: count(object, 'bytes', line),
    kind,
    key: text(object, 'key', line),
    signature: object['signature'] === null ? null : text(object, 'signature', line),
  };
};

const rawProblem = (object: JsonObject, line: number): RawProblem => ({
  key: text(object, 'key', line),
  sha256: text(object, 'sha256', line),
  bytes: count(object, 'bytes', line),
  reason: text(object, 'reason', line),
});

const lines = <T>(bytes: Uint8Array, parse: (object: JsonObject, line: number) => T): readonly T[] => {
  const rows: T[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0; from < buffer.length; ) {
    const end = buffer.indexOf(0x0a, from);
    const line = rows.length + 1;
    if (end < 0) throw new Error(`line ${line} is cut off`);
    const value = toValue(parseJson(buffer.subarray(from, end)));
    rows.push(isObject(value) ? parse(value, line) : fail(line, 'object'));
    from = end + 1;
  }
  return rows;
};

/** Parses `raw/index.ndjson` strictly. @throws Error naming the line */
export const parseRawIndex = (bytes: Uint8Array): readonly RawObject[] => lines(bytes, rawObject);

/** Parses `raw/problems.ndjson` strictly. @throws Error naming the line */
export const parseRawProblems = (bytes: Uint8Array): readonly RawProblem[] => lines(bytes, rawProblem);

/** Where an object lies below `raw/`. */
export const rawPath = (sha256: string): string => `${sha256.slice(0, 2)}/${sha256}`;
