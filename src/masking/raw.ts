/** The raw stage: one pass over the bytes of a message, to say whether the exact stage must look at it. */
import { isAscii } from 'node:buffer';
import { isPlausible, type Run, someRun } from './base64.js';
import type { Detector, ScanText, TextDetector } from './detector.js';
import { ESCAPE_STARTS, hasForeignHazard, isEscapeAt } from './shadow.js';

/** Written escapes: what they stand for is the exact stage's to read. */
const WRITTEN_ESCAPE: Detector = {
  name: 'nested-encoding',
  group: 'keys',
  anchors: ESCAPE_STARTS,
  at: ({ s }, i) => (isEscapeAt(s, i) ? { start: i, end: i + 1, detector: 'nested-encoding' } : undefined),
};

/**
 * Pairs of bytes, `before * 256 + byte`, to the list of detectors that hang on them; 0 where there is none. One look-up
 * for each byte decides; lists are few, since most detectors of a byte ask for the same bytes before it.
 */
const pairTable = (detectors: readonly Detector[]) => {
  const table = new Uint8Array(256 * 256);
  const lists: (readonly Detector[])[] = [[]];
  const known = new Map<string, number>();
  for (let pair = 0; pair < table.length; pair++) {
    const byte = String.fromCharCode(pair & 255);
    // What stands before the text or is no ASCII character is the edge.
    const before = String.fromCharCode(pair >> 15 === 0 ? pair >> 8 : 0);
    const here = detectors.filter((one) => one.anchors.includes(byte) && (one.before?.includes(before) ?? true));
    if (here.length === 0) continue;
    const key = here.map((one) => detectors.indexOf(one)).join();
    const list = known.get(key) ?? lists.push(here) - 1;
    known.set(key, list);
    table[pair] = list;
  }
  return { table, lists };
};

/** What else decides. */
interface RawExtras {
  /** Whether secret names have letters beyond ASCII, which the raw stage cannot compare. */
  readonly foreignNames: boolean;
  readonly custom: readonly TextDetector[];
}

/**
 * Whether the bytes may hold anything: a hit of a detector, a run that may be base64 of
 * text, or a written escape, whose reading is the exact stage's.
 */
export const createRawStage = (
  detectors: readonly Detector[],
  inRun: (text: ScanText, run: Run) => boolean,
  { foreignNames, custom }: RawExtras,
): ((bytes: Buffer) => boolean) => {
  const { table, lists } = pairTable([...detectors, WRITTEN_ESCAPE]);
  const hits = (text: ScanText, list: number, i: number): boolean => {
    for (const detector of lists[list] ?? []) {
      const found = detector.at(text, i, 0);
      if (found !== undefined && found.end > i) return true;
    }
    return false;
  };
  const anyHit = (bytes: Buffer, text: ScanText): boolean => {
    let before = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      const list = table[(before << 8) | byte] ?? 0;
      before = byte;
      if (list !== 0 && hits(text, list, i)) return true;
    }
    return false;
  };
  return (bytes) => {
    const latin1 = bytes.toString('latin1');
    if (!isAscii(bytes) && (foreignNames || hasForeignHazard(latin1))) return true;
    const text = { s: latin1, name: '', raw: true };
    return (
      anyHit(bytes, text) ||
      someRun(bytes, latin1, (run) => inRun(text, run) || isPlausible(latin1, run)) ||
      custom.some((detector) => detector.mayHold(latin1))
    );
  };
};
