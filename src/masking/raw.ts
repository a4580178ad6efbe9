/** The raw stage: one pass over the bytes of a message, to say where the exact stage must look, if anywhere. */
import { isPlausible } from './base64.js';
import { forEachRun, type Run, unwrapped } from './base64-runs.js';
import { codeAt } from './codes.js';
import type { Detector, ScanText, TextDetector } from './detector.js';
import { createDispatch } from './dispatch.js';
import { FOREIGN_STARTS, isEscapeAt, isForeignAt } from './shadow.js';

const HEX = '0123456789ABCDEFabcdef';

const reading = (anchors: string, is: (s: string, i: number) => boolean, after?: string): Detector => ({
  name: 'nested-encoding',
  group: 'keys',
  anchors,
  ...(after !== undefined && { after }),
  at: ({ s }, i) => (is(s, i) ? { start: i, end: i + 1, detector: 'nested-encoding' } : undefined),
});

/** Written escapes, and characters that are folded: what they stand for is the exact stage's to read. */
const READINGS: readonly Detector[] = [
  reading('\\', isEscapeAt, 'ux/'),
  reading('%', isEscapeAt, HEX),
  reading('&', isEscapeAt, '#acpelgq'),
  reading(FOREIGN_STARTS, isForeignAt),
];

/** What else decides. */
interface RawExtras {
  /** Whether secret names have letters beyond ASCII, which the raw stage cannot compare. */
  readonly foreignNames: boolean;
  readonly custom: readonly TextDetector[];
}

/** Where something may be. */
export interface RawHits {
  /** Byte offsets, ascending: a secret in a string of the message has one inside the string. */
  readonly at: readonly number[];
  /** Whether any string may hold something, offsets or not. */
  readonly everywhere: boolean;
  /** Whether there are two members named `text` or more: what is split over them shows in none. */
  readonly texts: boolean;
}

/** Offsets kept at most; a message with more is looked at everywhere. */
const MOST_HITS = 1 << 16;

/** Blanks before a colon at most; with more, any name may stand before them. */
const MOST_BLANKS = 64;
const TEXT_NAME = Buffer.from('"text"');
const isTextName = (codes: Uint8Array, end: number): boolean => {
  for (let k = 1; k <= TEXT_NAME.length; k++) if (codes[end - k] !== TEXT_NAME[TEXT_NAME.length - k]) return false;
  return true;
};

const EVERYWHERE: RawHits = { at: [], everywhere: true, texts: true };

/** The end of the string at `i`: the next quote that no backslash escapes. */
const stringEnd = (bytes: Buffer, i: number): number => {
  for (let end = bytes.indexOf(0x22, i); end >= 0; end = bytes.indexOf(0x22, end + 1)) {
    let start = end;
    while (start > i && bytes[start - 1] === 0x5c) start--;
    if ((end - start) % 2 === 0) return end;
  }
  return bytes.length;
};

/** Says of the anchor at `i` and its list whether there is a hit. */
type Visit = (list: number, i: number) => boolean;

/** The first hit of four neighbours, of which each has its list; -1 where there is none. */
const hitOfFour = (i: number, visit: Visit, a: number, b: number, c: number, d: number): number => {
  if (a !== 0 && visit(a, i)) return i;
  if (b !== 0 && visit(b, i + 1)) return i + 1;
  if (c !== 0 && visit(c, i + 2)) return i + 2;
  return d !== 0 && visit(d, i + 3) ? i + 3 : -1;
};

/** Visits each anchor; behind a hit it goes on after the string in which it stands. */
const forEachAnchor = (bytes: Buffer, pairs: Uint8Array, visit: Visit): void => {
  const last = bytes.length - 4;
  let before = 0;
  let i = 0;
  // Four at once: in most fours there is none.
  while (i <= last) {
    const first = codeAt(bytes, i);
    const second = codeAt(bytes, i + 1);
    const third = codeAt(bytes, i + 2);
    const fourth = codeAt(bytes, i + 3);
    const a = codeAt(pairs, (before << 8) | first);
    const b = codeAt(pairs, (first << 8) | second);
    const c = codeAt(pairs, (second << 8) | third);
    const d = codeAt(pairs, (third << 8) | fourth);
    const hit = (a | b | c | d) === 0 ? -1 : hitOfFour(i, visit, a, b, c, d);
    i = hit < 0 ? i + 4 : stringEnd(bytes, hit + 1);
    before = hit < 0 ? fourth : codeAt(bytes, i - 1);
  }
  for (; i < bytes.length; i++) {
    const list = codeAt(pairs, (codeAt(bytes, i - 1) << 8) | codeAt(bytes, i));
    if (list !== 0) visit(list, i);
  }
};

