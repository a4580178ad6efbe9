/** Whole batches of a ledger that were read elsewhere, and what their checkpoints say of the tree. Pure. */
import type { CompactRange } from '../base/merkle.js';

/**
 * Records, their payloads and checkpoints, whole batches of them, that were read and compared with one another
 * elsewhere: what of them a chain needs to see whether they follow.
 */
export interface ChainRun {
  /** Of the first record: its number and its link. */
  readonly seq: number;
  readonly prev: string;
  /** 32 bytes for each record. */
  readonly leaves: Uint8Array;
  /** All of the run; the last one stands at its end. Roots in hex. */
  readonly checkpoints: readonly { readonly size: number; readonly root: string }[];
  /** The verifier key under which the signatures of all of them are valid. */
  readonly key: string;
}

/**
 * Appends the leaves of a run to the tree before it, and gives the roots that are asked for, by size. Undefined where
 * one of its checkpoints says another root or size: the range is then not to be used any more.
 */
export const appendRun = (
  range: CompactRange,
  run: ChainRun,
  wants: (size: number) => boolean,
): ReadonlyMap<number, Buffer> | undefined => {
  const roots = new Map<number, Buffer>();
  const leaves = Buffer.from(run.leaves.buffer, run.leaves.byteOffset, run.leaves.byteLength);
  let at = 0;
  for (const { size, root } of run.checkpoints) {
    while (range.size < size && at < leaves.length) {
      let stop = range.size + 1;
      while (stop < size && !wants(stop)) stop++;
      const end = Math.min(at + 32 * (stop - range.size), leaves.length);
      range.appendAll(leaves.subarray(at, end));
      at = end;
      if (wants(range.size)) roots.set(range.size, range.root());
    }
    if (range.size !== size || range.root().toString('hex') !== root) return undefined;
  }
  return at > 0 && at === leaves.length ? roots : undefined;
};
