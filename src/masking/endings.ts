/** Telling from the last letters of a name that it is none of a list of names: most names are told so. */
import { DIGIT, is, LOWER, UPPER } from './chars.js';
import { codeAt, entryAt } from './codes.js';

/** Longest separators, digits and spaces skipped at the end of a name. */
export const TRAIL = 8;

const charCodesOf = (characters: string): readonly number[] => Array.from(characters, (one) => one.charCodeAt(0));
/** What may stand between two letters of a name. */
const BETWEEN = charCodesOf('_-. ');
/** What may stand behind a name. */
const BEHIND = [...BETWEEN, ...charCodesOf('0123456789')];
const ASCII = Array.from({ length: 128 }, (_, code) => code);

/** The pairs of characters, `before * 128 + last`, that a name may end with, 1 each. */
const pairsOf = (names: readonly string[]): Uint8Array => {
  const pairs = new Uint8Array(128 * 128);
  const mark = (before: Iterable<number>, last: Iterable<number>): void => {
    const ends = [...last];
    for (const first of before) for (const end of ends) pairs[(first << 7) | end] = 1;
  };
  const cases = (code: number): readonly number[] =>
    code > 127 ? [] : [code, String.fromCharCode(code).toUpperCase().charCodeAt(0)];
  mark(ASCII, BEHIND);
  for (const name of names) {
    const last = cases(name.charCodeAt(name.length - 1));
    // A name of one letter may follow anything.
    mark(name.length === 1 ? ASCII : [...BETWEEN, ...cases(name.charCodeAt(name.length - 2))], last);
  }
  return pairs;
};

const IS_LETTER = Uint8Array.from({ length: 256 }, (_, code) =>
  is(String.fromCharCode(code), 0, UPPER | LOWER) ? 1 : 0,
);

/** Three ASCII letters as one number, whatever their case. */
const triple = (first: number, second: number, third: number): number =>
  ((first & 31) << 10) | ((second & 31) << 5) | (third & 31);

/** The three letters in a row that a name may end with, one bit each; all, where a name is short or has other characters. */
const triplesOf = (names: readonly string[]): Uint8Array => {
  const triples = new Uint8Array((1 << 15) / 8);
  for (const name of names) {
    if (!/[a-z]{3}$/.test(name)) return triples.fill(0xff);
    const three = triple(
      name.charCodeAt(name.length - 3),
      name.charCodeAt(name.length - 2),
      name.charCodeAt(name.length - 1),
    );
    triples[three >> 3] = (triples[three >> 3] ?? 0) | (1 << (three & 7));
  }
  return triples;
};

/** What is left out at the end of a name: separators, and digits where no name ends with one. */
const trailing = (names: readonly string[]): Uint8Array => {
  const digits = names.some((name) => is(name, name.length - 1, DIGIT)) ? '' : '0123456789';
  const left = new Uint8Array(256);
  for (const code of [...BETWEEN, ...charCodesOf(digits)]) left[code] = 1;
  return left;
};

/** The last letters of names. */
export interface LastLetters {
  /** Three letters in a row that a name may end with, a bit each: those of `abc` make the number `a * 1024 + b * 32 + c`. */
  readonly triples: Uint8Array;
  /** Where no three letters stand: the last two characters, `before * 128 + last`, 1 each. */
  readonly pairs: Uint8Array;
  /** 1 for characters that are left out at the end. */
  readonly left: Uint8Array;
}

/** How the names of a list end. */
export interface Endings {
  /** Whether a name may end with the character at `last`, digits and separators left out; a no is final. */
  mayEndAt(codes: Uint8Array, last: number): boolean;
  readonly letters: LastLetters;
}

export const createEndings = (names: readonly string[]): Endings => {
  const pairs = pairsOf(names);
  const triples = triplesOf(names);
  const left = trailing(names);
  const mayEndAt = (codes: Uint8Array, last: number): boolean => {
    let at = last;
    while (entryAt(left, codeAt(codes, at)) === 1 && at > last - 2 * TRAIL && at > 0) at--;
    const code = codeAt(codes, at);
    const before = at > 0 ? codeAt(codes, at - 1) : 0x20;
    const first = codeAt(codes, at - 2);
    if ((entryAt(IS_LETTER, first) & entryAt(IS_LETTER, before) & entryAt(IS_LETTER, code)) !== 0) {
      const three = triple(first, before, code);
      return (entryAt(triples, three >> 3) & (1 << (three & 7))) !== 0;
    }
    return before > 127 || code > 127 || pairs[(before << 7) | code] === 1;
  };
  return { mayEndAt, letters: { triples, pairs, left } };
};

/** Those of names of two letters or more; before two any letter may stand. */
export const lastLettersOf = (names: readonly string[]): LastLetters => {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
  const long = names.flatMap((name) => (name.length > 2 ? [name] : letters.map((letter) => letter + name)));
  return { triples: triplesOf(long), pairs: pairsOf(names), left: trailing(names) };
};

/** What one or the other may end with. */
export const eitherLetters = (a: LastLetters, b: LastLetters): LastLetters => ({
  triples: a.triples.map((bits, i) => bits | (b.triples[i] ?? 0)),
  pairs: a.pairs.map((one, i) => one | (b.pairs[i] ?? 0)),
  left: a.left.map((one, i) => one & (b.left[i] ?? 0)),
});