/** Counts the members named `text`, and never finds anything. */
const createTextCounter = () => {
  let count = 0;
  const detector: Detector = {
    name: 'nested-encoding',
    group: 'keys',
    anchors: ':',
    before: '" \t\n\r',
    at: ({ codes }, i) => {
      let end = i;
      while (codes[end - 1] !== 0x22 && end > i - MOST_BLANKS) end--;
      // Where the name is not to be seen it counts as one.
      if (codes[end - 1] !== 0x22 || isTextName(codes, end)) count++;
      return undefined;
    },
  };
  return {
    detector,
    reset: (): void => {
      count = 0;
    },
    several: (): boolean => count > 1,
  };
};

const mayHide = (bytes: Buffer, latin1: string, run: Run): boolean => {
  if (run.lineEnd === run.end) return isPlausible(bytes, run.start, run.end, run.signs);
  const joined = Buffer.from(unwrapped(latin1, run), 'latin1');
  return isPlausible(joined, 0, joined.length);
};

/** Both ascending, as one. */
const merged = (a: readonly number[], b: readonly number[]): readonly number[] => {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const all: number[] = [];
  let next = 0;
  for (const one of a) {
    for (let other = b[next]; other !== undefined && other < one; other = b[++next]) all.push(other);
    all.push(one);
  }
  for (; next < b.length; next++) all.push(b[next] ?? 0);
  return all;
};

/**
 * Says where the bytes may hold anything, too often rather than too seldom: hits of a detector, runs that may be base64
 * of text, and written escapes. Undefined where there is nothing, which is final.
 */
export const createRawStage = (
  detectors: readonly Detector[],
  inRun: (text: ScanText, run: Run) => boolean,
  { foreignNames, custom }: RawExtras,
): ((bytes: Buffer) => RawHits | undefined) => {
  const texts = createTextCounter();
  const { pairs, at: listed } = createDispatch([...detectors, ...READINGS, texts.detector]);
  const isHit = (text: ScanText, list: number, i: number): boolean => {
    const { codes } = text;
    const looks = listed(list, codeAt(codes, i - 2), codeAt(codes, i + 1));
    for (let k = 0; k < looks.length; k++) {
      const found = looks[k]?.(text, i, 0);
      if (found !== undefined && found.end > i) return true;
    }
    return false;
  };
  const hitsIn = (bytes: Buffer, text: ScanText): number[] => {
    const hits: number[] = [];
    forEachAnchor(bytes, pairs, (list, i) => {
      const hit = isHit(text, list, i);
      if (hit && hits.length <= MOST_HITS) hits.push(i);
      return hit;
    });
    return hits;
  };
  const runsIn = (bytes: Buffer, text: ScanText): number[] => {
    const hits: number[] = [];
    forEachRun(text, (run) => {
      if (hits.length <= MOST_HITS && (mayHide(bytes, text.s, run) || inRun(text, run))) hits.push(run.start);
    });
    return hits;
  };
  return (bytes) => {
    const latin1 = bytes.toString('latin1');
    texts.reset();
    const text = { s: latin1, codes: bytes, name: '', raw: true };
    const hits = merged(hitsIn(bytes, text), runsIn(bytes, text));
    const everywhere =
      hits.length > MOST_HITS ||
      custom.some((detector) => detector.mayHold(latin1)) ||
      // eslint-disable-next-line no-control-regex -- the ASCII range
      (foreignNames && /[^\u0000-\u007f]/.test(latin1));
    if (everywhere) return EVERYWHERE;
    return hits.length > 0 || texts.several() ? { at: hits, everywhere: false, texts: texts.several() } : undefined;
  };
};
