/** Makes proofs of a Merkle tree from its leaves, seen once, in memory that grows with what is asked and not with the tree. */
import { nodeHash, peakHeights } from './merkle.js';
import { coverHeights } from './proofs.js';

const half = (n: number): number => Math.floor(n / 2);

/** The levels that a tree of safe integers can have. */
const LEVELS = 53;

interface Subtree {
  readonly hash: Buffer;
  readonly height: number;
}

/**
 * Keeps the subtrees beside the ways up from some leaves, and the peaks. Ask for proofs when all leaves are appended.
 */
export class TreeProver {
  size = 0;
  private readonly subtrees: Subtree[] = [];
  /** By height: the places of subtrees that are kept, with their hashes once they are there. */
  private readonly kept: readonly Map<number, Buffer | null>[] = Array.from({ length: LEVELS }, () => new Map());

  /** @param leaves whose ways up are asked for; of a tree's begin, its last leaf */
  constructor(leaves: readonly number[]) {
    for (const leaf of leaves) {
      for (let height = 0, at = leaf; height < LEVELS; height++, at = half(at)) {
        const level = this.kept[height];
        level?.set(at % 2 === 0 ? at + 1 : at - 1, null);
        // The begin of a tree may end with this one.
        level?.set(at, null);
      }
    }
  }

  append(leaf: Buffer): void {
    let subtree: Subtree = { hash: leaf, height: 0 };
    let place = this.size;
    this.keep(subtree, place);
    for (let last = this.subtrees.at(-1); last?.height === subtree.height; last = this.subtrees.at(-1)) {
      this.subtrees.pop();
      subtree = { hash: nodeHash(last.hash, subtree.hash), height: last.height + 1 };
      place = half(place);
      this.keep(subtree, place);
    }
    this.subtrees.push(subtree);
    this.size++;
  }

  /** The peaks of the tree so far. */
  peaks(): readonly Buffer[] {
    return this.subtrees.map(({ hash }) => hash);
  }

  /** The root of the tree so far, which has a leaf. */
  root(): Buffer {
    return this.subtree(LEVELS, 0);
  }

  /** The path of a leaf that was asked for. */
  inclusion(leaf: number): readonly Buffer[] {
    return this.up(leaf, 0);
  }

  /** The proof that the first `size` leaves, of which the last one was asked for, are the begin of the tree. */
  consistency(size: number): readonly Buffer[] {
    if (size === this.size) return [];
    const height = peakHeights(size).at(-1) ?? 0;
    const place = Math.floor((size - 1) / 2 ** height);
    const path = this.up(place, height);
    // A begin that is one perfect subtree is known by its root.
    return place === 0 ? path : [this.subtree(height, place), ...path];
  }

  /** The subtrees that cover the leaves after one that was asked for. */
  after(leaf: number): readonly Buffer[] {
    let at = leaf + 1;
    return coverHeights(at, this.size).map((height) => {
      const hash = this.subtree(height, at / 2 ** height);
      at += 2 ** height;
      return hash;
    });
  }

  private keep({ hash, height }: Subtree, place: number): void {
    const level = this.kept[height];
    if (level?.has(place)) level.set(place, hash);
  }

  private up(from: number, height: number): readonly Buffer[] {
    const path: Buffer[] = [];
    let [place, last] = [from, Math.floor((this.size - 1) / 2 ** height)];
    for (let level = height; last > 0; level++) {
      if (place % 2 === 1) path.push(this.subtree(level, place - 1));
      else if (place < last) path.push(this.subtree(level, place + 1));
      place = half(place);
      last = half(last);
    }
    return path;
  }

  /** A subtree that is perfect, or the last one of its height with what there is of it. */
  private subtree(height: number, place: number): Buffer {
    const begin = place * 2 ** height;
    if (begin + 2 ** height <= this.size) {
      const hash = this.kept[height]?.get(place) ?? this.peakAt(begin, height);
      if (!hash) throw new RangeError(`no subtree ${place} of height ${height} was asked for`);
      return hash;
    }
    const [last, ...rest] = this.peaksFrom(begin).toReversed();
    if (!last) throw new RangeError(`no leaf from ${begin} on`);
    return rest.reduce((root, hash) => nodeHash(hash, root), last);
  }

  private peakAt(begin: number, height: number): Buffer | undefined {
    let at = 0;
    for (const subtree of this.subtrees) {
      if (at === begin && subtree.height === height) return subtree.hash;
      at += 2 ** subtree.height;
    }
    return undefined;
  }

  private peaksFrom(begin: number): readonly Buffer[] {
    let at = 0;
    const found: Buffer[] = [];
    for (const { hash, height } of this.subtrees) {
      if (at >= begin) found.push(hash);
      at += 2 ** height;
    }
    return found;
  }
}
