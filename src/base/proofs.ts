/**
 * Whether proofs of a Merkle tree hold: of one leaf and of a tree's begin as RFC 9162 §2.1.3.2 and §2.1.4.2 have them,
 * over the tree of RFC 6962; and of leaves that follow one another. Pure.
 */
import { nodeHash, peakHeights } from './merkle.js';

const HASH = 32;
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;
const areHashes = (hashes: readonly Uint8Array[]): boolean => hashes.every(({ length }) => length === HASH);
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** One step up the tree: on which side the next hash of a proof stands, from the last node's place. */
class Climb {
  private place: number;
  private last: number;

  constructor(place: number, last: number) {
    this.place = place;
    this.last = last;
  }

  /** Whether there is a level above. */
  get isBelowRoot(): boolean {
    return this.last > 0;
  }

  /** Goes up past the levels where the node has no other beside it; true where the next hash stands to its left. */
  step(): boolean {
    const isLeft = isOdd(this.place) || this.place === this.last;
    if (isLeft) while (!isOdd(this.place) && this.place !== 0) this.up();
    this.up();
    return isLeft;
  }

  /** Goes up while the node stands to the right. */
  skipRight(): void {
    while (isOdd(this.place)) this.up();
  }

  private up(): void {
    this.place = half(this.place);
    this.last = half(this.last);
  }
}

export interface Inclusion {
  /** Of the leaf, from 0. */
  readonly index: number;
  /** Leaves of the tree. */
  readonly size: number;
  readonly leaf: Uint8Array;
  /** Hashes beside the way up, the lowest first. */
  readonly path: readonly Uint8Array[];
}

/** The root that a tree has if the leaf stands in it where the proof says; undefined where there can be no such tree. */
export const inclusionRoot = ({ index, size, leaf, path }: Inclusion): Buffer | undefined => {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, ...path])) return undefined;
  const climb = new Climb(index, size - 1);
  let root: Buffer = Buffer.from(leaf);
  for (const hash of path) {
    if (!climb.isBelowRoot) return undefined;
    root = climb.step() ? nodeHash(hash, root) : nodeHash(root, hash);
  }
  return climb.isBelowRoot ? undefined : root;
};

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n)) && 2 ** Math.log2(n) === n;
const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * Whether the first tree is the begin of the second. An empty tree is the begin of every tree, so nothing can be
 * proved of it: that is false.
 */
export const isConsistent = (first: TreeHead, second: TreeHead, path: readonly Uint8Array[]): boolean => {
  const isOrdered = isCount(first.size) && isCount(second.size) && first.size >= 1 && first.size <= second.size;
  if (!isOrdered || !areHashes([first.root, second.root, ...path])) return false;
  if (first.size === second.size) return path.length === 0 && isSame(first.root, second.root);
  // A first tree that is perfect is a node of the second: its root is where the way begins.
  const way = isPowerOfTwo(first.size) ? [first.root, ...path] : path;
  return path.length > 0 && leadsUp(first, second, way);
};

/** Whether a way through both trees gives both roots. */
const leadsUp = (first: TreeHead, second: TreeHead, [begin, ...rest]: readonly Uint8Array[]): boolean => {
  const climb = new Climb(first.size - 1, second.size - 1);
  climb.skipRight();
  let old: Uint8Array = begin ?? first.root;
  let now = old;
  for (const hash of rest) {
    if (!climb.isBelowRoot) return false;
    if (climb.step()) {
      old = nodeHash(hash, old);
      now = nodeHash(hash, now);
    } else now = nodeHash(now, hash);
  }
  return !climb.isBelowRoot && isSame(old, first.root) && isSame(now, second.root);
};

/** Heights of the perfect subtrees that cover the leaves from `from` to `size`, from the left. */
export const coverHeights = (from: number, size: number): readonly number[] => {
  const heights: number[] = [];
  for (let at = from; at < size; ) {
    let height = 0;
    while (at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= size) height++;
    heights.push(height);
    at += 2 ** height;
  }
  return heights;
};

/** Leaves that follow one another, and the subtrees on both sides of them. */
export interface LeafRange {
  /** Of the first leaf. */
  readonly from: number;
  /** At least one. */
  readonly leaves: readonly Uint8Array[];
  /** Leaves of the tree. */
  readonly size: number;
  /** The peaks of the tree of the leaves before. */
  readonly left: readonly Uint8Array[];
  /** The perfect subtrees that cover what comes after, from the left. */
  readonly right: readonly Uint8Array[];
}

interface Subtree {
  readonly hash: Uint8Array;
  readonly height: number;
}

/** Subtrees side by side, joined where two of one height meet. */
const joinAll = (subtrees: readonly Subtree[]): readonly Subtree[] => {
  const joined: Subtree[] = [];
  for (let subtree of subtrees) {
    for (let last = joined.at(-1); last?.height === subtree.height; last = joined.at(-1)) {
      joined.pop();
      subtree = { hash: nodeHash(last.hash, subtree.hash), height: last.height + 1 };
    }
    joined.push(subtree);
  }
  return joined;
};

/** The root that a tree has if these are all of its leaves from the first to the last of them; undefined where it cannot. */
export const rangeRoot = ({ from, leaves, size, left, right }: LeafRange): Uint8Array | undefined => {
  const end = from + leaves.length;
  if (!isCount(from) || !isCount(size) || leaves.length === 0 || end > size) return undefined;
  const [before, after] = [peakHeights(from), coverHeights(end, size)];
  const isComplete = left.length === before.length && right.length === after.length;
  if (!isComplete || !areHashes([...left, ...leaves, ...right])) return undefined;
  const [last, ...rest] = joinAll([
    ...left.map((hash, i) => ({ hash, height: before[i] ?? 0 })),
    ...leaves.map((hash) => ({ hash, height: 0 })),
    ...right.map((hash, i) => ({ hash, height: after[i] ?? 0 })),
  ]).toReversed();
  return rest.reduce((root, { hash }) => nodeHash(hash, root), last?.hash ?? new Uint8Array(0));
};
