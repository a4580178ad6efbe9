import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCompactRange, emptyRoot, nodeHash } from '../../../src/base/merkle.js';
import { consistencyProof } from '../../../src/ledger/anchors/consistency.js';

const leaves = Array.from({ length: 300 }, (_, n) => createHash('sha256').update(`leaf ${n}`).digest());

/** RFC 6962 §2.1, by its words. */
const treeHash = (all: readonly Buffer[]): Buffer => {
  const [only] = all;
  if (!only) return emptyRoot();
  if (all.length === 1) return only;
  let half = 1;
  while (half * 2 < all.length) half *= 2;
  return nodeHash(treeHash(all.slice(0, half)), treeHash(all.slice(half)));
};

/** SUBPROOF of RFC 6962 §2.1.2, by its words. */
const subproof = (m: number, all: readonly Buffer[], known: boolean): Buffer[] => {
  if (m === all.length) return known ? [] : [treeHash(all)];
  let half = 1;
  while (half * 2 < all.length) half *= 2;
  return m <= half
    ? [...subproof(m, all.slice(0, half), known), treeHash(all.slice(half))]
    : [...subproof(m - half, all.slice(half), false), treeHash(all.slice(0, half))];
};

async function* from(m: number, n: number): AsyncGenerator<Buffer> {
  yield* leaves.slice(m, n);
}

it('gives the proof of RFC 6962 from peaks and later leaves, for all sizes', async () => {
  const sizes = fc.nat(300).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)));
  await fc.assert(
    fc.asyncProperty(sizes, async ([m, n]) => {
      const range = createCompactRange();
      for (const leaf of leaves.slice(0, m)) range.append(leaf);
      const proof = await consistencyProof(range.peaks(), m, n, from(m, n));
      expect(proof).toEqual(m === 0 ? [] : subproof(m, leaves.slice(0, n), true));
    }),
    { numRuns: 500 },
  );
});
