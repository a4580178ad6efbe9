/** Character classes as one table look-up, and the word edges that hold in clear and in escaped text alike. */

export const DIGIT = 1;
export const UPPER = 2;
export const LOWER = 4;
export const ALNUM = DIGIT | UPPER | LOWER;
const UNDERSCORE = 8;
const HYPHEN = 16;
const BASE64_SIGN = 32;
const LOCAL_SIGN = 64;
const DOT = 128;
export const WORD = ALNUM | UNDERSCORE;
/** base64 and base64url without padding (RFC 4648 §4, §5). */
export const BASE64 = ALNUM | UNDERSCORE | HYPHEN | BASE64_SIGN;
/** The standard alphabet alone. */
export const BASE64_STANDARD = ALNUM | BASE64_SIGN;
export const TOKEN = ALNUM | UNDERSCORE | HYPHEN;
export const DOTTED_TOKEN = TOKEN | DOT;
/** Labels of a host name (RFC 1123 §2.1). */
export const LABEL = ALNUM | HYPHEN;
/** Local part of a mail address, the usual part of RFC 5322 §3.2.3. */
export const LOCAL = ALNUM | UNDERSCORE | HYPHEN | DOT | LOCAL_SIGN;

const FLAGS = new Uint8Array(128);
const mark = (characters: string, flag: number): void => {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    FLAGS[code] = (FLAGS[code] ?? 0) | flag;
  }
};
mark('0123456789', DIGIT);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER);
mark('abcdefghijklmnopqrstuvwxyz', LOWER);
mark('_', UNDERSCORE);
mark('-', HYPHEN);
mark('+/', BASE64_SIGN);
mark("+%'", LOCAL_SIGN);
mark('.', DOT);

/** All characters of the classes, for fingerprints. */
export const charactersOf = (classes: number): string =>
  Array.from(FLAGS, (flags, code) => ((flags & classes) === 0 ? '' : String.fromCharCode(code))).join('');

/** Whether the UTF-16 unit at `i` is ASCII and of one of the classes; false outside the text. */
export const is = (s: string, i: number, classes: number): boolean => {
  const code = s.charCodeAt(i);
  return code < 128 && ((FLAGS[code] ?? 0) & classes) !== 0;
};

/** End of the run of `classes` that starts at `i`. */
export const runEnd = (s: string, i: number, classes: number): number => {
  let end = i;
  while (is(s, end, classes)) end++;
  return end;
};

/** Whether a colour sequence of a terminal, such as `ESC [ 32 m`, ends with the `m` or `K` at `i` (ECMA-48 §8.3.117). */
const endsColour = (s: string, i: number): boolean => {
  let start = i;
  while (i - start < 16 && (is(s, start - 1, DIGIT) || s.charCodeAt(start - 1) === 0x3b)) start--;
  return s.charCodeAt(start - 1) === 0x5b;
};

/**
 * Whether the letter at `i` belongs to what stands before it and not to a word: the second half of an escape such as
 * `\n`, in JSON that is itself inside a text, or the end of a colour sequence.
 */
export const isEscapeLetter = (s: string, i: number): boolean => {
  const code = s.charCodeAt(i);
  if (code === 0x6d || code === 0x4b) return endsColour(s, i);
  if (s.charCodeAt(i - 1) !== 0x5c) return false;
  return code === 0x6e || code === 0x74 || code === 0x72 || code === 0x62 || code === 0x66;
};

/** Whether a word may begin at `i`. */
export const leftEdge = (s: string, i: number): boolean => i === 0 || !is(s, i - 1, WORD) || isEscapeLetter(s, i - 1);
