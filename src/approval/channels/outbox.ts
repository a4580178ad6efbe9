/** Messages to the outside: tried again with growing waits, and on record where they are given up. */
import type { Ulid } from '../../base/ulid.js';
import type { ApprovalRecord, RecordDraft } from '../../model/record.js';

export interface OutboxDependencies {
  readonly record: (draft: Extract<RecordDraft, { type: 'notice' }>) => Promise<unknown>;
  /** Waits between attempts, milliseconds; their number is that of further attempts. */
  readonly backOff?: readonly number[] | undefined;
  readonly onDefect: (error: unknown) => void;
}

/** What came of one attempt: undefined where it was taken, else why not and whether to try again. */
export interface Failure {
  readonly problem: string;
  readonly final: boolean;
  /** Shortest wait that the receiver asks for, milliseconds. */
  readonly wait?: number;
}

export interface Message {
  readonly id: string;
  readonly channel: string;
  readonly approval: Ulid;
  /** The transition it tells of. */
  readonly kind: ApprovalRecord['event'];
  /** Tries once. The signal aborts after a while, and when the gateway stops. */
  readonly attempt: (signal: AbortSignal) => Promise<Failure | undefined>;
}

export interface Outbox {
  /** Sends without being waited for. Never throws. @param ordered after the other messages of this approval to this channel */
  readonly send: (message: Message, ordered?: boolean) => void;
  /** Gives up what is not delivered; each such message is on record when this resolves. */
  readonly close: () => Promise<void>;
}

const BACK_OFF = [1_000, 5_000, 30_000, 120_000, 600_000] as const;
/** Longest wait for one answer, and longest that a receiver may ask for, milliseconds. */
const TIMEOUT = 10_000;
const MAX_WAIT = 600_000;
/** Messages under way to one channel. */
const MAX_WAITING = 1_000;

const pause = (ms: number, closing: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      closing.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    closing.addEventListener('abort', done, { once: true });
    if (closing.aborted) done();
  });

const createGiveUp =
  ({ record }: OutboxDependencies) =>
  ({ id, channel, approval, kind }: Message, attempts: number, problem: string): Promise<unknown> =>
    record({
      type: 'notice',
      d: { event: 'dead', channel, message: id, approval, kind, attempts, problem: problem.slice(0, 200) },
    });

const createDeliver = (dependencies: OutboxDependencies, closing: AbortSignal) => {
  const { backOff = BACK_OFF } = dependencies;
  const giveUp = createGiveUp(dependencies);
  return async (message: Message): Promise<void> => {
    for (let tries = 1; ; tries++) {
      const failure = await message.attempt(AbortSignal.any([closing, AbortSignal.timeout(TIMEOUT)]));
      if (!failure) return;
      const wait = backOff[tries - 1];
      if (failure.final || wait === undefined || closing.aborted) {
        await giveUp(message, tries, closing.aborted ? 'the gateway stopped' : failure.problem);
        return;
      }
      await pause(Math.max(wait, Math.min(failure.wait ?? 0, MAX_WAIT)), closing);
    }
  };
};

/** What cannot be delivered becomes a `notice` record, never nothing. */
export const createOutbox = (dependencies: OutboxDependencies): Outbox => {
  const closing = new AbortController();
  const underway = new Set<Promise<void>>();
  const waiting = new Map<string, number>();
  const last = new Map<string, Promise<void>>();
  const deliver = createDeliver(dependencies, closing.signal);
  const giveUp = createGiveUp(dependencies);

  const send = async (message: Message, before: Promise<void> | undefined): Promise<void> => {
    const { channel } = message;
    const count = waiting.get(channel) ?? 0;
    if (count >= MAX_WAITING) return void (await giveUp(message, 0, 'too many messages wait for this channel'));
    waiting.set(channel, count + 1);
    try {
      await before;
      await deliver(message);
    } finally {
      waiting.set(channel, (waiting.get(channel) ?? 1) - 1);
    }
  };

  return {
    send: (message, ordered = false) => {
      if (closing.signal.aborted) return;
      const key = `${message.channel} ${message.approval}`;
      const sent = send(message, ordered ? last.get(key) : undefined).catch(dependencies.onDefect);
      underway.add(sent);
      if (ordered) last.set(key, sent);
      void sent.finally(() => {
        underway.delete(sent);
        if (last.get(key) === sent) last.delete(key);
      });
    },
    close: async () => {
      closing.abort();
      await Promise.all(underway);
    },
  };
};
