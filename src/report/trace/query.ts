/** Statements over many ids at once: the number of queries does not grow with the items of a sample. */
import { numberOf, type Reader, type Row, textOf } from '../rows.js';

/** How many events of one call, and how many calls of one approval, a trace shows. */
export const MAX_SHOWN = 24;

export const maybe = (value: unknown): string | null => (value === null || value === undefined ? null : textOf(value));
export const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf) : []);
export const countOf = (value: unknown): number | null =>
  value === null || value === undefined ? null : numberOf(value);
export const flag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

/** The ids asked for, as a list of SQL. */
export const IDS = `(SELECT unnest(from_json($ids::JSON, '["VARCHAR"]')))`;
export const NUMBERS = `(SELECT unnest(from_json($ids::JSON, '["BIGINT"]')))`;

/** Rows of a statement over the ids `$ids`, given once each. */
export const ask = async <T>(
  reader: Reader,
  sql: string,
  ids: Iterable<string | number>,
  read: (row: Row) => T,
): Promise<readonly T[]> => {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return [];
  return (await reader.query(sql, { ids: JSON.stringify(wanted) })).map(read);
};
