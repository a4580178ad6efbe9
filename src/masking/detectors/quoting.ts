/** Where quoted, bracketed and indented values end, also inside text that was escaped once or more. */

/** A quotation mark with the backslashes before it. */
export interface Quote {
  readonly start: number;
  /** After the mark. */
  readonly end: number;
  readonly mark: number;
  /** Backslashes before the mark: 0 in clear text, 1 in JSON inside JSON, 3 one level deeper. */
  readonly escapes: number;
}

const BACKSLASH = 0x5c;
const MOST_ESCAPES = 127;
const isMark = (code: number): boolean => code === 0x22 || code === 0x27 || code === 0x60;

/** Quotation marks that stand together: CSV doubles them, Python triples them. */
const MOST_MARKS = 3;

/** The opening quotation at `i`. */
export const quoteAt = (s: string, i: number): Quote | undefined => {
  let at = i;
  while (s.charCodeAt(at) === BACKSLASH && at - i < MOST_ESCAPES) at++;
  const mark = s.charCodeAt(at);
  if (!isMark(mark)) return undefined;
  const unit = s.slice(i, at + 1);
  let count = 1;
  while (count < MOST_MARKS && s.startsWith(unit, i + count * unit.length)) count++;
  // Two marks are an empty value, unless content follows as in CSV.
  if (count === 2 && !/[\w/+$]/.test(s.charAt(i + 2 * unit.length))) count = 1;
  return { start: i, end: i + count * unit.length, mark, escapes: at - i };
};

/** The closing quotation that ends before `end`. */
export const quoteBefore = (s: string, end: number, from: number): Quote | undefined => {
  const mark = s.charCodeAt(end - 1);
  if (!isMark(mark) || end <= from) return undefined;
  let start = end - 1;
  while (start > from && end - start < MOST_ESCAPES && s.charCodeAt(start - 1) === BACKSLASH) start--;
  const unit = s.slice(start, end);
  const escapes = unit.length - 1;
  for (let more = 1; more < MOST_MARKS && start - unit.length >= from; more++) {
    if (!s.startsWith(unit, start - unit.length)) break;
    start -= unit.length;
  }
  return { start, end, mark, escapes };
};

/**
 * Where the value of an opened quotation ends. A mark with as many backslashes as the opening one closes it, as do
 * fewer, which end a string further out; escaped backslashes before the mark belong to the value.
 * Without a closing mark the value was cut off and runs to the end.
 */
export const quotedEnd = (s: string, { end, mark, escapes }: Quote): number => {
  const unit = 2 * (escapes + 1);
  let slashes = 0;
  for (let i = end; i < s.length; i++) {
    const code = s.charCodeAt(i);
    if (code === BACKSLASH) {
      slashes++;
      continue;
    }
    const closes = slashes <= escapes || (slashes - escapes) % unit === 0;
    if (code === mark && closes) return Math.max(end, i - Math.min(slashes, escapes));
    slashes = 0;
  }
  return s.length;
};

/** End of the bracketed value at `start`: brackets inside strings do not count; cut off, it runs to the end. */
export const bracketEnd = (s: string, start: number): number => {
  let depth = 0;
  for (let i = start; i < s.length; i++) {
    const code = s.charCodeAt(i);
    if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === 0x22) i = Math.max(i, stringEnd(s, i));
    if (depth <= 0) return i + 1;
  }
  return s.length;
};

const stringEnd = (s: string, at: number): number => {
  let start = at;
  while (s.charCodeAt(start - 1) === BACKSLASH && at - start < MOST_ESCAPES) start--;
  const escapes = at - start;
  return quotedEnd(s, { start, end: at + 1, mark: s.charCodeAt(at), escapes }) + escapes;
};

/** The block of a YAML scalar (`|`, `>`): the lines after `i` that are indented, at least as far as the first. */
export const blockEnd = (s: string, i: number): { readonly start: number; readonly end: number } | undefined => {
  const head = /^(?:\r?\n|(?:\\{1,64}r)?\\{1,64}n)( {1,64})/.exec(s.slice(i, i + 200));
  if (!head) return undefined;
  const indent = head[1] ?? ' ';
  const start = i + head[0].length;
  const newline = head[0].slice(0, head[0].length - indent.length);
  let end = start;
  for (;;) {
    const next = s.indexOf(newline, end);
    if (next < 0) return { start, end: s.length };
    if (!s.startsWith(indent, next + newline.length)) return { start, end: next };
    end = next + newline.length;
  }
};
