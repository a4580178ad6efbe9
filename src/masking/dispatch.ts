/** Which detectors are to look at a character: decided by it and its neighbours, in three look-ups at most. */

import { isBase64, type Line, SHORTEST_RUN } from './base64-runs.js';
import { boxed } from './boxes.js';
import { innerAt } from './codes.js';
import type { Detector } from './detector.js';
import { eitherLetters, type LastLetters } from './endings.js';
import { CHUNK, Prefilter } from './prefilter.js';

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

const NONE: readonly Detector[] = [];

/** A list hangs on names where all its detectors do. */
const namedOf = (lists: readonly (readonly Fingerprint[])[]): Uint8Array =>
  Uint8Array.from(lists, (list) =>
    list.length > 0 && list.every(({ detector }) => detector.endings !== undefined) ? 1 : 0,
  );

const NO_LETTERS: LastLetters = {
  triples: new Uint8Array(4_096),
  pairs: new Uint8Array(128 * 128),
  left: new Uint8Array(256).fill(1),
};

/**
 * Look-up tables made of the detectors' fingerprints. The edges of a text are looked up as 0. A class, so that the
 * tables of all profiles have one shape, and code that runs with several of them stays as fast as with one.
 */
export class Dispatch {
  private readonly prefilter: Prefilter;
  private readonly lists: readonly (readonly Detector[])[];

  /** @throws RangeError where detectors hang on too many different neighbourhoods */
  constructor(detectors: readonly Detector[]) {
    const all = detectors.map(fingerprintOf);
    const numbering = new Numbering(all);
    const pairs = pairsOf(all, numbering);
    const byAfter = numbering.refined(({ after }) => after);
    const byTwoBefore = numbering.refined(({ twoBefore }) => twoBefore);
    this.prefilter = new Prefilter({
      pairs,
      boxes: boxed(all),
      byAfter,
      byTwoBefore,
      named: namedOf(numbering.lists),
      endings: detectors.reduce((all, { endings = NO_LETTERS }) => eitherLetters(all, endings), NO_LETTERS),
    });
    this.lists = numbering.lists.map((list) => list.map(({ detector }) => detector));
  }
  /**
   * Looks at the bytes from `start` on, `CHUNK` at most, and says at how many places detectors are to look. Places and
   * runs hold until it looks again.
   */
  look(codes: Uint8Array, start: number): number {
    return this.prefilter.look(codes, start);
  }

  /** The places, ascending, each `offset * 65536 + list`; offsets are counted from `start`. */
  get places(): Uint32Array {
    return this.prefilter.found;
  }

  /** The detectors of a list. */
  detectors(list: number): readonly Detector[] {
    return this.lists[list] ?? NONE;
  }

  /**
   * Adds the runs of base64 among the bytes from `start` on; the last may go on behind them. Short ones that are no text
   * are left out.
   */
  addRuns(codes: Uint8Array, start: number, runs: Line[]): void {
    const { prefilter } = this;
    const count = prefilter.runCount;
    for (let k = 0; k < count; k++) {
      const run = prefilter.runs[k] ?? 0;
      const from = start + (run >>> 16);
      let end = start + (run & 0x7fff);
      if (from < (runs.at(-1)?.end ?? 0)) continue;
      if (end === start + CHUNK) while (end < codes.length && isBase64(innerAt(codes, end))) end++;
      if (end - from >= SHORTEST_RUN) runs.push({ start: from, end, text: (run & 0x8000) !== 0 });
    }
  }
}
