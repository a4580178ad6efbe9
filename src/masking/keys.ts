/** Names of members, parameters and headers whose values are secret. */
import { ALNUM, DIGIT, is, isEscapeLetter, LOWER, UPPER } from './chars.js';
import { createEndings, type Endings, TRAIL } from './endings.js';
import type { MaskName } from './marks.js';
import { createNameTrie } from './name-trie.js';
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

const LAST_OF_HANDLES = HANDLES.map((word) => word.at(-1)).join('');

/** From this length on a name also counts at the end of a longer word, such as PGPASSWORD. */
const GLUED = 6;

export interface KeyMatch {
  /** What the mask bears. */
  readonly label: MaskName;
  /** The value runs to the end of the line, as that of an HTTP header does. */
  readonly header: boolean;
  /** Where the matched part begins. */
  readonly start: number;
}

export interface KeyNames extends Endings {
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
  return (
    end > from &&
    LAST_OF_HANDLES.includes(s.charAt(end - 1).toLowerCase()) &&
    HANDLES.some((word) => matchBack(s, end, from, word) >= 0)
  );
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

interface Named {
  readonly key: string;
  readonly label: MaskName;
  readonly header: boolean;
}

const folded = (s: string, i: number): number => {
  const code = s.charCodeAt(i);
  return code < 128 ? lower(code) : s.charAt(i).toLowerCase().charCodeAt(0);
};

/** The match of a name at `start`; null where it names a position in a list, so that no shorter name counts either. */
const matchOf = (
  { key, label, header }: Named,
  s: string,
  start: number,
  from: number,
): KeyMatch | null | undefined => {
  if (key.length < GLUED && !beginsWord(s, start)) return undefined;
  if (key === 'token' && isHandle(s, start, from)) return null;
  return { label, start, header };
};

/** @param more further names, each with its label, which goes before all others */
export const createKeyNames = (names: readonly string[], builtIn: boolean, more: Labelled = []): KeyNames => {
  const labels = labelsOf(names, builtIn, more);
  const trie = createNameTrie(
    new Map([...labels].map(([key, label]) => [key, { key, label, header: HEADERS.has(key) }])),
  );
  /** The longest name that goes on from `node` before `end`; one separator may stand between two letters. */
  const longest = (node: number, s: string, end: number, from: number): KeyMatch | null | undefined => {
    const last = node !== 0 && isSeparator(s.charCodeAt(end - 1)) ? end - 2 : end - 1;
    const next = last >= from ? trie.step(node, folded(s, last)) : 0;
    if (next === 0) return undefined;
    const longer = longest(next, s, last, from);
    if (longer !== undefined) return longer;
    const name = trie.at(next);
    return name && matchOf(name, s, last, from);
  };
  const endingAt = (s: string, end: number, from: number): KeyMatch | undefined =>
    longest(0, s, end, from) ?? undefined;
  const before = (s: string, end: number, from: number): KeyMatch | undefined => {
    const plain = trimmed(s, end, from, 0);
    const match = endingAt(s, plain, from);
    if (match || !is(s, plain - 1, DIGIT)) return match;
    return endingAt(s, trimmed(s, plain, from, DIGIT), from);
  };
  return {
    ...createEndings([...labels.keys()]),
    before,
    of: (name) => {
      const text = unfold(name);
      return before(text, text.length, 0)?.label;
    },
    // eslint-disable-next-line no-control-regex -- the ASCII range
    foreign: [...labels.keys()].some((key) => /[^\u0000-\u007f]/.test(key)),
  };
};
