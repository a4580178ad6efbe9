/** What management answers to exceptions: read from CSV, kept as given, printed beside what they answer. */
import { csvRecords } from '../base/csv-read.js';
import { reason } from '../base/errors.js';
import type { Response } from '../model/evidence.js';
import { csv } from './csv.js';

/** Columns of a file of responses, in any order; the first must be there. */
const REQUIRED = ['exception_id', 'disposition', 'response', 'owner', 'by', 'responded'] as const;
const OPTIONAL = ['cause', 'action', 'due'] as const;
const RESPONSE_COLUMNS: readonly string[] = [...REQUIRED, ...OPTIONAL];

/** What becomes of an exception. It stays an exception whatever the word: counted and listed. */
export const DISPOSITIONS: Readonly<Record<Response['disposition'], string>> = {
  fixed: 'Fixed',
  will_fix: 'Will be fixed',
  risk_accepted: 'Risk accepted',
  disputed: 'Disputed',
};

export const MAX_RESPONSE_BYTES = 16 * 1024 ** 2;
const MAX_TEXT = 4_096;

/** What is wrong with one line of the file, from 1. */
export interface ResponseProblem {
  readonly line: number;
  readonly problem: string;
}

/** `CS-APP-01/0001`: the exception's place among those of its control, as in exceptions.csv. */
export const exceptionId = (control: string, index: number): string =>
  `${control}/${String(index + 1).padStart(4, '0')}`;

const isDate = (text: string): boolean => {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
};

const isDisposition = (word: string): word is Response['disposition'] => Object.hasOwn(DISPOSITIONS, word);

/** Whether a response may name this: an exception, or a control that has some. */
const isAnswerable = (counts: ReadonlyMap<string, number>, id: string): boolean => {
  const [control = '', index] = id.split('/');
  const count = counts.get(control) ?? 0;
  if (index === undefined) return count > 0;
  return /^\d{4,9}$/.test(index) && Number(index) <= count && exceptionId(control, Number(index) - 1) === id;
};

type At = (name: string) => string;

/** What is wrong with the words of a line; null where nothing is. */
const textProblem = (at: At): string | null => {
  const empty = REQUIRED.find((name) => at(name).trim() === '');
  if (empty !== undefined) return `${empty} is empty`;
  const long = RESPONSE_COLUMNS.find((name) => at(name).length > MAX_TEXT);
  return long === undefined ? null : `${long} is longer than ${MAX_TEXT} characters`;
};

/** What is wrong with its days; null where nothing is. */
const dateProblem = (at: At): string | null => {
  if (!isDate(at('responded'))) return 'responded is no date such as 2026-10-04';
  if (at('due') !== '') return isDate(at('due')) ? null : 'due is no date such as 2026-12-31';
  return at('disposition') === 'will_fix' ? 'what will be fixed needs a date in due' : null;
};

/** The response of a line, or what is wrong with it. */
const responseOf = (at: At, counts: ReadonlyMap<string, number>): Response | string => {
  const problem = textProblem(at) ?? dateProblem(at);
  if (problem !== null) return problem;
  const [exception, disposition] = [at('exception_id'), at('disposition')];
  if (!isAnswerable(counts, exception))
    return `there is no exception ${JSON.stringify(exception.slice(0, 80))} in the package`;
  if (!isDisposition(disposition)) return `disposition is none of ${Object.keys(DISPOSITIONS).join(', ')}`;
  const due = at('due') === '' ? null : at('due');
  const [response, owner, by, responded] = [at('response'), at('owner'), at('by'), at('responded')];
  return { exception, disposition, response, owner, by, responded, cause: at('cause'), action: at('action'), due };
};

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<string> {
  yield new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

const headProblem = (head: readonly string[]): string | null => {
  const missing = REQUIRED.find((name) => !head.includes(name));
  if (missing !== undefined) return `the column ${missing} is missing`;
  const unknown = head.find((name) => !RESPONSE_COLUMNS.includes(name));
  if (unknown !== undefined) return `${JSON.stringify(unknown.slice(0, 80))} is no column of responses`;
  return new Set(head).size === head.length ? null : 'a column stands twice';
};

interface Reading {
  readonly responses: Response[];
  readonly problems: ResponseProblem[];
}

const readLine = (
  { responses, problems }: Reading,
  line: number,
  at: readonly [head: readonly string[], record: readonly string[]],
  counts: ReadonlyMap<string, number>,
): void => {
  const [head, record] = at;
  if (record.length !== head.length) {
    problems.push({ line, problem: `${record.length} fields stand under ${head.length} columns` });
    return;
  }
  const read = responseOf((name) => record[head.indexOf(name)] ?? '', counts);
  if (typeof read === 'string') problems.push({ line, problem: read });
  else responses.push(read);
};

/**
 * Reads a file of responses whole. Where there are problems, none of it may be used.
 * @param counts exceptions of the package by control: a response names one of them, or a control for all of its own
 */
export const readResponses = async (
  bytes: Uint8Array,
  counts: ReadonlyMap<string, number>,
): Promise<Readonly<Reading>> => {
  const reading: Reading = { responses: [], problems: [] };
  let head: readonly string[] | null = null;
  let line = 0;
  try {
    for await (const record of csvRecords(chunksOf(bytes))) {
      line++;
      if (head !== null) readLine(reading, line, [head, record], counts);
      else {
        head = record;
        const problem = headProblem(head);
        if (problem !== null) return { responses: [], problems: [{ line, problem }] };
      }
    }
  } catch (error) {
    reading.problems.push({ line: line + 1, problem: reason(error) });
  }
  const { responses, problems } = reading;
  if (responses.length === 0 && problems.length === 0) problems.push({ line: 1, problem: 'it holds no response' });
  return reading;
};

/** The response in force for an exception: the last that names it or its control. */
export const answerTo = (responses: readonly Response[], control: string, index: number): Response | undefined => {
  const id = exceptionId(control, index);
  return responses.findLast(({ exception }) => exception === id || exception === control);
};

/** `responses.csv`: every response that was ever given, in order; the last that names an exception is in force. */
export const responseTable = (responses: readonly Response[]): string =>
  csv(
    RESPONSE_COLUMNS,
    responses.map((r) => [
      r.exception,
      r.disposition,
      r.response,
      r.owner,
      r.by,
      r.responded,
      r.cause,
      r.action,
      r.due,
    ]),
  );

/** A file of responses from answers that were typed: columns in the order of `RESPONSE_COLUMNS`, every field quoted. */
export const responseFile = (rows: readonly (readonly string[])[]): Buffer => {
  const line = (fields: readonly string[]): string =>
    `${fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')}\r\n`;
  return Buffer.from([RESPONSE_COLUMNS, ...rows].map(line).join(''));
};
