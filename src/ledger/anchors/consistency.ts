/**
 * Consistency proofs (RFC 6962 §2.1.2) from what a writer keeps: the peaks of the tree at the old size, and the
 * leaves that came after it.
 */
import { createCompactRange, emptyRoot } from '../../base/merkle.js';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** A node of a proof: one of the old peaks, or the root over a span of new leaves, by its index. */
type Step = readonly ['peak' | 'span', number];

interface Plan {
  readonly spans: readonly Span[];
  /** The nodes in the order of the proof. */
  readonly order: readonly Step[];
}

/** Walks down to the end of the old tree; siblings on the way are its peaks to the left, and new leaves to the right. */
const plan = (oldSize: number, newSize: number): Plan => {
  const spans: Span[] = [];
  const walked: Step[] = [];
  let [from, to, rest, peaks] = [0, newSize, oldSize, 0];
  while (rest !== to - from) {
    let half = 1;
    while (half * 2 < to - from) half *= 2;
    if (rest <= half) {
      walked.push(['span', spans.length]);
      spans.push({ from: from + half, to });
      to = from + half;
    } else {
      walked.push(['peak', peaks++]);
      from += half;
      rest -= half;
    }
  }
  // Where the old tree is one perfect subtree its root is known to whoever checks.
  const own: readonly Step[] = from === 0 ? [] : [['peak', peaks]];
  return { spans, order: [...own, ...walked.toReversed()] };
};

const NOTHING: Plan = { spans: [], order: [] };

/**
 * @param peaks of the tree over the first `oldSize` leaves, the largest first
 * @param leaves hashes of the leaves from `oldSize` on, exactly up to `newSize`
 * @returns nothing for an empty old tree, or an equal one; the leaves are read in any case
 */
export const consistencyProof = async (
  peaks: readonly Buffer[],
  oldSize: number,
  newSize: number,
  leaves: AsyncIterable<Buffer>,
): Promise<readonly Buffer[]> => {
  const isTrivial = oldSize === 0 || oldSize === newSize;
  const { spans, order } = isTrivial ? NOTHING : plan(oldSize, newSize);
  const ranges = spans.map(() => createCompactRange());
  let at = oldSize;
  for await (const leaf of leaves) {
    const index = spans.findIndex(({ from, to }) => from <= at && at < to);
    // A span that begins within the old tree would hold its leaves too; none does.
    ranges[index]?.append(leaf);
    at++;
  }
  return order.map(([kind, index]) => (kind === 'peak' ? peaks[index] : ranges[index]?.root()) ?? emptyRoot());
};
