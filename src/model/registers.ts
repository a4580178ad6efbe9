/** Registers that only the organisation keeps: who left, who reviewed, what changed, what was taken up, what was disclosed. */
import { instantOf } from '../base/clock.js';
import { csvRecords } from '../base/csv-read.js';

/** The registers, by the word that names them on the command line. */
export const REGISTER_KINDS = ['leavers', 'reviews', 'changes', 'cases', 'disclosures'] as const;
export type RegisterKind = (typeof REGISTER_KINDS)[number];

type FieldType = 'text' | 'optional' | 'time' | 'optional time' | 'sha256';

/** Columns of each register, in the order of the warehouse's table. Optional ones may be absent from a file. */
export const REGISTER_COLUMNS: Readonly<Record<RegisterKind, Readonly<Record<string, FieldType>>>> = {
  leavers: { person: 'text', ended: 'time', ref: 'optional' },
  reviews: { digest: 'sha256', author: 'text', reviewer: 'text', reviewed: 'time', ref: 'optional' },
  changes: {
    ref: 'text',
    title: 'text',
    author: 'text',
    approver: 'optional',
    approved: 'optional time',
    closed: 'optional time',
  },
  cases: {
    item: 'text',
    control: 'optional',
    opened: 'time',
    owner: 'optional',
    triaged: 'optional time',
    verdict: 'optional',
    closed: 'optional time',
    ref: 'optional',
  },
  disclosures: { ref: 'text', disclosed: 'time', recipient: 'text', data: 'text', purpose: 'text', person: 'optional' },
};

/** Times are milliseconds since 1970; an optional field that is empty or absent is null. */
export type RegisterCell = string | number | null;

export interface RegisterProblem {
  /** Of the file, from 1; where the record begins. */
  readonly line: number;
  /** Null where the line as a whole is wrong. */
  readonly column: string | null;
  readonly problem: string;
}

export interface ReadRegister {
  /** Cells in the order of `REGISTER_COLUMNS`; of lines without a problem. */
  readonly rows: readonly (readonly RegisterCell[])[];
  readonly problems: readonly RegisterProblem[];
}

/** A register that is larger is no list that people keep. */
export const MAX_REGISTER_BYTES = 64 * 1024 ** 2;
const MAX_TEXT = 4096;
/** Reading stops here: a file with more is the wrong file. */
const MAX_PROBLEMS = 1000;

class FieldError extends Error {}

const cellOf = (type: FieldType, text: string): RegisterCell => {
  if (text.trim() !== text) throw new FieldError('blanks stand before or after the text');
  if (text === '') {
    if (type.startsWith('optional')) return null;
    throw new FieldError('it is empty');
  }
  if (text.length > MAX_TEXT) throw new FieldError(`it is longer than ${MAX_TEXT} characters`);
  if (type === 'sha256' && !/^[0-9a-f]{64}$/.test(text)) throw new FieldError('64 digits 0-9 a-f are wanted');
  if (!type.endsWith('time')) return text;
  const ms = instantOf(text);
  if (ms === undefined) throw new FieldError('a time with its offset is wanted, such as 2026-10-31T18:00:00+01:00');
  return ms;
};

/** Problems of the first line. */
const headProblems = (kind: RegisterKind, head: readonly string[]): readonly RegisterProblem[] => {
  const columns = REGISTER_COLUMNS[kind];
  const problems: RegisterProblem[] = [];
  for (const [name, type] of Object.entries(columns)) {
    if (!type.startsWith('optional') && !head.includes(name)) {
      problems.push({ line: 1, column: name, problem: 'the column is missing' });
    }
  }
  for (const [at, name] of head.entries()) {
    if (!Object.hasOwn(columns, name)) problems.push({ line: 1, column: name, problem: 'no such column is known' });
    else if (head.indexOf(name) !== at) problems.push({ line: 1, column: name, problem: 'the column stands twice' });
  }
  return problems;
};

interface Lines {
  readonly head: readonly string[];
  readonly rows: (readonly RegisterCell[])[];
  readonly problems: RegisterProblem[];
  /** Line of each row read so far, by its cells. */
  readonly seen: Map<string, number>;
}

