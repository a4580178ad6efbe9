/** One request in memory: what the ledger says of it, and what this process needs to run it. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.js';
import type { Approval } from '../model/approval.js';
import type { Requester } from './people.js';

export interface Entry {
  /** Replaced at each transition, after its record is durable. */
  approval: Approval;
  readonly requester: Requester;
  /** Size of the masked arguments. */
  readonly argsBytes: number;
  /** Monotonic end: a clock that is turned back does not prolong a request. */
  monotonicDeadline: number;
  /** Aborted when the grant is revoked. */
  readonly revoked: AbortController;
  /** Set at restart where the request can no longer be used; the next sweep cancels it. */
  readonly stale: boolean;
  /** Set where an append failed: whether the record is on disk is unknown, so nothing more may happen. */
  inDoubt: Error | null;
  /** The last transition under way: transitions of one request follow each other. */
  tail: Promise<unknown>;
  /** Wakes those who wait for a change. */
  readonly waiters: Set<() => void>;
}

/** Every call in flight under a window listens; that many are no leak. */
const manyListeners = (): AbortController => {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
};

export const createEntry = (
  approval: Approval,
  requester: Requester,
  monotonicDeadline: number,
  stale = false,
): Entry => ({
  approval,
  requester,
  argsBytes: Buffer.byteLength(approval.maskedArgs),
  monotonicDeadline,
  revoked: manyListeners(),
  stale,
  inDoubt: null,
  tail: Promise.resolve(),
  waiters: new Set(),
});

/** Milliseconds until the wall or the monotonic clock, whichever is first, ends the request. */
export const timeLeft = (clock: Clock, entry: Entry): number =>
  Math.min(entry.approval.deadline - clock.now(), entry.monotonicDeadline - clock.monotonic());

/** Runs after all that was queued for this request before: one order decides every race. */
export const serially = <T>(entry: Entry, work: () => Promise<T>): Promise<T> => {
  const run = entry.tail.then(work);
  entry.tail = run.catch(() => undefined);
  return run;
};

export const wake = (entry: Entry): void => {
  for (const waiter of entry.waiters) waiter();
};

/** Longest timer of the runtime, milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Waits for a change of the request, for the signal, or for `ms`, whichever is first. */
export const waitForChange = (entry: Entry, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      entry.waiters.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(Math.max(0, ms), LONGEST_TIMER));
    entry.waiters.add(done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
