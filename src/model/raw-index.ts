/** `raw/index.ndjson`, `raw/problems.ndjson` and `raw/listing.ndjson`: what was delivered, one line per item. */
import { isObject, type JsonObject, type JsonValue, parseJson, toValue } from '../base/json.js';
import type { TrailContext } from '../base/trail-findings.js';
import type { RawDelivery, RawObject } from './evidence.js';

/** A delivered file that is not kept as evidence, and why. */
export interface RawProblem {
  readonly key: string;
  /** Empty where the file was not read. */
  readonly sha256: string;
  readonly bytes: number;
  readonly reason: string;
}

const KINDS = ['cloudtrail-log', 'cloudtrail-digest', 'cloudtrail-public-keys'] as const;

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

const textOrNull = (object: JsonObject, name: string, line: number): string | null =>
  object[name] === null ? null : text(object, name, line);

const delivery = (value: JsonValue | undefined, line: number): { readonly delivery?: RawDelivery } => {
  if (value === undefined) return {};
  if (!isObject(value)) return fail(line, 'delivery');
  return {
    delivery: {
      source: text(value, 'source', line),
      version: textOrNull(value, 'version', line),
      etag: textOrNull(value, 'etag', line),
      modified: text(value, 'modified', line),
      lock: textOrNull(value, 'lock', line),
      backfill: textOrNull(value, 'backfill', line),
    },
  };
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
    signature: textOrNull(object, 'signature', line),
    ...delivery(object['delivery'], line),
  };
};

const rawProblem = (object: JsonObject, line: number): RawProblem => ({
  key: text(object, 'key', line),
  sha256: text(object, 'sha256', line),
  bytes: count(object, 'bytes', line),
  reason: text(object, 'reason', line),
});

/** What listing a bucket told beside its objects: a line of `raw/listing.ndjson`. */
export type RawListing =
  /** A chain of digests that must exist: of one account and region, for what was collected. RFC 3339. */
  | {
      readonly kind: 'chain';
      readonly source: string;
      readonly account: string;
      readonly region: string;
      readonly from: string;
      readonly to: string;
    }
  /** An object was deleted, or hidden, at that time. */
  | { readonly kind: 'delete_marker'; readonly source: string; readonly key: string; readonly at: string };

const rawListing = (object: JsonObject, line: number): RawListing => {
  const source = text(object, 'source', line);
  switch (object['kind']) {
    case 'chain': {
      const [account, region] = [text(object, 'account', line), text(object, 'region', line)];
      return { kind: 'chain', source, account, region, from: text(object, 'from', line), to: text(object, 'to', line) };
    }
    case 'delete_marker':
      return { kind: 'delete_marker', source, key: text(object, 'key', line), at: text(object, 'at', line) };
    default:
      return fail(line, 'kind');
  }
};

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

/** Parses `raw/listing.ndjson` strictly. @throws Error naming the line */
export const parseRawListing = (bytes: Uint8Array): readonly RawListing[] => lines(bytes, rawListing);

/** What the index and the listing say beside the bytes, for the findings of a trail. */
export const trailContext = (objects: readonly RawObject[], listing: readonly RawListing[]): TrailContext => ({
  objects: objects.map(({ key, kind, delivery: told }) => ({ key, kind, version: told?.version ?? null })),
  chains: listing.flatMap((line) => (line.kind === 'chain' ? [line] : [])),
  deleted: listing.flatMap((line) => (line.kind === 'delete_marker' ? [line] : [])),
});

/** Where an object lies below `raw/`. */
export const rawPath = (sha256: string): string => `${sha256.slice(0, 2)}/${sha256}`;
