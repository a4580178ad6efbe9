/**
 * The Merkle tree of RFC 6962 §2.1, kept as a compact range: the roots of the perfect subtrees
 * that cover the leaves so far, at most log2(n) + 1 hashes however long the log is.
 */
import { createHash, hash } from 'node:crypto';

const LEAF = Uint8Array.of(0);

/** SHA-256(0x00 ‖ data): the hash of a leaf. */
export const leafHash = (data: Uint8Array): Buffer => createHash('sha256').update(LEAF).update(data).digest();

/** SHA-256(0x01 ‖ left ‖ right): the hash of an interior node. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => {
  pair.set(left, 1);
  pair.set(right, 33);
  return hash('sha256', pair, 'buffer');
};

/** 0x01 ‖ left ‖ right: filled anew for each node, since one is hashed for every record. */
const pair = Buffer.alloc(65, 1);

/** The root of a tree without leaves. */
export const emptyRoot = (): Buffer => createHash('sha256').digest();

interface Subtree {
  readonly hash: Buffer;
  /** Levels above the leaves. */
  readonly height: number;
}

export interface CompactRange {
  /** Number of leaves. */
  readonly size: number;
  /** Adds the leaf whose hash this is. */
  append(leaf: Buffer): void;
  /** The root over all leaves so far. */
  root(): Buffer;
  /** The roots of the perfect subtrees, the largest first: one for each bit of the size. */
  peaks(): readonly Buffer[];
  /** An independent copy; the hashes themselves are shared and never change. */
  copy(): CompactRange;
}

const rangeOf = (subtrees: Subtree[], count: number): CompactRange => {
  let size = count;
  return {
    get size() {
      return size;
    },
    append(leaf) {
      let hash = leaf;
      let height = 0;
      for (let last = subtrees.at(-1); last?.height === height; last = subtrees.at(-1)) {
        subtrees.pop();
        hash = nodeHash(last.hash, hash);
        height++;
      }
      subtrees.push({ hash, height });
      size++;
    },
    root() {
      const last = subtrees.at(-1);
      if (!last) return emptyRoot();
      return subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left.hash, right), last.hash);
    },
    peaks: () => subtrees.map(({ hash }) => hash),
    copy: () => rangeOf([...subtrees], size),
  };
};

/** An empty tree. */
export const createCompactRange = (): CompactRange => rangeOf([], 0);

/** The heights of the perfect subtrees that cover so many leaves, the largest first. */
export const peakHeights = (size: number): readonly number[] =>
  [...size.toString(2)].flatMap((bit, index, bits) => (bit === '1' ? [bits.length - 1 - index] : []));

/** The range that has these peaks; undefined where there is another number of them than a range of that size has. */
export const restoreCompactRange = (size: number, peaks: readonly Buffer[]): CompactRange | undefined => {
  const heights = peakHeights(size);
  if (heights.length !== peaks.length || peaks.some(({ length }) => length !== 32)) return undefined;
  return rangeOf(
    peaks.map((hash, index) => ({ hash, height: heights[index] ?? 0 })),
    size,
  );
};
