/** What the raw stage found, asked for by range. */
import type { RawHits } from './raw.js';

export interface HitRanges {
  /** Whether there may be something in the bytes from `start` to `end`, end exclusive. */
  any(start: number, end: number): boolean;
}

const EVERYWHERE: HitRanges = { any: () => true };

/** Quick where ranges are asked for about in order. Without hits anything may be anywhere. */
export const createHitRanges = (hits: RawHits | undefined): HitRanges => {
  if (hits === undefined || hits.everywhere) return EVERYWHERE;
  const { at } = hits;
  /** The first hit at or after the start that was asked for last. */
  let next = 0;
  return {
    any: (start, end) => {
      while (next > 0 && (at[next - 1] ?? 0) >= start) next--;
      while (next < at.length && (at[next] ?? 0) < start) next++;
      return next < at.length && (at[next] ?? 0) < end;
    },
  };
};
