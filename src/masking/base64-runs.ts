/**
 * Runs of the base64 alphabets (RFC 4648 §4, §5) in a text: whole, or wrapped over lines (RFC 2045 §6.8).
 */
import { ALNUM, BASE64, is, isEscapeLetter, runEnd } from './chars.js';
import { entryAt, innerAt } from './codes.js';
import type { ScanText } from './detector.js';

/** Shortest run looked at: nine bytes. */
export const SHORTEST_RUN = 12;
/** A line this long may continue on the next one. */
const WRAPPED_LINE = 40;
const LONGEST_LINE = 128;

const LETTER_OR_DIGIT = 1;
const SIGN = 2;
/** What each byte is in the two alphabets; 0 for all others. */
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (is(character, 0, ALNUM)) return LETTER_OR_DIGIT;
  return is(character, 0, BASE64) ? SIGN : 0;
});

const kindAt = (codes: Uint8Array, i: number): number => entryAt(KIND, innerAt(codes, i));

/** A run of base64 characters. */
export interface Run {
  readonly start: number;
  /** End of its first line. */
  readonly lineEnd: number;
  /** The same, or some lines further on. */
  readonly end: number;
  /** Whether there is a sign in the first line, neither letter nor digit. */
  readonly signs: boolean;
}

/** The next line of wrapped base64 after a line break at `end`, in clear or escaped; -1 where there is none. */
const continuation = (s: string, end: number): number => {
  const code = s.charCodeAt(end);
  if (code !== 0x0a && code !== 0x0d && code !== 0x5c) return -1;
  const length = /^(?:\r?\n|(?:\\{1,16}r)?\\{1,16}n)/.exec(s.slice(end, end + 40))?.[0].length;
  return length !== undefined && is(s, end + length, BASE64) ? end + length : -1;
};

/**
 * The end of base64 that goes on over the next lines: all as long as the first, save the last, which is shorter.
 */
const wrappedEnd = (s: string, start: number, firstEnd: number): number => {
  const width = firstEnd - start;
  if (width < WRAPPED_LINE || width > LONGEST_LINE || width % 4 !== 0) return firstEnd;
  let end = firstEnd;
  for (;;) {
    const next = continuation(s, end);
    if (next < 0) return end;
    const lineEnd = runEnd(s, next, BASE64);
    if (lineEnd - next > width) return end;
    end = lineEnd;
    if (lineEnd - next < width) return end;
  }
};

/** The run that begins at `i`, or before the escape letter there, with the lines it is wrapped over. */
const runAt = (s: string, i: number, lineEnd: number, signs: boolean): Run => {
  const start = i > 0 && isEscapeLetter(s, i) ? i + 1 : i;
  return { start, lineEnd, end: wrappedEnd(s, start, lineEnd), signs };
};

/** The next run from `from` on; it looks at every twelfth character where there is none. */
export const nextRun = ({ s, codes }: Pick<ScanText, 's' | 'codes'>, from: number): Run | undefined => {
  for (let i = from; i + SHORTEST_RUN <= codes.length; ) {
    let last = i + SHORTEST_RUN - 1;
    let seen = 0;
    for (; last >= i; last--) {
      const kind = kindAt(codes, last);
      if (kind === 0) break;
      seen |= kind;
    }
    if (last >= i) {
      i = last + 1;
      continue;
    }
    let end = i + SHORTEST_RUN;
    for (; end < codes.length; end++) {
      const kind = kindAt(codes, end);
      if (kind === 0) break;
      seen |= kind;
    }
    return runAt(s, i, end, (seen & SIGN) !== 0);
  }
  return undefined;
};

/** A run without the line breaks, in clear or escaped, that wrap it. */
export const unwrapped = (s: string, { start, end }: Run): string =>
  s.slice(start, end).replace(/[\r\n]+|\\{1,16}[nr]/g, '');
