/** Which detectors are to look at a character: decided by it and its neighbours, in three look-ups at most. */
import type { Detector } from './detector.js';

/** Lists that the first table may name: it holds bytes, so that it stays small. */
const MOST_LISTS = 255;

/** Whether each byte is in a set of characters; what is beyond ASCII counts as `EDGE`. */
const membership = (set: string): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (set.includes(String.fromCharCode(byte < 128 ? byte : 0)) ? 1 : 0));

const ANY = new Uint8Array(256).fill(1);

interface Fingerprint {
  readonly detector: Detector;
  readonly anchors: Uint8Array;
  readonly before: Uint8Array;
  readonly twoBefore: Uint8Array;
  readonly after: Uint8Array;
}

const fingerprintOf = (detector: Detector): Fingerprint => {
  const anchors = new Uint8Array(256);
  for (const anchor of detector.anchors) anchors[anchor.charCodeAt(0)] = 1;
  const of = (set: string | undefined): Uint8Array => (set === undefined ? ANY : membership(set));
  return {
    detector,
    anchors,
    before: of(detector.before),
    twoBefore: of(detector.twoBefore),
    after: of(detector.after),
  };
};

/** Numbers lists of fingerprints: equal lists have one number, the empty list 0. */
class Numbering {
  readonly lists: (readonly Fingerprint[])[] = [[]];
  private readonly known = new Map<string, number>([['', 0]]);
  private readonly order: ReadonlyMap<Fingerprint, number>;

  constructor(all: readonly Fingerprint[]) {
    this.order = new Map(all.map((one, i) => [one, i]));
  }

  of(list: readonly Fingerprint[]): number {
    const key = list.map((one) => this.order.get(one)).join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, this.lists.length);
    return this.lists.push(list) - 1;
  }

  /** For each list so far and each byte, `list * 256 + byte`, the list of those that `accept` the byte. */
  refined(accept: (one: Fingerprint) => Uint8Array): Uint16Array {
    const rows = this.lists.slice();
    const table = new Uint16Array(rows.length * 256);
    for (const [row, list] of rows.entries()) {
      for (let byte = 0; byte < 256; byte++) {
        const here = list.filter((one) => accept(one)[byte] === 1);
        table[(row << 8) | byte] = here.length === list.length ? row : this.of(here);
      }
    }
    return table;
  }
}

/** Look-up tables made of the detectors' fingerprints. The edges of a text are looked up as 0. */
export interface Dispatch {
  /** `before * 256 + byte` to a list; 0 where no detector is to look, which is final. */
  readonly pairs: Uint8Array;
  /** The detectors of a list that are to look between these neighbours; mostly none. */
  readonly at: (list: number, twoBefore: number, after: number) => readonly Detector[];
}

/** @throws RangeError where detectors hang on too many different neighbourhoods */
export const createDispatch = (detectors: readonly Detector[]): Dispatch => {
  const all = detectors.map(fingerprintOf);
  const numbering = new Numbering(all);
  const pairs = new Uint8Array(256 * 256);
  for (let byte = 0; byte < 256; byte++) {
    const anchored = all.filter(({ anchors }) => anchors[byte] === 1);
    if (anchored.length === 0) continue;
    for (let before = 0; before < 256; before++) {
      pairs[(before << 8) | byte] = numbering.of(anchored.filter((one) => one.before[before] === 1));
    }
  }
  if (numbering.lists.length > MOST_LISTS) throw new RangeError('too many neighbourhoods of detectors');
  const byAfter = numbering.refined(({ after }) => after);
  const byTwoBefore = numbering.refined(({ twoBefore }) => twoBefore);
  const lists = numbering.lists.map((list) => list.map(({ detector }) => detector));
  const none: readonly Detector[] = [];
  return {
    pairs,
    at: (list, twoBefore, after) =>
      lists[byTwoBefore[((byAfter[(list << 8) | after] ?? 0) << 8) | twoBefore] ?? 0] ?? none,
  };
};
