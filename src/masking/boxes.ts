/**
 * Pairs of bytes in few groups: each holds whatever pairs a byte of one set with a byte of another. A byte is told to be
 * in eight groups at once, so there are eight; those that bring few pairs that were not meant are put together.
 */

/** Groups at most: a bit each of a byte. */
export const GROUPS = 8;

/** For each byte 1 where it is in the set. */
export interface Box {
  readonly before: Uint8Array;
  readonly anchors: Uint8Array;
}

/** About how often each byte stands in the texts of messages, in a thousand. */
const FREQUENCY = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (character === ' ') return 100;
  if (/[a-z]/.test(character)) return 24;
  if (/[0-9]/.test(character)) return 16;
  if (/["':,./\\_-]/.test(character)) return 10;
  return byte > 127 ? 1 : 4;
});

const weight = (set: Uint8Array): number => {
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) sum += FREQUENCY[byte] ?? 0;
  return sum;
};
/** All bytes whose low half is that of one of a set, and whose high half is: so anchors are looked up. */
const hull = (set: Uint8Array): Uint8Array => {
  const [low, high] = [new Uint8Array(16), new Uint8Array(16)];
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) low[byte & 15] = high[byte >> 4] = 1;
  const all = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) all[byte] = (low[byte & 15] ?? 0) & (high[byte >> 4] ?? 0);
  return all;
};
const cost = ({ before, anchors }: Box): number => weight(before) * weight(hull(anchors));
const union = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = a.slice();
  for (let byte = 0; byte < 256; byte++) if (b[byte] === 1) both[byte] = 1;
  return both;
};
const joined = (a: Box, b: Box): Box => ({
  before: union(a.before, b.before),
  anchors: union(a.anchors, b.anchors),
});

/** Apart by the high half of anchors, since so each is what it says; what then has the same bytes before it together. */
const apart = (boxes: readonly Box[]): Box[] => {
  const known = new Map<string, Box>();
  for (const { before, anchors } of boxes) {
    for (let high = 0; high < 16; high++) {
      const part = anchors.map((one, byte) => (byte >> 4 === high ? one : 0));
      if (!part.includes(1)) continue;
      const key = `${high} ${before.join('')}`;
      const box = { before, anchors: part };
      const same = known.get(key);
      known.set(key, same ? joined(same, box) : box);
    }
  }
  return [...known.values()];
};

interface Piece {
  readonly box: Box;
  readonly cost: number;
}
const pieceOf = (box: Box): Piece => ({ box, cost: cost(box) });

/** The same pairs, and as few others as may be, in `GROUPS` boxes at most. */
export const boxed = (all: readonly Box[]): readonly Box[] => {
  const pieces = apart(all).map(pieceOf);
  /** What two pieces cost more as one, reckoned once. */
  const known = new Map<Piece, Map<Piece, number>>();
  const more = (one: Piece, other: Piece): number => {
    const row = known.get(one) ?? known.set(one, new Map()).get(one);
    const kept = row?.get(other);
    if (kept !== undefined) return kept;
    const sum = cost(joined(one.box, other.box)) - one.cost - other.cost;
    row?.set(other, sum);
    return sum;
  };
  while (pieces.length > GROUPS) {
    let [best, a, b] = [Number.POSITIVE_INFINITY, 1, 0];
    for (let i = 1; i < pieces.length; i++) {
      for (let j = 0; j < i; j++) {
        const [one, other] = [pieces[i], pieces[j]];
        const sum = one && other ? more(one, other) : best;
        if (sum < best) [best, a, b] = [sum, i, j];
      }
    }
    const [one] = pieces.splice(a, 1);
    const other = pieces[b];
    if (one && other) pieces[b] = pieceOf(joined(one.box, other.box));
  }
  return pieces.map(({ box }) => box);
};
