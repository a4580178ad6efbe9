/**
 * Text hidden in base64 and base64url (RFC 4648): as a whole run, glued to other words, in UTF-8 or UTF-16, or as a
 * stretch inside binary data.
 */
import { isUtf8 } from 'node:buffer';
import { type Run, SHORTEST_RUN, unwrapped } from './base64-runs.js';
import { entryAt, innerAt } from './codes.js';

/** Shortest readable stretch that counts inside data that is not text. */
const STRETCH = 20;
/** Groups of four characters that lie whole inside such a stretch, wherever it begins. */
const STRETCH_QUADS = Math.floor((STRETCH - 2) / 3);
/** Characters read after a sign inside a run. */
const GLUED = 128;
/** Characters looked at to tell text from data: 24 bytes. */
const HEAD_CHARACTERS = 32;

const ALPHABETS = ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '+/', '-_'] as const;
const SIGNS = ALPHABETS[1] + ALPHABETS[2];

/** What each character stands for; 0 where it is of neither alphabet. */
export const SEXTET = new Uint8Array(256);
for (let i = 0; i < 62; i++) SEXTET[ALPHABETS[0].charCodeAt(i)] = i;
for (const i of SIGNS.split('').keys()) SEXTET[SIGNS.charCodeAt(i)] = 62 + (i % 2);

/** The characters that are neither letters nor digits. */
const IS_SIGN = SEXTET.map((sextet) => (sextet >= 62 ? 1 : 0));

/** NUL counts as readable, so that UTF-16 and C strings do. */
const isReadable = (byte: number): boolean =>
  (byte >= 0x20 && byte <= 0x7e) || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0;

/** What a character does not rule out, by its place in a group of four. */
const READABLE_FIRST = 1;
const READABLE_SECOND = 2;
const READABLE_THIRD = 4;
/** The first byte as ASCII, or as one that begins a character of several bytes; and the second byte after such a one. */
const ASCII_FIRST = 8;
const LEADING_FIRST = 16;
const AFTER_ASCII = 32;
const AFTER_LEADING = 64;

const someByte = (count: number, byteOf: (rest: number) => number, accept: (byte: number) => boolean): boolean =>
  Array.from({ length: count }, (_, rest) => byteOf(rest)).some(accept);

const placesOf = (sextet: number): number => {
  const first = someByte(4, (rest) => (sextet << 2) | rest, isReadable);
  const second = (accept: (byte: number) => boolean): boolean =>
    someByte(16, (rest) => ((sextet & 15) << 4) | rest, accept);
  const third = someByte(64, (rest) => ((sextet & 3) << 6) | rest, isReadable);
  return (
    (first ? READABLE_FIRST | ASCII_FIRST : 0) |
    (sextet << 2 >= 0xc0 ? LEADING_FIRST : 0) |
    (second(isReadable) ? READABLE_SECOND : 0) |
    (second((byte) => isReadable(byte) || byte >= 0xc0) ? AFTER_ASCII : 0) |
    (second((byte) => byte >= 0x80 && byte < 0xc0) ? AFTER_LEADING : 0) |
    (third ? READABLE_THIRD : 0)
  );
};

/** The places, of those above, of each character: most text is ruled out by one look or two. */
export const PLACES = new Uint8Array(256);
for (const character of ALPHABETS.join('')) {
  const code = character.charCodeAt(0);
  PLACES[code] = placesOf(SEXTET[code] ?? 0);
}
const mayBe = (b: Uint8Array, i: number, place: number): boolean => (entryAt(PLACES, innerAt(b, i)) & place) !== 0;

/** The three bytes that the four characters at `i` stand for; all four are inside. */
const quadAt = (b: Uint8Array, i: number): number =>
  (entryAt(SEXTET, innerAt(b, i)) << 18) |
  (entryAt(SEXTET, innerAt(b, i + 1)) << 12) |
  (entryAt(SEXTET, innerAt(b, i + 2)) << 6) |
  entryAt(SEXTET, innerAt(b, i + 3));

/** Whether the four characters at `i` decode to three readable bytes. */
const readableQuad = (b: Uint8Array, i: number): boolean => {
  if (!mayBe(b, i, READABLE_FIRST) || !mayBe(b, i + 1, READABLE_SECOND) || !mayBe(b, i + 2, READABLE_THIRD)) {
    return false;
  }
  const bits = quadAt(b, i);
  return isReadable(bits >> 16) && isReadable((bits >> 8) & 0xff) && isReadable(bits & 0xff);
};

/** How many bytes follow a first byte of UTF-8 (RFC 3629 §3); -1 where it is none, or a control character. */
const trailingAfter = (byte: number): number => {
  if (byte < 0x80) return isReadable(byte) ? 0 : -1;
  if (byte < 0xc2 || byte > 0xf4) return -1;
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
};

/** The same for each byte; 255 for -1. */
export const TRAILING = Uint8Array.from({ length: 256 }, (_, byte) => trailingAfter(byte) & 0xff);

