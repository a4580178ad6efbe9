/** Columns of tables under a secret name: CSV (RFC 4180), also with semicolons or tabs, and tables of Markdown. */
import { charactersOf, DIGIT, LOWER, UPPER } from '../chars.js';
import type { Detector, Finding, ScanText } from '../detector.js';
import type { KeyNames } from '../keys.js';
import { isMask, type MaskName } from '../marks.js';

/** Characters of a line and columns looked at in a search for a head. */
const LONGEST_HEAD = 2_000;
const MOST_COLUMNS = 200;
/** A cell in quotes may hold line breaks; without an end this near, the line ends it. */
const LONGEST_QUOTED = 10_000;
const NAME_REACH = 64;
const BAR = '|';

interface Cell {
  readonly start: number;
  readonly end: number;
}

/** One line of a table, or several where a cell in quotes has line breaks. */
interface Row {
  readonly cells: readonly Cell[];
  /** Where the next line begins. */
  readonly next: number;
}

const lineEnd = (s: string, start: number): number => {
  const end = s.indexOf('\n', start);
  return end < 0 ? s.length : end;
};

/** End of a cell in quotes, at the mark that closes it; undefined where none does. */
const closing = (s: string, start: number): number | undefined => {
  for (let at = s.indexOf('"', start + 1); at >= 0 && at - start < LONGEST_QUOTED; at = s.indexOf('"', at + 2)) {
    if (s.charAt(at + 1) !== '"') return at;
  }
  return undefined;
};

/** A cell without blanks and marks around it. */
const inner = (s: string, start: number, end: number): Cell => {
  let [from, to] = [start, end];
  while (from < to && ' \r*`"'.includes(s.charAt(from))) from++;
  while (to > from && ' \r*`"'.includes(s.charAt(to - 1))) to--;
  return { start: from, end: to };
};

const rowAt = (s: string, start: number, separator: string): Row => {
  const cells: Cell[] = [];
  let at = start;
  let end = lineEnd(s, start);
  for (let from = start; ; at++) {
    const close = at === from && s.charAt(at) === '"' ? closing(s, at) : undefined;
    if (close !== undefined) {
      at = close + 1;
      end = lineEnd(s, at);
    }
    if (at < end && s.charAt(at) !== separator) continue;
    cells.push(inner(s, from, Math.min(at, end)));
    from = at + 1;
    if (at >= end || cells.length > MOST_COLUMNS) return { cells, next: end + 1 };
  }
};

/** A name of a column: up to three words. */
const NAME = /^[\p{L}_][\w.-]{0,40}(?:[ /][\w.()-]{1,40}){0,2}$/u;
const FIRST_SEPARATOR = /[,;\t]/;
/** The line below the head of a table of Markdown. */
const RULE = /^\s{0,8}\|?(?:\s?:?-+:?\s?\|)+[\s:-]*$/;

/** What a column is called in masks; undefined where its name is no secret one. */
type Labels = readonly (MaskName | undefined)[];

/** The labels of the columns, where the row is the head of a table and one of them is secret. */
const labelsOf = (names: KeyNames, s: string, { cells }: Row, isMarkdown: boolean): Labels | undefined => {
  // The border before the first cell and the one after the last leave an empty one each.
  const texts = cells.map(({ start, end }) => s.slice(start, end));
  const bare = isMarkdown ? texts.slice(1, -1) : texts;
  // Prose has blanks behind its commas.
  if (!isMarkdown && cells.some(({ start }) => s.charAt(start - 1) === ' ')) return undefined;
  if (bare.length < 2 || !bare.every((text) => NAME.test(text))) return undefined;
  const labels = texts.map((text) => (text === '' ? undefined : names.of(text)));
  return labels.some((label) => label !== undefined) ? labels : undefined;
};

const isNothing = (value: string): boolean => /^(?:-*|null|none|n\/a|\*+)$/i.test(value) || isMask(value);

