/** Rows of the warehouse, read without trusting their types. */
import { timestamp } from '../base/clock.js';
import type { Period } from '../model/evidence.js';

export type Row = Readonly<Record<string, unknown>>;
export type Parameters = Readonly<Record<string, string>>;

/** What the report needs of a warehouse: statements with named parameters. */
export interface Reader {
  query(sql: string, parameters?: Parameters): Promise<readonly Row[]>;
  /** As `query`, row by row in bounded memory. */
  stream(sql: string, parameters?: Parameters): AsyncIterable<Row>;
}

export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** @throws Error where a count is not a number: a report must not print a guess */
export const numberOf = (value: unknown): number => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Error('the warehouse returned no number where one was asked for');
};

/** `$from` and `$to` as the warehouse takes them. */
export const bounds = ({ from, to }: Period): Parameters => ({ from: timestamp(from), to: timestamp(to) });

/** The one row of an aggregate. */
export const only = async (reader: Reader, sql: string, parameters: Parameters = {}): Promise<Row> =>
  (await reader.query(sql, parameters))[0] ?? {};
