/**
 * CSV as RFC 4180 has it: comma, CRLF, quotes doubled; UTF-8 without a mark.
 *
 * A spreadsheet runs text that begins like a formula. Text fields of that kind get an apostrophe in front
 * (numbers do not: they are ours); the value as it was stands in results.json and in the ledger.
 */
export type CsvField = string | number | boolean | null;

const FORMULA = /^\s*[=+\-@|%]|^[\t\r\n]/;

const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const field = (value: CsvField): string => {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = guarded(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const csvLine = (fields: readonly CsvField[]): string => `${fields.map(field).join(',')}\r\n`;

/** A table with its head, in the order given. */
export const csv = (head: readonly string[], rows: Iterable<readonly CsvField[]>): string => {
  const lines = [csvLine(head)];
  for (const row of rows) lines.push(csvLine(row));
  return lines.join('');
};
