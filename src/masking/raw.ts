/** The raw stage: one pass over the bytes of a message, to say where the exact stage must look, if anywhere. */
import { forEachRunOfBytes, isPlausible, type Run } from './base64.js';
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
}

/** Offsets kept at most; a message with more is looked at everywhere. */
const MOST_HITS = 1 << 16;

const EVERYWHERE: RawHits = { at: [], everywhere: true };

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
  const { pairs, at: listed } = createDispatch([...detectors, ...READINGS]);
  const isHit = (text: ScanText, bytes: Buffer, list: number, i: number): boolean => {
    for (const detector of listed(list, bytes[i - 2] ?? 0, bytes[i + 1] ?? 0)) {
      const found = detector.at(text, i, 0);
      if (found !== undefined && found.end > i) return true;
    }
    return false;
  };
  const hitsIn = (bytes: Buffer, text: ScanText): number[] => {
    const hits: number[] = [];
    let before = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      const list = pairs[(before << 8) | byte] ?? 0;
      before = byte;
      if (list !== 0 && isHit(text, bytes, list, i) && hits.push(i) > MOST_HITS) break;
    }
    return hits;
  };
  const runsIn = (bytes: Buffer, text: ScanText): number[] => {
    const hits: number[] = [];
    forEachRunOfBytes(bytes, text.s, (run) => {
      if (hits.length <= MOST_HITS && (inRun(text, run) || isPlausible(text.s, run))) hits.push(run.start);
    });
    return hits;
  };
  return (bytes) => {
    const latin1 = bytes.toString('latin1');
    const text = { s: latin1, name: '', raw: true };
    const hits = merged(hitsIn(bytes, text), runsIn(bytes, text));
    const everywhere =
      hits.length > MOST_HITS ||
      custom.some((detector) => detector.mayHold(latin1)) ||
      // eslint-disable-next-line no-control-regex -- the ASCII range
      (foreignNames && /[^\u0000-\u007f]/.test(latin1));
    if (everywhere) return EVERYWHERE;
    return hits.length > 0 ? { at: hits, everywhere: false } : undefined;
  };
};
