/** Keeps requests apart in time. */
import type { Clock } from './clock.js';

/** Waits, milliseconds. */
export type Sleep = (ms: number) => Promise<void>;

export interface Pace {
  /** Resolves when the next request may be sent. Requests are let through in the order of their asking. */
  next(): Promise<void>;
}

/** At most `perSecond` requests a second, evenly spaced and without a burst at the start. */
export const createPace = (perSecond: number, clock: Pick<Clock, 'monotonic'>, sleep: Sleep): Pace => {
  const spacing = 1000 / perSecond;
  let free = Number.NEGATIVE_INFINITY;
  return {
    next: async () => {
      const now = clock.monotonic();
      const at = Math.max(now, free);
      free = at + spacing;
      if (at > now) await sleep(Math.ceil(at - now));
    },
  };
};