/** The cells of secret columns in the rows from `start` on, as long as rows have as many cells as the head. */
const below = (s: string, start: number, separator: string, labels: Labels, found: Finding[]): number => {
  let at = start;
  while (at < s.length) {
    const { cells, next } = rowAt(s, at, separator);
    if (cells.length !== labels.length) break;
    for (const [i, { start: from, end }] of cells.entries()) {
      const detector = labels[i];
      if (detector !== undefined && !isNothing(s.slice(from, end)))
        found.push({ start: from, end, detector, far: true });
    }
    at = next;
  }
  return at;
};

/** Where a table begins at a line: its columns, and where its rows do. */
const headAt = (names: KeyNames, s: string, start: number, end: number) => {
  const line = s.slice(start, end);
  const isMarkdown = /^\s{0,8}\|/.test(line);
  const separator = isMarkdown ? BAR : FIRST_SEPARATOR.exec(line)?.[0];
  if (separator === undefined || end - start > LONGEST_HEAD) return undefined;
  const row = rowAt(s, start, separator);
  const labels = labelsOf(names, s, row, isMarkdown);
  if (!labels) return undefined;
  if (!isMarkdown) return { separator, labels, rows: row.next };
  const ruleEnd = lineEnd(s, row.next);
  return RULE.test(s.slice(row.next, ruleEnd)) ? { separator, labels, rows: ruleEnd + 1 } : undefined;
};

/**
 * Adds the findings in the tables of a text.
 * @param columns where names of secrets stand as those of columns do, ascending: heads are looked for there alone
 */
export const findInTables = (
  names: KeyNames,
  s: string,
  columns: readonly number[] | undefined,
  found: Finding[],
): void => {
  let next = 0;
  for (let at = 0; at < s.length; ) {
    if (columns) {
      while (next < columns.length && (columns[next] ?? 0) < at) next++;
      const column = columns[next];
      if (column === undefined) return;
      at = s.lastIndexOf('\n', column - 1) + 1;
    }
    const end = lineEnd(s, at);
    const head = end === s.length ? undefined : headAt(names, s, at, end);
    at = head ? Math.max(end + 1, below(s, head.rows, head.separator, head.labels, found)) : end + 1;
  }
};

/** Letters and digits, and what is left out behind a name. */
const LETTERS = `${charactersOf(UPPER | LOWER | DIGIT)} *_.-\``;
/** Separators, and the end of a line, in clear and as an escape. */
const AFTER_NAME = `${BAR},;\\\n\r\t`;
/** Signs around a name at most; blanks do not count. */
const MOST_SIGNS = 8;

/** Where the name before a separator at `i` ends. */
const nameEnd = (s: string, i: number, from: number): number => {
  let end = i;
  for (let signs = 0; end > from; end--) {
    const last = s.charAt(end - 1);
    if (last === ' ') continue;
    if (!'*`"\\'.includes(last) || ++signs > MOST_SIGNS) break;
  }
  return end;
};

/** Whether a secret name stands where a column of a table may have it. */
const columnDetector = (
  names: KeyNames,
  place: Pick<Detector, 'anchors'> & Pick<Partial<Detector>, 'before' | 'twoBefore'>,
): Detector => ({
  name: 'key',
  group: 'keys',
  marks: 'column',
  endings: names.letters,
  ...place,
  at({ s, codes }: ScanText, i, from) {
    const end = nameEnd(s, i, from);
    if (!names.mayEndAt(codes, end - 1)) return undefined;
    const key = names.before(s, end, Math.max(from, end - NAME_REACH));
    return key && { start: i, end: i + 1, detector: key.label };
  },
});

/** A name in quotes, once escapes are read: the raw stage sees such quotes around every string. */
const closedColumn = (names: KeyNames): Detector => {
  const column = columnDetector(names, { anchors: AFTER_NAME, before: '"' });
  return { ...column, at: (text, i, from) => (text.raw ? undefined : column.at(text, i, from)) };
};

export const createTableDetectors = (names: KeyNames): readonly Detector[] => [
  columnDetector(names, { anchors: AFTER_NAME, before: LETTERS }),
  columnDetector(names, { anchors: AFTER_NAME, before: '"', twoBefore: '\\' }),
  closedColumn(names),
];
