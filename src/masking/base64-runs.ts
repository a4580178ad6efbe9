/**
 * Runs of the base64 alphabets (RFC 4648 §4, §5) in a text: whole, or wrapped over lines (RFC 2045 §6.8).
 */
import { BASE64, is, isEscapeLetter, runEnd } from './chars.js';
import { entryAt } from './codes.js';

/** Shortest run looked at: nine bytes. */
export const SHORTEST_RUN = 12;
/** A line this long may continue on the next one. */
const WRAPPED_LINE = 40;
const LONGEST_LINE = 128;

/** 1 for each byte of the two alphabets. */
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => (is(String.fromCharCode(byte), 0, BASE64) ? 1 : 0));

export const isBase64 = (code: number): boolean => entryAt(KIND, code) === 1;

/** Base64 characters in a row. */
export interface Line {
  readonly start: number;
  readonly end: number;
  /** Whether they may be text; a no is final. */
  readonly text: boolean;
}

/** A run of base64 characters. */
export interface Run {
  readonly start: number;
  /** End of its first line. */
  readonly lineEnd: number;
  /** The same, or some lines further on. */
  readonly end: number;
  /** Whether the first line may be text; a no is final. */
  readonly text: boolean;
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

/** The runs of a text, save for an escape letter that one begins with, and with the lines they are wrapped over. */
export const runsOf = (s: string, lines: readonly Line[]): readonly Run[] => {
  const runs: Run[] = [];
  let done = 0;
  for (const { start: i, end: lineEnd, text } of lines) {
    if (i < done) continue;
    const start = i > 0 && isEscapeLetter(s, i) ? i + 1 : i;
    done = wrappedEnd(s, start, lineEnd);
    runs.push({ start, lineEnd, end: done, text });
  }
  return runs;
};

/** A run without the line breaks, in clear or escaped, that wrap it. */
export const unwrapped = (s: string, { start, end }: Run): string =>
  s.slice(start, end).replace(/[\r\n]+|\\{1,16}[nr]/g, '');
