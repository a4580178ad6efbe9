/** Names of members, parameters and headers whose values are secret. */
import { ALNUM, DIGIT, is, isEscapeLetter, LOWER, UPPER } from './chars.js';
import { codeAt } from './codes.js';
import type { MaskName } from './marks.js';
import { unfold } from './shadow.js';

/** Names that are secret wherever the group `secrets` is on, with the name their mask bears. */
const BUILT_IN: readonly (readonly [name: string, label: MaskName])[] = [
  ['secretaccesskey', 'aws-secret-access-key'],
  ...(
    'password passwords passwd passphrase clientsecret secretkey secretkeybase privatekey apikey apitoken ' +
    'accesstoken refreshtoken idtoken authtoken bearertoken sessiontoken securitytoken signingkey encryptionkey ' +
    'accountkey sharedaccesskey sharedaccesssignature authorization proxyauthorization cookie setcookie'
  )
    .split(' ')
    .map((name) => [name, 'key'] as const),
];

/** Header names whose value runs to the end of the line. */
const HEADERS = new Set(['authorization', 'proxyauthorization', 'cookie', 'setcookie']);

/** Tokens that are positions in a list or protocol handles: masking them would break the conversation. */
const HANDLES = ['next', 'page', 'progress', 'continuation', 'continue', 'pagination', 'sync'];

/** From this length on a name also counts at the end of a longer word, such as PGPASSWORD. */
const GLUED = 6;
/** Longest separators, digits and spaces skipped at the end of a name. */
const TRAIL = 8;

export interface KeyMatch {
  /** What the mask bears. */
  readonly label: MaskName;
  /** The value runs to the end of the line, as that of an HTTP header does. */
  readonly header: boolean;
  /** Where the matched part begins. */
  readonly start: number;
}

export interface KeyNames {
  /**
   * Whether a name may end with the character at `last`, digits and separators left out; a no is cheap and final.
   * For `codes` see `ScanText`.
   */
  mayEndAt(codes: Uint8Array, last: number): boolean;
  /** The secret name that ends at `end`, whole or as the last words of a longer name. */
  before(s: string, end: number, from: number): KeyMatch | undefined;
  /** The same for a whole member name, whatever its writing. */
  of(name: string): MaskName | undefined;
  /** Whether a name has letters beyond ASCII; the raw stage cannot compare those. */
  readonly foreign: boolean;
}

const lower = (code: number): number => (code >= 0x41 && code <= 0x5a ? code | 0x20 : code);
const isSeparator = (code: number): boolean => code === 0x5f || code === 0x2d || code === 0x2e || code === 0x20;

/** Compares backwards from `end`, skipping separators; the start of the match, or -1. */
const matchBack = (s: string, end: number, from: number, key: string): number => {
  let at = end;
  for (let k = key.length - 1; k >= 0; k--) {
    let code = s.charCodeAt(at - 1);
    if (isSeparator(code) && k < key.length - 1) {
      at--;
      code = s.charCodeAt(at - 1);
    }
    if (
      at <= from ||
      (code < 128
        ? lower(code)
        : s
            .charAt(at - 1)
            .toLowerCase()
            .charCodeAt(0)) !== key.charCodeAt(k)
    ) {
      return -1;
    }
    at--;
  }
  return at;
};

/** Whether a word begins at `start`: by what stands before it, or by a change of case. */
const beginsWord = (s: string, start: number): boolean => {
  if (start === 0 || isEscapeLetter(s, start - 1)) return true;
  const before = s.charCodeAt(start - 1);
  if (before < 128 && !is(s, start - 1, ALNUM)) return true;
  if (is(s, start - 1, DIGIT)) return true;
  if (!is(s, start, UPPER)) return false;
  return is(s, start - 1, LOWER) || is(s, start + 1, LOWER);
};

const isHandle = (s: string, start: number, from: number): boolean => {
  let end = start;
  while (end > from && isSeparator(s.charCodeAt(end - 1))) end--;
  return HANDLES.some((word) => matchBack(s, end, from, word) >= 0);
};

