/**
 * CloudTrail log files: split into records and checked, without I/O. Each record stays the bytes that were
 * delivered, so that what is loaded is what was hashed. Source: AWS CloudTrail user guide, "CloudTrail record
 * contents"; a log file is `{"Records":[…]}`, exports are often the bare list.
 */
import { at, JsonError, type JsonNode, parseJson, stringOf } from './json.js';

/** Why bytes are not a CloudTrail log. Holds no content. */
export class TrailLogError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'TrailLogError';
  }
}

/** Longest record; CloudTrail's own limit is 256 KB. */
export const MAX_RECORD_BYTES = 4 * 1024 ** 2;

const BYTE = {
  quote: 0x22,
  backslash: 0x5c,
  comma: 0x2c,
  colon: 0x3a,
  open: 0x7b,
  close: 0x7d,
  list: 0x5b,
  endList: 0x5d,
};
const RECORDS = Buffer.from('"Records"');

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const skipSpace = (bytes: Buffer, from: number): number => {
  let i = from;
  while (isSpace(bytes[i])) i++;
  return i;
};

const notLog = (problem: string): never => {
  throw new TrailLogError(`not a CloudTrail log: ${problem}`);
};

/** End of the string that starts at `from`. */
const stringEnd = (bytes: Buffer, from: number): number => {
  for (let i = from + 1; i < bytes.length; i++) {
    if (bytes[i] === BYTE.backslash) i++;
    else if (bytes[i] === BYTE.quote) return i + 1;
  }
  return notLog('the JSON text is cut off');
};

/**
 * End of the record that starts at `from`: brackets are counted, what is between them is checked later.
 * @throws TrailLogError
 */
export const trailRecordEnd = (bytes: Buffer, from: number): number => {
  let depth = 0;
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === BYTE.quote) i = stringEnd(bytes, i) - 1;
    else if (byte === BYTE.open || byte === BYTE.list) depth++;
    else if (depth === 0 && (byte === BYTE.comma || byte === BYTE.endList)) return i;
    else if (byte === BYTE.close || byte === BYTE.endList) {
      depth--;
      if (depth <= 0) return i + 1;
    }
  }
  return notLog('the JSON text is cut off');
};

/** Calls `endOf` with the start of each element of the list that starts at `from`. @returns where the list ends */
const eachElement = (bytes: Buffer, from: number, endOf: (start: number) => number): number => {
  let i = skipSpace(bytes, from + 1);
  if (bytes[i] === BYTE.endList) return i + 1;
  for (;;) {
    const end = endOf(i);
    if (end === i) return notLog('a list element is empty');
    i = skipSpace(bytes, end);
    if (bytes[i] === BYTE.endList) return i + 1;
    if (bytes[i] !== BYTE.comma) return notLog('a comma or closing bracket is missing');
    i = skipSpace(bytes, i + 1);
  }
};

/** Start of the list of records in `{"Records":[`. */
const recordsStart = (bytes: Buffer, from: number): number => {
  const key = skipSpace(bytes, from + 1);
  const found = bytes.subarray(key, key + RECORDS.length).equals(RECORDS);
  const colon = skipSpace(bytes, key + RECORDS.length);
  if (!found || bytes[colon] !== BYTE.colon) return notLog('it does not begin with Records');
  const start = skipSpace(bytes, colon + 1);
  return bytes[start] === BYTE.list ? start : notLog('Records is not a list');
};

/**
 * Walks a whole log file, `{"Records":[…]}` and nothing else or a bare list.
 * @param visit called with the start of each record; says where it ends
 * @throws TrailLogError where the frame is anything else, which may show only at its end
 */
export const walkTrailLog = (bytes: Buffer, visit: (start: number) => number): void => {
  const first = skipSpace(bytes, 0);
  if (first === bytes.length) return notLog('it is empty');
  const wrapped = bytes[first] === BYTE.open;
  if (!wrapped && bytes[first] !== BYTE.list) return notLog('it is not JSON of that form');
  let last = skipSpace(bytes, eachElement(bytes, wrapped ? recordsStart(bytes, first) : first, visit));
  if (wrapped) {
    if (bytes[last] !== BYTE.close) return notLog('something stands beside Records');
    last = skipSpace(bytes, last + 1);
  }
  if (last !== bytes.length) return notLog('text follows the JSON value');
};

