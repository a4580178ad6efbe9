/**
 * Secrets that a name announces inside a text: JSON at any level of escaping, `key=value`, `key: value`,
 * YAML lines, URL parameters, HTTP headers, XML elements and command line options. What is masked is the
 * value alone; the format around it stays.
 */
import { charactersOf, DOTTED_TOKEN, is, isEscapeLetter, LOWER, runEnd, TOKEN, UPPER, WORD } from '../chars.js';
import { codeAt, entryAt } from '../codes.js';
import type { DetectorEntry, Finding, ScanText } from '../detector.js';
import { eitherLetters } from '../endings.js';
import type { KeyMatch, KeyNames } from '../keys.js';
import { isMask, type MaskName, maskEnd } from '../marks.js';
import { isSchemaText } from '../schema.js';
import { made } from './example.js';
import { endsPair, isOrdinaryText, namesSecret, PAIR_LETTERS } from './pairs.js';
import { createPhraseDetectors } from './phrase.js';
import { isExpression } from './program.js';
import { blockEnd, bracketEnd, type Quote, quoteAt, quoteBefore, quotedEnd } from './quoting.js';
import { lineEnd, wordEnd } from './value-end.js';

const NAME_REACH = 64;
const IS_WORD = Uint8Array.from({ length: 256 }, (_, code) => (is(String.fromCharCode(code), 0, WORD) ? 1 : 0));
const COLON = 0x3a;
const EQUALS = 0x3d;
const isQuote = (code: number): boolean => code === 0x22 || code === 0x27 || code === 0x60;
/** White space of JSON. */
const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** What a name may be followed by without a secret: words of types and of prose, nothing, a reference to somewhere else. */
const NO_SECRET =
  /^(?:none|nil|true|false|an?|the|if|is|was|are|this|that|either|\*+|\.{3}|…|1\*[\w<(]*|\$\{[^}]*\}?|\$[A-Z_][A-Z0-9_]*|\$\(.*|<[^<>]*>(?:<\/.*|["'`]\W*)?|\$?\{\{.*)$/i;
/** Types of a program, one or several. */
const TYPE =
  'null|undefined|string|number|boolean|symbol|unknown|any|void|Buffer|Uint8Array|&?str|int|bytes|Optional\\[\\w+\\]|SecretStr';
const TYPES = new RegExp(String.raw`^(?:${TYPE})(?:\[\])?(?: ?\| ?(?:${TYPE})(?:\[\])?){0,8}(?: = \w+)?$`, 'i');
const NO_SECRET_LENGTH = 64;
/** What those begin with, 1 each: most values are told from them so. */
const MAY_BE_NONE = Uint8Array.from({ length: 128 }, (_, code) =>
  '*.1$<{[&nNtTfFaAiIwWeEuUsSbBvVoO'.includes(String.fromCharCode(code)) ? 1 : 0,
);
const isNoSecret = (value: string): boolean => {
  if (MAY_BE_NONE[value.charCodeAt(0)] === 0) return false;
  return isMask(value) || (value.length <= NO_SECRET_LENGTH && (NO_SECRET.test(value) || TYPES.test(value)));
};

interface Named {
  readonly key: KeyMatch;
  /** The quote around the name, if any. */
  readonly quote: Quote | undefined;
}

/** Where a name before `i` ends: over white space, in clear or escaped, and a closing bracket. */
const nameEnd = (s: string, i: number, from: number): number => {
  let end = i;
  for (;;) {
    while (end > from && isSpace(s.charCodeAt(end - 1))) end--;
    if (end < from + 2 || !isEscapeLetter(s, end - 1) || !'nrt'.includes(s.charAt(end - 1))) break;
    end--;
    while (end > from && s.charCodeAt(end - 1) === 0x5c) end--;
  }
  if (end > from && s.charCodeAt(end - 1) === 0x5d) end--;
  return end;
};

/** Where the last character of the name that may end at `end` stands. */
const lastAt = (s: string, end: number): number => {
  let at = end - 1;
  while (end - at < NAME_REACH && (isQuote(s.charCodeAt(at)) || s.charCodeAt(at) === 0x5c)) at--;
  return at;
};

/** The secret name whose last character stands at `last` and whose quotation ends at `outer`. */
const namedBefore = (
  names: KeyNames,
  { s, codes }: ScanText,
  outer: number,
  last: number,
  from: number,
): Named | undefined => {
  if (!names.mayEndAt(codes, last)) return undefined;
  const quote = quoteBefore(s, outer, from);
  const end = quote?.start ?? outer;
  const key = names.before(s, end, Math.max(from, end - NAME_REACH));
  return key && { key, quote };
};

/** The secret name that ends before `i`. */
const nameBefore = (names: KeyNames, text: ScanText, i: number, from: number): Named | undefined => {
  const outer = nameEnd(text.s, i, from);
  return namedBefore(names, text, outer, lastAt(text.s, outer), from);
};

/** Whether the name stands at the start of its line, after indentation, a list dash or `export`. */
const atLineStart = (s: string, start: number): boolean => {
  const low = Math.max(0, start - NAME_REACH);
  const before = s.slice(low, start);
  const line = /(?:[\n\r]|\\[nr])[ \t]*(?:- {1,4}|export |set )?[\w.-]{0,40}$/.test(before);
  return line || (low === 0 && /^[ \t]*(?:- {1,4}|export |set )?[\w.-]{0,40}$/.test(before));
};

const SCHEME = /^[A-Za-z][A-Za-z0-9-]{1,30} +/;

const finding = (s: string, start: number, end: number, label: MaskName): Finding | undefined => {
  if (end <= start || isNoSecret(s.slice(start, Math.min(end, start + NO_SECRET_LENGTH + 1)))) return undefined;
  return { start, end, detector: label };
};

/** An authentication scheme before the credential stays. */
const afterScheme = (s: string, start: number, end: number, key: KeyMatch): number => {
  const scheme = key.header ? SCHEME.exec(s.slice(start, Math.min(end, start + 40)))?.[0].length : undefined;
  return scheme !== undefined && start + scheme < end ? start + scheme : start;
};

const quotedValue = (s: string, quote: Quote, key: KeyMatch): Finding | undefined => {
  const end = quotedEnd(s, quote);
  return finding(s, afterScheme(s, quote.end, end, key), end, key.label);
};

const jsonScalar = (s: string, start: number, { label }: KeyMatch): Finding | 'nothing' | undefined => {
  const end = runEnd(s, start, DOTTED_TOKEN);
  const value = s.slice(start, Math.min(end, start + 400));
  // `Kind[Kind["Token"] = 36]` names a number.
  if (value === 'null' || value === 'false' || value === '0' || s.charCodeAt(end) === 0x5d) return 'nothing';
  if (value === 'true') return { start, end, detector: label, replacement: 'false' };
  const number = /^-?[0-9]{1,300}(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?$/.test(value);
  return number ? { start, end, detector: label, replacement: '0' } : undefined;
};

/** Empty, cut off where it begins, masked already, or a description. */
const holdsNothing = (bracketed: string): boolean =>
  isMask(bracketed) || /^(?:[[{]\s*[\]}]?$|\[redacted\])/i.test(bracketed) || isSchemaText(bracketed);

/** A JSON value that is not a string, inside a text: numbers become 0, objects and arrays one masked string. */
const jsonValue = (s: string, start: number, named: Named): Finding | 'nothing' | undefined => {
  const { quote, key } = named;
  const code = s.charCodeAt(start);
  if (quote && (is(s, start, WORD) || code === 0x2d)) return jsonScalar(s, start, key);
  if (code !== 0x7b && code !== 0x5b) return undefined;
  if (!quote && code === 0x7b && s.charCodeAt(start + 1) === 0x7b) return undefined;
  const end = bracketEnd(s, start);
  if (holdsNothing(s.slice(start, end))) return 'nothing';
  const mark = quote ? s.slice(quote.start, quote.end) : '';
  return { start, end, detector: key.label, replacement: `${mark}[redacted:${key.label}]${mark}` };
};

/** Whether a value after the separator at `i` is the rest of its line: in YAML, and in lists of variables. */
const runsToLineEnd = (s: string, i: number, name: number): boolean => {
  const spaced = s.charCodeAt(i) === COLON && isBlank(s.charCodeAt(i + 1));
  const variable = s.charCodeAt(i) === EQUALS && is(s, i - 1, WORD & ~LOWER) && is(s, name, WORD & ~LOWER);
  return (spaced || variable) && atLineStart(s, name);
};

/** Where a value begins, and where the mask there ends, if one stands there. */
interface BareValue {
  readonly start: number;
  readonly masked: number;
}

/** A value without quotes: to the end of the line where the name opens it, else to the end of the word. */
const bareValue = (s: string, i: number, { start, masked }: BareValue, key: KeyMatch): Finding | undefined => {
  const whole = key.header || runsToLineEnd(s, i, key.start);
  const end = whole ? Math.max(lineEnd(s, start), start) : wordEnd(s, masked);
  // A mask alone is no secret.
  if (end === masked && masked > start) return undefined;
  if (whole && /^[|>][-+0-9]{0,2}$/.test(s.slice(start, Math.min(end, start + 4)))) {
    const block = blockEnd(s, end);
    return block && finding(s, block.start, block.end, key.label);
  }
  return finding(s, afterScheme(s, start, end, key), end, key.label);
};

/** `'password' => 'x'`, `:password => "x"`: a pair of Ruby, PHP or Puppet, and no function with an arrow. */
const isPair = (s: string, i: number, { key, quote }: Named): boolean =>
  (quote !== undefined || s.charCodeAt(key.start - 1) === COLON) && /^=> {0,8}\\*["']/.test(s.slice(i, i + 24));

const isOperator = (s: string, i: number, named: Named): boolean => {
  const next = s.charCodeAt(i + 1);
  if (s.charCodeAt(i) === EQUALS && next === 0x3e) return !isPair(s, i, named);
  if (s.charCodeAt(i) === EQUALS && (next === EQUALS || next === 0x7e)) return true;
  if (s.charCodeAt(i) === COLON && next === COLON) return true;
  return '!<>='.includes(s.charAt(i - 1)) && i > 0;
};

const valueAfter = (text: ScanText, i: number, named: Named): Finding | undefined => {
  const { s } = text;
  let start = i + 1;
  if (s.charCodeAt(i) === COLON ? s.charCodeAt(start) === EQUALS : s.charCodeAt(start) === 0x3e) start++;
  while (start - i < 32 && isBlank(s.charCodeAt(start))) start++;
  const quote = quoteAt(s, start);
  if (quote) return quotedValue(s, quote, named.key);
  const masked = maskEnd(s, start);
  // Before any look ahead: a line of calls must not be read once for each of them.
  const place = { name: named.key.start, separator: i, start, quoted: named.quote !== undefined };
  if (masked === start && isExpression(text, place)) return undefined;
  const structured = masked > start ? undefined : jsonValue(s, start, named);
  if (structured) return structured === 'nothing' ? undefined : structured;
  return bareValue(s, i, { start, masked }, named.key);
};

/** `<password>…</password>`; attributes are `key="value"`. */
const elementValue = (s: string, i: number, key: KeyMatch): Finding | undefined => {
  const low = Math.max(0, key.start - NAME_REACH);
  let open = key.start - 1;
  while (open > low && (is(s, open, DOTTED_TOKEN) || s.charCodeAt(open) === COLON)) open--;
  if (s.charCodeAt(open) !== 0x3c) return undefined;
  const close = s.indexOf('<', i + 1);
  return s.charCodeAt(close + 1) === 0x2f ? finding(s, i + 1, close, key.label) : undefined;
};

/** `--password value`, its second hyphen at `i`; with `=` the ordinary rule holds. */
const optionValue = (names: KeyNames, { s, raw }: ScanText, i: number): Finding | undefined => {
  if (is(s, i - 2, TOKEN) && !isEscapeLetter(s, i - 2)) return undefined;
  const end = runEnd(s, i + 1, TOKEN);
  if (end - i > NAME_REACH || s.charCodeAt(end) !== 0x20) return undefined;
  const key = names.before(s, end, i);
  if (key && raw) return { start: i, end, detector: key.label };
  if (!key || s.charCodeAt(end + 1) === 0x2d) return undefined;
  const quote = quoteAt(s, end + 1);
  return quote ? quotedValue(s, quote, key) : finding(s, end + 1, wordEnd(s, maskEnd(s, end + 1)), key.label);
};

/** Whether the last letters of the name before `i` rule out a secret: those of most names do. */
const isOrdinary = (names: KeyNames, { codes, raw }: ScanText, i: number): boolean => {
  const last = codeAt(codes, i - 1) === 0x22 ? i - 2 : i - 1;
  if (entryAt(IS_WORD, codeAt(codes, last)) !== 1 || codeAt(codes, last - 1) === 0x5c) return false;
  if (names.mayEndAt(codes, last)) return false;
  return !raw || !endsPair(codes, last) || isOrdinaryText(names, codes, i + 1);
};

/** Whether a mask in quotes stands behind the separator at `i`: then the name need not be looked at. */
const isMasked = (s: string, i: number): boolean => {
  let start = i + 1;
  while (start - i < 8 && isBlank(s.charCodeAt(start))) start++;
  if (s.charCodeAt(start + 1) !== 0x5b || !isQuote(s.charCodeAt(start))) return false;
  const end = maskEnd(s, start + 1);
  return end > start + 1 && s.charCodeAt(end) === s.charCodeAt(start);
};

const rawHit = (names: KeyNames, text: ScanText, i: number, from: number): boolean => {
  const end = nameEnd(text.s, i, from);
  const last = lastAt(text.s, end);
  if (namedBefore(names, text, end, last, from) !== undefined) return true;
  return text.codes[i] === COLON && endsPair(text.codes, last) && namesSecret(names, text, i);
};

const exactHit = (names: KeyNames, text: ScanText, i: number, from: number): Finding | undefined => {
  const { s } = text;
  const isElement = text.codes[i] === 0x3e;
  const named = !isElement && isMasked(s, i) ? undefined : nameBefore(names, text, i, from);
  if (!named) return undefined;
  if (isElement) return elementValue(s, i, named.key);
  return isOperator(s, i, named) ? undefined : valueAfter(text, i, named);
};

/** The rule on names, for the names of a profile. */
export const createKeyDetectors = (names: KeyNames): readonly DetectorEntry[] => [
  {
    name: 'key',
    group: 'keys',
    examples: {
      match: [
        'password=hunter2',
        'user: alice\npassword: correct horse battery\nport: 5432',
        '{"access_token": "hunter2", "expires_in": 3600} at noon',
        'https://example.com/login?user=alice&password=hunter2&next=1',
        "{ 'password' => 'hunter2' }",
        '<user>alice</user><password>hunter2</password>',
        `Authorization: Bearer ${made('', 12)}`,
      ],
      noMatch: [
        'password: ${DB_PASSWORD}',
        'password=<your password>',
        '"password": null',
        'password: string;',
        'const token = await getToken();',
        'pageToken: 3',
        'the passwords of others: a history',
      ],
    },
    anchors: ':=>',
    endings: eitherLetters(names.letters, PAIR_LETTERS),
    at(text, i, from) {
      if (isOrdinary(names, text, i)) return undefined;
      if (text.raw) return rawHit(names, text, i, from) ? { start: i, end: i + 1, detector: 'key' } : undefined;
      return exactHit(names, text, i, from);
    },
  },
  {
    name: 'key',
    group: 'keys',
    examples: {
      match: ['mysql --user alice --password hunter2 --host db', "login --api-key 'hunter2'"],
      noMatch: ['login --password --verbose', 'mysql --user alice', 'x--password hunter2'],
    },
    anchors: '-',
    before: '-',
    after: charactersOf(UPPER | LOWER),
    at: (text, i, from) => (i > from ? optionValue(names, text, i) : undefined),
  },
  ...createPhraseDetectors(names),
];