/** Whether the first bytes are readable UTF-8. */
const readableHead = (b: Uint8Array, start: number, end: number): boolean => {
  const last = Math.min(end, start + HEAD_CHARACTERS) - 4;
  let trailing = 0;
  for (let i = start; i <= last; i += 4) {
    const bits = quadAt(b, i);
    for (let shift = 16; shift >= 0; shift -= 8) {
      const byte = (bits >> shift) & 0xff;
      const continues = byte >= 0x80 && byte < 0xc0;
      if (continues !== trailing > 0) return false;
      trailing = continues ? trailing - 1 : trailingAfter(byte);
      if (trailing < 0) return false;
    }
  }
  return true;
};

/** Enough readable groups in a row, from `start` on, looked for from the last one back. */
const hasStretchFrom = (b: Uint8Array, start: number, end: number): boolean => {
  for (let quad = start; quad + 4 * STRETCH_QUADS <= end; ) {
    let k = STRETCH_QUADS - 1;
    while (k >= 0 && readableQuad(b, quad + 4 * k)) k--;
    if (k < 0) return true;
    quad += 4 * (k + 1);
  }
  return false;
};

const ALIGNMENTS = [0, 1, 2, 3];
const hasReadableStretch = (b: Uint8Array, start: number, end: number): boolean =>
  ALIGNMENTS.some((alignment) => hasStretchFrom(b, start + alignment, end));

/** Whether UTF-8 may begin at `i`; a no is final. */
const mayBeginText = (b: Uint8Array, i: number): boolean => {
  const first = entryAt(PLACES, innerAt(b, i));
  const second = entryAt(PLACES, innerAt(b, i + 1));
  // The bits of what may follow stand two to the left of what they follow.
  return (first & (ASCII_FIRST | LEADING_FIRST) & (second >> 2)) !== 0;
};

const isReadableAt = (b: Uint8Array, i: number, end: number): boolean => mayBeginText(b, i) && readableHead(b, i, end);

/** The next place from `at` on where readable text may begin: at the start of the run, or after any sign in it. */
const firstReadable = (b: Uint8Array, start: number, end: number, at: number): number => {
  if (at === start && isReadableAt(b, start, end)) return start;
  const last = end - SHORTEST_RUN;
  for (let from = Math.max(at, start + 1); from <= last; from++) {
    if (entryAt(IS_SIGN, innerAt(b, from - 1)) === 1 && isReadableAt(b, from, end)) return from;
  }
  return -1;
};

/** Whether base64 in `[start, end)` may hold readable text; says yes too often rather than too seldom. */
export const isPlausible = (base64: Uint8Array, start: number, end: number): boolean =>
  firstReadable(base64, start, end, start) >= 0 || hasReadableStretch(base64, start, end);

// eslint-disable-next-line no-control-regex -- control characters are what tells binary data from text
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/;
// eslint-disable-next-line no-control-regex -- as above
const UNREADABLE = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]+/;
// eslint-disable-next-line no-control-regex -- as above
const NULS = /\u0000+/g;
const hasControl = (text: string): boolean => CONTROL.test(text);

/** Where short base64 is decoded. */
const scratch = Buffer.allocUnsafeSlow(4_096);
const UNKNOWN = '\ufffd';

/** The text that base64 stands for, or undefined where it is not readable UTF-8. */
export const textOf = (base64: string): string | undefined => {
  const bytes = base64.length <= scratch.length ? scratch : Buffer.allocUnsafe(base64.length);
  const length = bytes.write(base64, 0, 'base64');
  const text = bytes.toString('utf8', 0, length);
  if (text.includes(UNKNOWN) && !isUtf8(bytes.subarray(0, length))) return undefined;
  return hasControl(text) ? undefined : text;
};

/** Readable stretches of decoded bytes, NUL left out: that is how UTF-16 and C strings are read. */
const stretches = (bytes: Buffer): readonly string[] =>
  bytes
    .toString('utf8')
    .replace(NULS, '')
    .split(UNREADABLE)
    .filter(({ length }) => length >= STRETCH);

/** What begins after a sign in the run, such as the slash of a path. */
const glued = (run: string): readonly string[] => {
  const bytes = Buffer.from(run, 'latin1');
  const next = (at: number): number => firstReadable(bytes, 0, bytes.length, at);
  const found: string[] = [];
  for (let from = next(0); from >= 0; from = next(from + 1)) {
    const [head = ''] = Buffer.from(run.slice(from, from + GLUED), 'base64')
      .toString('utf8')
      .split(UNREADABLE);
    found.push(head);
  }
  return found;
};

/**
 * What a run may stand for: its text; or what is readable in it, at each of the four alignments and after each sign.
 * None where it holds no readable text.
 */
export const readings = (s: string, run: Run): readonly string[] => {
  const base64 = run.lineEnd < run.end ? unwrapped(s, run) : s.slice(run.start, run.end);
  const whole = textOf(base64);
  if (whole !== undefined) return [whole];
  const bytes = Buffer.from(base64, 'latin1');
  if (!isPlausible(bytes, 0, bytes.length)) return [];
  return [
    ...ALIGNMENTS.filter((alignment) => hasStretchFrom(bytes, alignment, bytes.length)).flatMap((alignment) =>
      stretches(Buffer.from(base64.slice(alignment), 'base64')),
    ),
    ...glued(base64),
  ];
};
