/**
 * A second reading of a text: what a person or a later decoder would see in it. Zero-width characters are dropped,
 * full-width and mathematical letters folded (Unicode NFKC), look-alikes of other scripts in Latin words read as Latin,
 * and `\u0040`, `\/`, `%40` and `&#64;` read as the character they stand for. Detectors scan the shadow; a map leads
 * back to the text.
 */
import { BEYOND_ASCII, codeAt, codesOf } from './codes.js';
import { isLookAlikeAt, LOOK_ALIKE_STARTS, latinAt } from './look-alikes.js';

export interface Shadow {
  readonly text: string;
  /** Offset in the source of an offset in `text`. */
  readonly origin: (offset: number) => number;
}

/** Written escapes: they differ from what they stand for in any reading. */
const ESCAPES = String.raw`\\[ux/]|%[0-9A-Fa-f]{2}|&(?:#|commat;|colon;|equals;|period;|lowbar;|quot;|apos;|amp;|lt;|gt;)`;

/** Characters beyond ASCII that are dropped or folded. Dashes, quotes and dots of ordinary prose are not among them. */
const FOREIGN = String.raw`[\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u2012\u2015\u2024\u2028-\u202f\u2040-\u206f\u2100-\u214f\u2212\u2460-\u24ff\u3000\u3164\ufe00-\ufff8\ud82f\ud834\ud835\udb40]`;
const IS_FOREIGN = new RegExp(FOREIGN);

const ESCAPE = new RegExp(ESCAPES, 'y');

/** The bytes that every such character begins with, as Latin-1. */
export const FOREIGN_STARTS = `\xc2\xcd\xd8\xe1\xe2\xe3\xef\xf0\xf3${LOOK_ALIKE_STARTS}`;

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const continuation = range(0x80, 0xbf);
/** By the first two bytes of UTF-8, the third bytes of such characters. */
const THIRDS: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  (
    [
      [0xe280, [...range(0x80, 0x92), 0x95, 0xa4, ...range(0xa8, 0xaf)]],
      [0xe288, [0x92]],
      [0xe380, [0x80]],
      [0xe385, [0xa4]],
      [0xf09b, [0xb2]],
    ] as const
  ).map(([two, thirds]) => [two, new Set<number>(thirds)]),
);
/** What the first two bytes say, `first * 256 + second`: 0 no, 1 yes, 2 the third decides. */
const BY_TWO = new Uint8Array(256 * 256);
const bySecond: readonly (readonly [first: number, seconds: readonly number[]])[] = [
  [0xc2, [0xa0, 0xad]],
  [0xcd, [0x8f]],
  [0xd8, [0x9c]],
  [0xe1, [0x85, 0x9e, 0xa0]],
  [0xe2, [0x81, 0x84, 0x85, 0x91, 0x92, 0x93]],
  [0xef, range(0xb8, 0xbf)],
  [0xf0, [0x9d]],
  [0xf3, continuation],
];
for (const [first, seconds] of bySecond) for (const second of seconds) BY_TWO[(first << 8) | second] = 1;
for (const two of THIRDS.keys()) BY_TWO[two] = 2;

/** Whether such a character, or one of a few others, begins at byte `i` of UTF-8 read as Latin-1; a no is final. */
export const isForeignAt = (latin1: string, i: number): boolean => {
  const two = ((latin1.charCodeAt(i) << 8) | latin1.charCodeAt(i + 1)) & 0xffff;
  const said = BY_TWO[two];
  if (said === 0) return isLookAlikeAt(latin1, i);
  return said === 1 || (said === 2 && THIRDS.get(two)?.has(latin1.charCodeAt(i + 2)) === true);
};

/** The characters that every written escape begins with. */
const ESCAPE_STARTS = '\\%&';

/** Whether a written escape begins at `i`. */
export const isEscapeAt = (s: string, i: number): boolean => {
  ESCAPE.lastIndex = i;
  return ESCAPE.test(s);
};

const ENTITIES = new Map([
  ['commat', '@'],
  ['colon', ':'],
  ['equals', '='],
  ['period', '.'],
  ['lowbar', '_'],
  ['quot', '"'],
  ['apos', "'"],
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
]);

interface Reading {
  /** The unit it stands for; -1 where it is dropped. */
  readonly unit: number;
  readonly length: number;
}

/** What each hexadecimal digit stands for; 16 for all else. */
const HEX = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? 16 : digit;
});

/** The number that as many hexadecimal digits stand for; -1 where they are none. */
const hex = (s: string, start: number, digits: number): number => {
  let value = 0;
  for (let i = start; i < start + digits; i++) {
    const digit = HEX[s.charCodeAt(i)] ?? 16;
    if (digit > 15) return -1;
    value = value * 16 + digit;
  }
  return value;
};

/** Backslashes before an escape at most. */
const MOST_BACKSLASHES = 64;

/** `\uXXXX`, `\xXX` and `\/` after any number of backslashes: each level of nesting doubles them. */
const readEscape = (s: string, i: number): Reading | undefined => {
  let end = i;
  while (s.charCodeAt(end) === 0x5c && end - i < MOST_BACKSLASHES) end++;
  const letter = s.charCodeAt(end);
  if (letter === 0x2f) return { unit: 0x2f, length: end + 1 - i };
  const digits = letter === 0x75 ? 4 : letter === 0x78 ? 2 : 0;
  if (digits === 0) return undefined;
  const unit = hex(s, end + 1, digits);
  return unit < 0 ? undefined : { unit, length: end + 1 + digits - i };
};

