import { CountersignError } from '../index.js';

/** A wish to stop, from the keyboard or the system. */
export interface Stop {
  readonly signal: AbortSignal;
  /** Leaves the signals to others again. */
  readonly done: () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * The first SIGINT or SIGTERM asks the work to end at its next step; a second one ends the process at once, and what it
 * leaves is removed by the next.
 * @param say told once, when the first signal comes
 */
export const stopOnSignal = (say: (text: string) => void): Stop => {
  const stop = new AbortController();
  const ask = (name: NodeJS.Signals): void => {
    for (const signal of SIGNALS) process.off(signal, ask);
    say('stopping at the next step; once more ends at once');
    stop.abort(new CountersignError('INTERRUPTED', { signal: name }));
  };
  for (const signal of SIGNALS) process.on(signal, ask);
  return {
    signal: stop.signal,
    done: () => {
      for (const signal of SIGNALS) process.off(signal, ask);
    },
  };
};