/** The end of the name without trailing separators, and again without trailing digits. */
const trimmed = (s: string, end: number, from: number, digits: number): number => {
  const lowest = Math.max(from, end - TRAIL);
  let at = end;
  while (at > lowest && (isSeparator(s.charCodeAt(at - 1)) || is(s, at - 1, digits))) at--;
  return at;
};

const normalise = (name: string): string =>
  unfold(name)
    .toLowerCase()
    .replace(/[-_. ]/g, '');

type Labelled = readonly (readonly [name: string, label: MaskName])[];

/** Names as they are compared, with their labels. */
const labelsOf = (names: readonly string[], builtIn: boolean, more: Labelled): ReadonlyMap<string, MaskName> => {
  const labels = new Map<string, MaskName>(names.map((name) => [normalise(name), 'key']));
  if (builtIn) for (const [name, label] of BUILT_IN) labels.set(name, label);
  for (const [name, label] of more.toReversed()) labels.set(normalise(name), label);
  labels.delete('');
  return labels;
};

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

/** Tells from the last letters of a name that it is none of `names`; see `KeyNames.mayEndAt`. */
const createEnding = (names: readonly string[]): KeyNames['mayEndAt'] => {
  const pairs = pairsOf(names);
  const triples = triplesOf(names);
  const left = trailing(names);
  return (codes, last) => {
    let at = last;
    while (codeAt(left, codeAt(codes, at)) === 1 && at > last - 2 * TRAIL && at > 0) at--;
    const code = codeAt(codes, at);
    const before = at > 0 ? codeAt(codes, at - 1) : 0x20;
    const first = codeAt(codes, at - 2);
    if ((codeAt(IS_LETTER, first) & codeAt(IS_LETTER, before) & codeAt(IS_LETTER, code)) !== 0) {
      const three = triple(first, before, code);
      return (codeAt(triples, three >> 3) & (1 << (three & 7))) !== 0;
    }
    return before > 127 || code > 127 || pairs[(before << 7) | code] === 1;
  };
};

/** @param more further names, each with its label, which goes before all others */
export const createKeyNames = (names: readonly string[], builtIn: boolean, more: Labelled = []): KeyNames => {
  const labels = labelsOf(names, builtIn, more);
  const byLast = new Map<number, { key: string; label: MaskName }[]>();
  for (const [key, label] of [...labels].sort(([a], [b]) => b.length - a.length)) {
    const last = key.charCodeAt(key.length - 1);
    byLast.set(last, [...(byLast.get(last) ?? []), { key, label }]);
  }
  const endingAt = (s: string, end: number, from: number): KeyMatch | undefined => {
    const last = s.charCodeAt(end - 1);
    const candidates = byLast.get(
      last < 128
        ? lower(last)
        : s
            .charAt(end - 1)
            .toLowerCase()
            .charCodeAt(0),
    );
    if (candidates === undefined || end <= from) return undefined;
    for (const { key, label } of candidates) {
      const start = matchBack(s, end, from, key);
      if (start < 0 || (key.length < GLUED && !beginsWord(s, start))) continue;
      if (key === 'token' && isHandle(s, start, from)) return undefined;
      return { label, start, header: HEADERS.has(key) };
    }
    return undefined;
  };
  const before = (s: string, end: number, from: number): KeyMatch | undefined => {
    const plain = trimmed(s, end, from, 0);
    const match = endingAt(s, plain, from);
    if (match || !is(s, plain - 1, DIGIT)) return match;
    return endingAt(s, trimmed(s, plain, from, DIGIT), from);
  };
  return {
    mayEndAt: createEnding([...labels.keys()]),
    before,
    of: (name) => {
      const text = unfold(name);
      return before(text, text.length, 0)?.label;
    },
    // eslint-disable-next-line no-control-regex -- the ASCII range
    foreign: [...labels.keys()].some((key) => /[^\u0000-\u007f]/.test(key)),
  };
};