/** Percent-encoding (RFC 3986 §2.1) of a character of the basic plane in UTF-8. */
const readPercent = (s: string, i: number): Reading | undefined => {
  const first = hex(s, i + 1, 2);
  if (first < 0x80) return first < 0 ? undefined : { unit: first, length: 3 };
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 6 : first < 0xf0 ? 9 : 0;
  const bytes = /^(?:%[0-9A-Fa-f]{2}){2,3}$/.exec(s.slice(i, i + length))?.[0].replaceAll('%', '');
  if (bytes === undefined) return undefined;
  const character = Buffer.from(bytes, 'hex').toString('utf8');
  return character.length === 1 && character !== '\ufffd' ? { unit: character.charCodeAt(0), length } : undefined;
};

const readEntity = (s: string, i: number): Reading | undefined => {
  const [whole, decimal, hexadecimal, name] =
    /^&(?:#([0-9]{1,5});?|#[xX]([0-9A-Fa-f]{1,4});?|([a-z]{2,6});)/.exec(s.slice(i, i + 12)) ?? [];
  if (whole === undefined) return undefined;
  const named = ENTITIES.get(name ?? '')?.charCodeAt(0);
  const unit = decimal ? Number.parseInt(decimal, 10) : hexadecimal ? Number.parseInt(hexadecimal, 16) : named;
  return unit !== undefined && unit <= 0xffff ? { unit, length: whole.length } : undefined;
};

const IGNORABLE = /^\p{Default_Ignorable_Code_Point}$/u;

const readLookAlike = (s: string, i: number): Reading | undefined => {
  const unit = latinAt(s, i);
  return unit === undefined ? undefined : { unit, length: 1 };
};

const readForeign = (s: string, i: number): Reading | undefined => {
  const point = s.codePointAt(i) ?? 0;
  const length = point > 0xffff ? 2 : 1;
  if (point >= 0xff01 && point <= 0xff5e) return { unit: point - 0xfee0, length };
  const character = String.fromCodePoint(point);
  if (IGNORABLE.test(character)) return { unit: -1, length };
  if ((point >= 0x2010 && point <= 0x2012) || point === 0x2212) return { unit: 0x2d, length };
  const folded = character.normalize('NFKC');
  return folded.length === 1 && folded.charCodeAt(0) < 128 ? { unit: folded.charCodeAt(0), length } : undefined;
};

const readAt = (s: string, i: number, code: number): Reading | undefined => {
  if (code > 0x7f) return IS_FOREIGN.test(s.charAt(i)) ? readForeign(s, i) : readLookAlike(s, i);
  if (code === 0x5c) return readEscape(s, i);
  if (code === 0x25) return readPercent(s, i);
  return code === 0x26 ? readEntity(s, i) : undefined;
};

/** Where in the source parts of a shadow come from: both offsets of the start of each, ascending. */
class Spans {
  private readonly shadow: number[] = [0];
  private readonly source: number[] = [0];

  add(shadow: number, source: number): void {
    this.shadow.push(shadow);
    this.source.push(source);
  }

  origin(offset: number): number {
    let [low, high] = [0, this.shadow.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.shadow[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return (this.source[low] ?? 0) + offset - (this.shadow[low] ?? 0);
  }
}

/** Where an escape begins whose last backslash stands at `i`. */
const escapeStart = (codes: Uint8Array, i: number): number => {
  let start = i;
  while (i - start < MOST_BACKSLASHES - 1 && codeAt(codes, start) === 0x5c && codeAt(codes, start - 1) === 0x5c)
    start--;
  return start;
};

/** The next character beyond ASCII from `at` on. */
const nextForeign = (codes: Uint8Array, at: number): number => {
  if (codeAt(codes, at) === BEYOND_ASCII) return at;
  const next = codes.indexOf(BEYOND_ASCII, at);
  return next < 0 ? codes.length : next;
};

/**
 * The shadow of a text, or undefined where it would be the text itself.
 * @param codes as of `codesOf`
 * @param escapes where written escapes are, ascending; of one that begins with backslashes, the last of them
 */
export const shadowOf = (s: string, codes: Uint8Array, escapes: readonly number[]): Shadow | undefined => {
  const spans = new Spans();
  let text = '';
  let done = 0;
  let next = 0;
  let foreign = nextForeign(codes, 0);
  for (;;) {
    const escape = escapes[next] ?? s.length;
    const at = Math.min(escape, foreign);
    if (at >= s.length) break;
    const start = Math.max(done, escapeStart(codes, at));
    const reading = readAt(s, start, s.charCodeAt(start));
    const end = reading === undefined ? at + 1 : start + reading.length;
    if (reading) {
      text += s.slice(done, start);
      spans.add(text.length, start);
      if (reading.unit >= 0) text += String.fromCharCode(reading.unit);
      spans.add(text.length, end);
      done = end;
    }
    while ((escapes[next] ?? s.length) < end) next++;
    if (foreign < end) foreign = nextForeign(codes, end);
  }
  if (done === 0) return undefined;
  text += s.slice(done);
  return { text, origin: (offset) => spans.origin(offset) };
};

/** How often an encoding may be encoded again, such as `%2540`. */
export const SHADOW_DEPTH = 3;

const MAY_HAVE_SHADOW = new RegExp(`[${ESCAPE_STARTS.replace('\\', '\\\\')}]|[^\\u0000-\\u007f]`);
const STARTS = new RegExp(`[${ESCAPE_STARTS.replace('\\', '\\\\')}]`, 'g');

/** The text with every layer read, for comparisons. */
export const unfold = (s: string): string => {
  let text = s;
  for (let depth = 0; depth < SHADOW_DEPTH && MAY_HAVE_SHADOW.test(text); depth++) {
    const escapes = Array.from(text.matchAll(STARTS), ({ index }) => index);
    const shadow = shadowOf(text, codesOf(text), escapes);
    if (!shadow) return text;
    text = shadow.text;
  }
  return text;
};