const takeLine = (kind: RegisterKind, line: number, record: readonly string[], lines: Lines): void => {
  const { head, rows, problems, seen } = lines;
  if (record.length !== head.length) {
    const problem = `${record.length} fields stand where the first line names ${head.length}`;
    problems.push({ line, column: null, problem });
    return;
  }
  const before = problems.length;
  const cells = Object.entries(REGISTER_COLUMNS[kind]).map(([column, type]): RegisterCell => {
    try {
      return cellOf(type, record[head.indexOf(column)] ?? '');
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      problems.push({ line, column, problem: error.message });
      return null;
    }
  });
  if (problems.length > before) return;
  const key = JSON.stringify(cells);
  const first = seen.get(key);
  if (first !== undefined) problems.push({ line, column: null, problem: `it says the same as line ${first}` });
  else rows.push(cells);
  seen.set(key, first ?? line);
};

const linesIn = (record: readonly string[]): number =>
  record.reduce((total, field) => total + field.split('\n').length - 1, 1);

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/**
 * Reads a register: CSV (RFC 4180) in UTF-8, the first line naming the columns in any order.
 * Every line that is wrong is a problem, up to a thousand; nothing is guessed or mended.
 */
export const readRegister = async (kind: RegisterKind, bytes: Uint8Array): Promise<ReadRegister> => {
  const text = decode(bytes);
  const refused = (line: number, problem: string): ReadRegister => ({
    rows: [],
    problems: [{ line, column: null, problem }],
  });
  if (text === undefined) return refused(1, 'the file is not UTF-8');
  let lines: Lines | undefined;
  let line = 1;
  try {
    for await (const record of csvRecords([text])) {
      if (lines === undefined) {
        lines = { head: record, rows: [], problems: [...headProblems(kind, record)], seen: new Map() };
        if (lines.problems.length > 0) return { rows: [], problems: lines.problems };
      } else takeLine(kind, line, record, lines);
      if (lines.problems.length >= MAX_PROBLEMS) break;
      line += linesIn(record);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const problems = [...(lines?.problems ?? []), { line, column: null, problem: error.message }];
    return { rows: [], problems };
  }
  return lines ?? refused(1, 'the file is empty');
};

/** One line of `snapshots/index.ndjson`: a register as it was given. */
export interface RegisterSnapshot {
  readonly kind: RegisterKind;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** When it was taken, RFC 3339 with milliseconds, UTC. */
  readonly taken: string;
}

/** Name of the copy below `snapshots/`. */
export const snapshotName = ({ kind, taken, sha256 }: RegisterSnapshot): string =>
  `${kind}-${taken.replaceAll(/[-:.]/g, '')}-${sha256.slice(0, 16)}.csv`;

const SNAPSHOT_LINE = new RegExp(
  `^\\{"kind":"(${REGISTER_KINDS.join('|')})","sha256":"([0-9a-f]{64})","bytes":(\\d{1,9}),"rows":(\\d{1,9}),` +
    '"taken":"(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z)"\\}$',
);

/** The lines of `snapshots/index.ndjson`, oldest first. */
export const formatSnapshots = (snapshots: readonly RegisterSnapshot[]): string =>
  snapshots
    .map(({ kind, sha256, bytes, rows, taken }) => `${JSON.stringify({ kind, sha256, bytes, rows, taken })}\n`)
    .join('');

/**
 * Reads what `formatSnapshots` wrote.
 * @throws Error where a line is anything else
 */
export const parseSnapshots = (bytes: Uint8Array): readonly RegisterSnapshot[] => {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  if (lines.pop() !== '') throw new Error('the last line is cut');
  return lines.map((text, at) => {
    const found = SNAPSHOT_LINE.exec(text);
    const kind = REGISTER_KINDS.find((known) => known === found?.[1]);
    if (!found || kind === undefined) throw new Error(`line ${at + 1} is no snapshot`);
    const [, , sha256 = '', size, rows, taken = ''] = found;
    return { kind, sha256, bytes: Number(size), rows: Number(rows), taken };
  });
};
