/** Sends events until they are taken: at least once, in order, with pauses that grow, and never from memory alone. */
import { reason } from '../base/errors.js';
import type { ExportEvent } from './record.js';
import { Rejected, type Sink } from './sinks/sink.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export interface DeliverDeps {
  readonly sink: Sink;
  /** Keeps what a receiver does not want; on disk when it resolves. */
  readonly bury: (events: readonly ExportEvent[], problem: string) => Promise<void>;
  /** Told of the first failure of a row, and of the success after it. */
  readonly onProblem: (problem: string | null) => void;
  /** Resolves after so many milliseconds, or rejects where the export ends. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Which of a rejected batch it is about: single events are tried, so that one does not take the others with it. */
const sendSingly = async ({ sink, bury }: DeliverDeps, events: readonly ExportEvent[]): Promise<void> => {
  for (const event of events) {
    try {
      await sink.send([event]);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      await bury([event], error.message);
    }
  }
};

/** Resolves when every event is with the receiver, or buried. Rejects where `wait` does. */
export const deliver = async (deps: DeliverDeps, events: readonly ExportEvent[]): Promise<void> => {
  if (events.length === 0) return;
  for (let pause = FIRST_WAIT_MS, failed = false; ; pause = Math.min(2 * pause, LONGEST_WAIT_MS)) {
    try {
      await deps.sink.send(events).catch((error: unknown) => {
        if (error instanceof Rejected) return sendSingly(deps, events);
        throw error;
      });
      if (failed) deps.onProblem(null);
      return;
    } catch (error) {
      if (!failed) deps.onProblem(reason(error));
      failed = true;
      await deps.wait(pause);
    }
  }
};
