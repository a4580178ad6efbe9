/** Which detectors are to look at a character: decided by it and its neighbours, in three look-ups at most. */
import type { Detector } from './detector.js';

/** Lists that the first table may name: it holds bytes, so that it stays small. */
const MOST_LISTS = 255;
/** Detectors that one character may be an anchor of: bits of a number. */
const MOST_AT_ONE = 30;

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

  /** For each byte, the number of those of a list that accept it. */
  row(list: readonly Fingerprint[], accept: (one: Fingerprint) => Uint8Array): Uint16Array {
    const accepted = list.map(accept);
    const byMask = new Map<number, number>();
    return Uint16Array.from({ length: 256 }, (_, byte) => {
      const mask = accepted.reduce((bits, set, i) => bits | ((set[byte] ?? 0) << i), 0);
      const known = byMask.get(mask);
      if (known !== undefined) return known;
      const number = this.of(list.filter((_one, i) => (mask & (1 << i)) !== 0));
      byMask.set(mask, number);
      return number;
    });
  }

  /** For each list so far and each byte, `list * 256 + byte`, the list of those that accept the byte. */
  refined(accept: (one: Fingerprint) => Uint8Array): Uint16Array {
    const rows = this.lists.slice();
    const table = new Uint16Array(rows.length * 256);
    for (const [number, list] of rows.entries()) {
      if (list.every((one) => accept(one) === ANY)) table.fill(number, number << 8, (number + 1) << 8);
      else table.set(this.row(list, accept), number << 8);
    }
    return table;
  }

  private of(list: readonly Fingerprint[]): number {
    const key = list.map((one) => this.order.get(one)).join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, this.lists.length);
    return this.lists.push(list) - 1;
  }
}

const pairsOf = (all: readonly Fingerprint[], numbering: Numbering): Uint8Array => {
  const pairs = new Uint8Array(256 * 256);
  for (let byte = 0; byte < 256; byte++) {
    const anchored = all.filter(({ anchors }) => anchors[byte] === 1);
    if (anchored.length > MOST_AT_ONE) throw new RangeError('too many detectors hang on one character');
    if (anchored.length === 0) continue;
    for (const [before, list] of numbering.row(anchored, (one) => one.before).entries()) {
      pairs[(before << 8) | byte] = list;
    }
  }
  if (numbering.lists.length > MOST_LISTS) throw new RangeError('too many neighbourhoods of detectors');
  return pairs;
};

const NONE: readonly Detector['at'][] = [];

/**
 * Look-up tables made of the detectors' fingerprints. The edges of a text are looked up as 0. A class, so that the
 * tables of all profiles have one shape, and code that runs with several of them stays as fast as with one.
 */
export class Dispatch {
  /** `before * 256 + byte` to a list; 0 where no detector is to look, which is final. */
  readonly pairs: Uint8Array;
  private readonly byAfter: Uint16Array;
  private readonly byTwoBefore: Uint16Array;
  private readonly lists: readonly (readonly Detector['at'][])[];

  /** @throws RangeError where detectors hang on too many different neighbourhoods */
  constructor(detectors: readonly Detector[]) {
    const all = detectors.map(fingerprintOf);
    const numbering = new Numbering(all);
    this.pairs = pairsOf(all, numbering);
    this.byAfter = numbering.refined(({ after }) => after);
    this.byTwoBefore = numbering.refined(({ twoBefore }) => twoBefore);
    this.lists = numbering.lists.map((list) => list.map(({ detector }) => detector.at));
  }

  /** How the detectors of a list look that are to look between these neighbours; mostly none are. */
  at(list: number, twoBefore: number, after: number): readonly Detector['at'][] {
    const left = this.byAfter[(list << 8) | after] ?? 0;
    return left === 0 ? NONE : (this.lists[this.byTwoBefore[(left << 8) | twoBefore] ?? 0] ?? NONE);
  }
}