/**
 * Splits a whole log file into its records, which `checkTrailRecord` checks.
 * @throws TrailLogError
 */
export const splitTrailLog = (bytes: Buffer): readonly Buffer[] => {
  const records: Buffer[] = [];
  walkTrailLog(bytes, (start) => {
    const end = trailRecordEnd(bytes, start);
    records.push(bytes.subarray(start, end));
    return end;
  });
  return records;
};

/** What a record must have to be an event. */
export type TrailRecord =
  | {
      readonly ok: true;
      readonly id: string;
      /** `recipientAccountId`, empty where the record has none. */
      readonly account: string;
      /** Milliseconds since 1970. */
      readonly time: number;
      readonly category: string | null;
    }
  | { readonly ok: false; readonly problem: string };

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$/;

/** Milliseconds of an RFC 3339 UTC time; undefined where the text is none or names no real date. */
const timeOf = (text: string | undefined): number | undefined => {
  if (text === undefined || !TIME.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== text.slice(0, 19) ? undefined : ms;
};

const word = (node: JsonNode, name: string): string | undefined => {
  const text = stringOf(at(node, name));
  return text !== undefined && text.length > 0 && text.length <= 256 ? text : undefined;
};

const strict = (bytes: Buffer): JsonNode | string => {
  if (bytes.length > MAX_RECORD_BYTES) return `a record of over ${MAX_RECORD_BYTES} bytes`;
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonError) return `not strict JSON: ${error.message}`;
    throw error;
  }
};

const isTextOrNull = (node: JsonNode | undefined): boolean =>
  node === undefined || node.kind === 'string' || (node.kind === 'literal' && node.value === null);

/** Checks one record strictly: well-formed JSON without duplicate names, and the fields every event has. */
export const checkTrailRecord = (bytes: Buffer): TrailRecord => {
  const node = strict(bytes);
  if (typeof node === 'string') return { ok: false, problem: node };
  if (node.kind !== 'object') return { ok: false, problem: 'not an object' };
  const absent = ['eventID', 'eventSource', 'eventName'].find((name) => word(node, name) === undefined);
  if (absent !== undefined) return { ok: false, problem: `no ${absent}` };
  const time = timeOf(stringOf(at(node, 'eventTime')));
  if (time === undefined) return { ok: false, problem: 'no eventTime in UTC' };
  const account = at(node, 'recipientAccountId');
  if (!isTextOrNull(account)) return { ok: false, problem: 'recipientAccountId is not a text' };
  const id = word(node, 'eventID') ?? '';
  return { ok: true, id, account: stringOf(account) ?? '', time, category: word(node, 'eventCategory') ?? null };
};

/** Whether a key is that of what LookupEvents answered, which no digest can name. */
export const isLookup = (key: string): boolean => /^lookup\/\d{12}\//.test(key);

/** What a file is by its place and name in the bucket layout; null where they do not say. */
export const trailKindOfKey = (key: string): 'log' | 'lookup' | 'digest' | 'insight' | 'network' | null => {
  if (isLookup(key)) return 'lookup';
  if (/(?:^|[/_])CloudTrail-Digest[/_]/.test(key)) return 'digest';
  if (/(?:^|[/_])CloudTrail-Insight[/_]/.test(key)) return 'insight';
  if (/(?:^|[/_])CloudTrail-NetworkActivity[/_]/.test(key)) return 'network';
  return /(?:^|\/)\d{12}_CloudTrail_[a-z0-9-]+_\d{8}T\d{4}Z_[^/]+$/.test(key) ? 'log' : null;
};

/** Categories of records that are not events of one caller: counted, kept apart. */
export const isApart = (category: string | null): boolean => category === 'Insight' || category === 'NetworkActivity';
