/** The raw stage: one pass over the bytes of a message, to say where the exact stage must look, if anywhere. */
import { AnchorScan } from './anchors.js';
import { isPlausible } from './base64.js';
import { nextRun, type Run, unwrapped } from './base64-runs.js';
import { codeAt } from './codes.js';
import type { Detector, ScanText, TextDetector } from './detector.js';
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
  for (let k = 1; k <= TEXT_NAME.length; k++)
    if (codeAt(codes, end - k) !== TEXT_NAME[TEXT_NAME.length - k]) return false;
  return true;
};

const EVERYWHERE: RawHits = { at: [], everywhere: true, texts: true };

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
      while (codeAt(codes, end - 1) !== 0x22 && end > i - MOST_BLANKS) end--;
      // Where the name is not to be seen it counts as one.
      if (codeAt(codes, end - 1) !== 0x22 || isTextName(codes, end)) count++;
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
  const anchors = new AnchorScan([...detectors, ...READINGS, texts.detector]);
  const runsIn = (bytes: Buffer, text: ScanText): number[] => {
    const hits: number[] = [];
    for (let run = nextRun(text, 0); run && hits.length <= MOST_HITS; run = nextRun(text, run.end + 1)) {
      if (mayHide(bytes, text.s, run) || inRun(text, run)) hits.push(run.start);
    }
    return hits;
  };
  return (bytes) => {
    const latin1 = bytes.toString('latin1');
    texts.reset();
    const text = { s: latin1, codes: bytes, name: '', raw: true };
    const hits = merged(anchors.hits(bytes, text, MOST_HITS), runsIn(bytes, text));
    const everywhere =
      hits.length > MOST_HITS ||
      custom.some((detector) => detector.mayHold(latin1)) ||
      // eslint-disable-next-line no-control-regex -- the ASCII range
      (foreignNames && /[^\u0000-\u007f]/.test(latin1));
    if (everywhere) return EVERYWHERE;
    return hits.length > 0 || texts.several() ? { at: hits, everywhere: false, texts: texts.several() } : undefined;
  };
};
