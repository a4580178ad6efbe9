/** The raw stage: one pass over the bytes of a message, to say where the exact stage must look, if anywhere. */
import { isPlausible } from './base64.js';
import { type Line, type Run, runsOf, unwrapped } from './base64-runs.js';
import { codeAt } from './codes.js';
import type { Detector, ScanText, TextDetector } from './detector.js';
import type { Dispatch } from './dispatch.js';
import { lastLettersOf } from './endings.js';
import { CHUNK } from './prefilter.js';
import { FOREIGN_STARTS, isEscapeAt, isForeignAt } from './shadow.js';

const HEX = '0123456789ABCDEFabcdef';

const reading = (anchors: string, is: (s: string, i: number) => boolean, after?: string): Detector => ({
  name: 'nested-encoding',
  group: 'keys',
  marks: 'reading',
  anchors,
  ...(after !== undefined && { after }),
  at: ({ s }, i) => (is(s, i) ? { start: i, end: i + 1, detector: 'nested-encoding' } : undefined),
});

/** Written escapes, and characters that are folded: what they stand for is the exact stage's to read. */
export const READINGS: readonly Detector[] = [
  reading('\\', isEscapeAt, 'ux/'),
  reading('%', isEscapeAt, HEX),
  reading('&', isEscapeAt, '#acpelgq'),
  reading(FOREIGN_STARTS, isForeignAt),
];

/** The detectors, with those of `READINGS` and of the counter among them. */
interface RawPass {
  readonly dispatch: Dispatch;
  readonly texts: TextCounter;
}

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
const COLON = 0x3a;
const TEXT_NAME = Buffer.from('"text"');
/** White space of JSON. */
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
const isTextName = (codes: Uint8Array, end: number): boolean => {
  for (let k = 1; k <= TEXT_NAME.length; k++)
    if (codeAt(codes, end - k) !== TEXT_NAME[TEXT_NAME.length - k]) return false;
  return true;
};

const EVERYWHERE: RawHits = { at: [], everywhere: true, texts: true };

/** Counts the members that may be named `text`. */
export interface TextCounter {
  /** Counts where the name is written without escapes, and never finds anything. */
  readonly detector: Detector;
  /** Counts the string with a hit that ends with the quote at `end`, where it is a name: escapes may write any. */
  see(codes: Uint8Array, end: number): void;
  reset(): void;
  /** Whether there were two or more. */
  several(): boolean;
}

export const createTextCounter = (): TextCounter => {
  let count = 0;
  const detector: Detector = {
    name: 'nested-encoding',
    group: 'keys',
    anchors: ':',
    before: '" \t\n\r',
    endings: lastLettersOf(['text']),
    at: ({ codes, raw }, i) => {
      if (!raw) return undefined;
      let end = i;
      while (isBlank(codeAt(codes, end - 1)) && end > i - MOST_BLANKS) end--;
      // Where the name is not to be seen it counts as one.
      if (isBlank(codeAt(codes, end - 1)) || isTextName(codes, end)) count++;
      return undefined;
    },
  };
  return {
    detector,
    see: (codes, end) => {
      let next = end + 1;
      while (isBlank(codeAt(codes, next)) && next < end + MOST_BLANKS) next++;
      if (isBlank(codeAt(codes, next)) || codeAt(codes, next) === COLON) count++;
    },
    reset: (): void => {
      count = 0;
    },
    several: (): boolean => count > 1,
  };
};

const mayHide = (bytes: Buffer, latin1: string, run: Run): boolean => {
  if (run.lineEnd === run.end) return run.text && isPlausible(bytes, run.start, run.end);
  const joined = Buffer.from(unwrapped(latin1, run), 'latin1');
  return isPlausible(joined, 0, joined.length);
};

