/**
 * Text hidden in base64 and base64url (RFC 4648): runs of the alphabet, whole, wrapped over lines (RFC 2045),
 * glued to other words, in UTF-8 or UTF-16, or as a stretch inside binary data.
 */
import { isUtf8 } from 'node:buffer';
import { BASE64, is, isEscapeLetter, runEnd } from './chars.js';

/** Shortest run looked at: nine bytes. */
export const SHORTEST_RUN = 12;
/** Shortest readable stretch that counts inside data that is not text. */
const STRETCH = 20;
/** Groups of four characters that lie whole inside such a stretch, wherever it begins. */
const STRETCH_QUADS = Math.floor((STRETCH - 2) / 3);
/** Characters read after a sign inside a run. */
const GLUED = 128;
/** A line this long may continue on the next one. */
const WRAPPED_LINE = 40;
const LONGEST_LINE = 128;
/** Bytes looked at to tell text from data. */
const HEAD = 24;

const SEXTET = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) {
  SEXTET['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)] = i;
}
SEXTET[0x2d] = 62;
SEXTET[0x5f] = 63;

/** The bytes of both alphabets, 1 each. */
const IN_ALPHABET = new Uint8Array(256);
/** Those of them that are neither letters nor digits. */
const IS_SIGN = new Uint8Array(256);
for (const [code, sextet] of SEXTET.entries()) {
  if (sextet >= 0) IN_ALPHABET[code] = 1;
  if (sextet >= 62) IS_SIGN[code] = 1;
}

/** NUL counts as readable, so that UTF-16 and C strings do. */
const isReadable = (byte: number): boolean =>
  (byte >= 0x20 && byte <= 0x7e) || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0;

/** What a character can be in a group of four. */
const READABLE_FIRST = 1;
const READABLE_SECOND = 2;
const READABLE_THIRD = 4;
const TEXT_FIRST = 8;

/** The places, of those above, at which a character does not rule out readable bytes: most are ruled out by one look. */
const PLACES = new Uint8Array(128);
for (const [code, sextet] of SEXTET.entries()) {
  if (sextet < 0) continue;
  const some = (count: number, byteOf: (rest: number) => number): boolean =>
    Array.from({ length: count }, (_, rest) => byteOf(rest)).some(isReadable);
  if (some(4, (rest) => (sextet << 2) | rest)) PLACES[code] = READABLE_FIRST | TEXT_FIRST;
  else if (sextet << 2 >= 0xc0) PLACES[code] = TEXT_FIRST;
  if (some(16, (rest) => ((sextet & 15) << 4) | rest)) PLACES[code] = (PLACES[code] ?? 0) | READABLE_SECOND;
  if (some(64, (rest) => ((sextet & 3) << 6) | rest)) PLACES[code] = (PLACES[code] ?? 0) | READABLE_THIRD;
}
const mayBe = (s: string, i: number, place: number): boolean => ((PLACES[s.charCodeAt(i)] ?? 0) & place) !== 0;

/** The three bytes that the four characters at `i` stand for. */
const quadAt = (s: string, i: number): number =>
  ((SEXTET[s.charCodeAt(i)] ?? 0) << 18) |
  ((SEXTET[s.charCodeAt(i + 1)] ?? 0) << 12) |
  ((SEXTET[s.charCodeAt(i + 2)] ?? 0) << 6) |
  (SEXTET[s.charCodeAt(i + 3)] ?? 0);

/** Whether the four characters at `i` decode to three readable bytes. */
const readableQuad = (s: string, i: number): boolean => {
  if (!mayBe(s, i, READABLE_FIRST) || !mayBe(s, i + 1, READABLE_SECOND) || !mayBe(s, i + 2, READABLE_THIRD)) {
    return false;
  }
  const bits = quadAt(s, i);
  return isReadable(bits >> 16) && isReadable((bits >> 8) & 0xff) && isReadable(bits & 0xff);
};

/** A run of base64 characters; `end` may lie some lines further on. */
export interface Run {
  readonly start: number;
  readonly end: number;
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
const runAt = (s: string, i: number): Run => {
  const start = i > 0 && isEscapeLetter(s, i) ? i + 1 : i;
  const end = runEnd(s, i + SHORTEST_RUN, BASE64);
  return { start, end: wrappedEnd(s, start, end) };
};

/** Calls back for each run, in order; linear, as it looks at every twelfth character where there is none. */
export const forEachRun = (s: string, visit: (run: Run) => void): void => {
  for (let i = 0; i + SHORTEST_RUN <= s.length; ) {
    let last = i + SHORTEST_RUN - 1;
    while (last >= i && is(s, last, BASE64)) last--;
    if (last >= i) {
      i = last + 1;
      continue;
    }
    const run = runAt(s, i);
    visit(run);
    i = run.end + 1;
  }
};

/** The same for bytes, given also as Latin-1: the same runs, found faster. */
export const forEachRunOfBytes = (bytes: Uint8Array, latin1: string, visit: (run: Run) => void): void => {
  for (let i = 0; i + SHORTEST_RUN <= bytes.length; ) {
    let last = i + SHORTEST_RUN - 1;
    while (last >= i && IN_ALPHABET[bytes[last] ?? 0] === 1) last--;
    if (last >= i) {
      i = last + 1;
      continue;
    }
    const run = runAt(latin1, i);
    visit(run);
    i = run.end + 1;
  }
};

/** A run without the line breaks, in clear or escaped, that wrap it. */
const unwrapped = (s: string, { start, end }: Run): string => s.slice(start, end).replace(/[\r\n]+|\\{1,16}[nr]/g, '');

/** Byte `k` of the base64 at `start`. */
const byteAt = (s: string, start: number, k: number): number => {
  const i = start + Math.floor((k * 4) / 3);
  const high = SEXTET[s.charCodeAt(i)] ?? 0;
  const low = SEXTET[s.charCodeAt(i + 1)] ?? 0;
  return ((high << (2 + 2 * (k % 3))) | (low >> (4 - 2 * (k % 3)))) & 0xff;
};

/** Whether the first three bytes may be of readable UTF-8; a no is final, and comes without a look at the rest. */
const readableFirst = (s: string, i: number): boolean => {
  if (!mayBe(s, i, TEXT_FIRST)) return false;
  const bits = quadAt(s, i);
  const second = (bits >> 8) & 0xff;
  const third = bits & 0xff;
  return isReadable(bits >> 16) || bits >> 16 >= 0xc2
    ? (second >= 0x80 || isReadable(second)) && (third >= 0x80 || isReadable(third))
    : false;
};

/** Whether the first bytes are readable UTF-8 (RFC 3629 §3). */
const readableHead = (s: string, start: number, end: number): boolean => {
  const bytes = Math.min(HEAD, Math.floor(((end - start) * 3) / 4));
  let trailing = 0;
  for (let k = 0; k < bytes; k++) {
    const byte = byteAt(s, start, k);
    if (byte >= 0x80 && byte < 0xc0) {
      if (--trailing < 0) return false;
    } else if (trailing > 0) return false;
    else if (byte < 0x80) {
      if (!isReadable(byte)) return false;
    } else if (byte < 0xc2 || byte > 0xf4) return false;
    else trailing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  }
  return true;
};

/** Enough readable groups in a row, at any alignment, looked for from the last one back. */
const hasReadableStretch = (s: string, { start, end }: Run): boolean => {
  for (let alignment = 0; alignment < 4; alignment++) {
    for (let quad = start + alignment; quad + 4 * STRETCH_QUADS <= end; ) {
      let k = STRETCH_QUADS - 1;
      while (k >= 0 && readableQuad(s, quad + 4 * k)) k--;
      if (k < 0) return true;
      quad += 4 * (k + 1);
    }
  }
  return false;
};

/** The next place from `at` on where readable text may begin: at the start of the run, or after any sign in it. */
const firstReadable = (s: string, run: Run, at: number): number => {
  for (let from = at; from + SHORTEST_RUN <= run.end; from++) {
    if (from !== run.start && IS_SIGN[s.charCodeAt(from - 1)] !== 1) continue;
    if (readableFirst(s, from) && readableHead(s, from, run.end)) return from;
  }
  return -1;
};

/** Whether a run may hold readable text; says yes too often rather than too seldom, and takes no memory. */
export const isPlausible = (s: string, run: Run): boolean => {
  if (run.end - run.start > WRAPPED_LINE && runEnd(s, run.start, BASE64) < run.end) {
    const joined = unwrapped(s, run);
    return isPlausible(joined, { start: 0, end: joined.length });
  }
  return firstReadable(s, run, run.start) >= 0 || hasReadableStretch(s, run);
};

// eslint-disable-next-line no-control-regex -- control characters are what tells binary data from text
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/;
// eslint-disable-next-line no-control-regex -- as above
const UNREADABLE = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]+/;
const hasControl = (text: string): boolean => CONTROL.test(text);

/** The text that base64 stands for, or undefined where it is not readable UTF-8. */
export const textOf = (base64: string): string | undefined => {
  const bytes = Buffer.from(base64, 'base64');
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  return hasControl(text) ? undefined : text;
};

/** Readable stretches of decoded bytes, NUL left out: that is how UTF-16 and C strings are read. */
const stretches = (bytes: Buffer): readonly string[] =>
  bytes
    .toString('utf8')
    .replaceAll('\u0000', '')
    .split(UNREADABLE)
    .filter(({ length }) => length >= STRETCH);

/** What begins after a sign in the run, such as the slash of a path. */
const glued = (run: string): readonly string[] => {
  const whole = { start: 0, end: run.length };
  const found: string[] = [];
  for (let from = firstReadable(run, whole, 0); from >= 0; from = firstReadable(run, whole, from + 1)) {
    const [head = ''] = Buffer.from(run.slice(from, from + GLUED), 'base64')
      .toString('utf8')
      .split(UNREADABLE);
    found.push(head);
  }
  return found;
};

/**
 * What a run may stand for: its text; or what is readable in it, at each of the four alignments and after each sign.
 */
export const readings = (s: string, { start, end }: Run): readonly string[] => {
  const run = unwrapped(s, { start, end });
  const whole = textOf(run);
  if (whole !== undefined) return [whole];
  return [
    ...[0, 1, 2, 3].flatMap((alignment) => stretches(Buffer.from(run.slice(alignment), 'base64'))),
    ...glued(run),
  ];
};