/** Lines that stand in none of the strings with a hit, from it on: those are looked at in any case. */
const outside = (lines: readonly Line[], at: readonly number[], ends: readonly number[]): readonly Line[] => {
  if (at.length === 0) return lines;
  let next = 0;
  return lines.filter(({ start }) => {
    while (next < at.length && (ends[next] ?? 0) <= start) next++;
    return next === at.length || start < (at[next] ?? 0);
  });
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

/** The end of the string at `i`: the next quote that no backslash escapes. */
const stringEnd = (bytes: Buffer, i: number): number => {
  for (let end = bytes.indexOf(0x22, i); end >= 0; end = bytes.indexOf(0x22, end + 1)) {
    let start = end;
    while (start > i && bytes[start - 1] === 0x5c) start--;
    if ((end - start) % 2 === 0) return end;
  }
  return bytes.length;
};

interface PassHits {
  /** Offsets, ascending. */
  readonly at: readonly number[];
  /** Where the strings end in which they stand. */
  readonly ends: readonly number[];
  /** Runs of base64. */
  readonly lines: readonly Line[];
}

/** A class, so that the scans of all profiles share their compiled code. */
class RawScan {
  private readonly pass: RawPass;

  constructor(pass: RawPass) {
    this.pass = pass;
  }

  /** Hits, and the runs of base64 beside them. Behind a hit it goes on after the string in which that stands. */
  hits(bytes: Buffer, text: ScanText): PassHits {
    const { dispatch, texts } = this.pass;
    const { places } = dispatch;
    const at: number[] = [];
    const ends: number[] = [];
    const lines: Line[] = [];
    let from = 0;
    for (let start = 0; start < bytes.length && at.length <= MOST_HITS; start = Math.max(start + CHUNK, from)) {
      const count = dispatch.look(bytes, start);
      dispatch.addRuns(bytes, start, lines);
      for (let k = 0; k < count; k++) {
        const place = places[k] ?? 0;
        const i = start + (place >>> 16);
        if (i < from || !this.isHit(text, i, place & 0xffff)) continue;
        from = stringEnd(bytes, i + 1);
        texts.see(bytes, from);
        at.push(i);
        ends.push(from);
      }
    }
    return { at, ends, lines };
  }

  private isHit(text: ScanText, i: number, list: number): boolean {
    const looks = this.pass.dispatch.detectors(list);
    for (let k = 0; k < looks.length; k++) {
      const found = looks[k]?.at(text, i, 0);
      if (found !== undefined && found.end > i) return true;
    }
    return false;
  }
}

/**
 * Says where the bytes may hold anything, too often rather than too seldom: hits of a detector, runs that may be base64
 * of text, and written escapes. Undefined where there is nothing, which is final.
 */
export const createRawStage = (
  pass: RawPass,
  inRun: (text: ScanText, run: Run) => boolean,
  { foreignNames, custom }: RawExtras,
): ((bytes: Buffer) => RawHits | undefined) => {
  const { texts } = pass;
  const scan = new RawScan(pass);
  const runsIn = (bytes: Buffer, text: ScanText, lines: readonly Line[]): number[] => {
    const hits: number[] = [];
    for (const run of runsOf(text.s, lines)) {
      if (hits.length > MOST_HITS) break;
      if (mayHide(bytes, text.s, run) || inRun(text, run)) hits.push(run.start);
    }
    return hits;
  };
  return (bytes) => {
    const latin1 = bytes.toString('latin1');
    texts.reset();
    const text = { s: latin1, codes: bytes, name: '', raw: true };
    const { at, ends, lines } = scan.hits(bytes, text);
    const hits = merged(at, runsIn(bytes, text, outside(lines, at, ends)));
    const everywhere =
      hits.length > MOST_HITS ||
      custom.some((detector) => detector.mayHold(latin1)) ||
      // eslint-disable-next-line no-control-regex -- the ASCII range
      (foreignNames && /[^\u0000-\u007f]/.test(latin1));
    if (everywhere) return EVERYWHERE;
    return hits.length > 0 || texts.several() ? { at: hits, everywhere: false, texts: texts.several() } : undefined;
  };
};
