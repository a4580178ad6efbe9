/**
 * Outgoing webhooks, signed as Standard Webhooks says (https://www.standardwebhooks.com): who asks for which tool,
 * and what becomes of it. No arguments leave: they are shown where a person has logged in.
 */
import { createHmac } from 'node:crypto';
import { type Clock, timestamp } from '../../base/clock.js';
import { reason } from '../../base/errors.js';
import { ulid } from '../../base/ulid.js';
import type { Approval } from '../../model/approval.js';
import type { ApprovalRecord, RecordDraft } from '../../model/record.js';

export interface WebhookChannel {
  readonly name: string;
  readonly url: string;
  /** At least 24 bytes. */
  readonly secret: Uint8Array;
}

/** Posts a body and gives the status of the answer; rejects where none came. Follows no redirect. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<number>;

export interface WebhookDependencies {
  readonly channels: readonly WebhookChannel[];
  /** Names of the channels a rule tells. */
  readonly channelsOf: (rule: string) => readonly string[];
  readonly post: Post;
  readonly record: (draft: Extract<RecordDraft, { type: 'notice' }>) => Promise<unknown>;
  readonly clock: Clock;
  /** Waits between attempts, milliseconds; their number is that of further attempts. */
  readonly backOff?: readonly number[];
  readonly onDefect: (error: unknown) => void;
}

export interface Webhooks {
  /** Sends without being waited for. Never throws. */
  notify(approval: Approval, event: ApprovalRecord['event']): void;
  /** Gives up what is not delivered; each such message is on record when this resolves. */
  close(): Promise<void>;
}

const BACK_OFF = [1_000, 5_000, 30_000, 120_000, 600_000] as const;
/** Longest wait for one answer, milliseconds. */
const TIMEOUT = 10_000;
/** Messages under way to one channel. */
const MAX_WAITING = 1_000;

/**
 * The secret of a channel: `whsec_` and base64 of 24 to 64 bytes.
 * @returns undefined where the text is none
 */
export const parseWebhookSecret = (text: string): Uint8Array | undefined => {
  const encoded = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(text)?.[1];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  return bytes.toString('base64') === encoded && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
};

/** The value of `webhook-signature` over id, timestamp (seconds since 1970) and body. */
const webhookSignature = (secret: Uint8Array, id: string, at: number, body: string): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}`;

const bodyOf = (approval: Approval, event: ApprovalRecord['event'], now: number): string =>
  JSON.stringify({
    type: `approval.${event}`,
    timestamp: timestamp(now),
    data: {
      id: approval.id,
      state: approval.state,
      rule: approval.rule,
      server: approval.binding.server,
      tool: approval.binding.tool,
      requester: approval.requester.name,
      reviewers: approval.reviewers,
      needed: approval.needed,
      approved: approval.decisions.filter(({ verdict }) => verdict === 'approve').length,
      deadline: timestamp(approval.deadline),
    },
  });

interface Message {
  readonly id: string;
  readonly channel: WebhookChannel;
  readonly approval: string;
  readonly kind: ApprovalRecord['event'];
  readonly body: string;
}

/** What came of one attempt: undefined where it was taken, else why not and whether to try again. */
interface Failure {
  readonly problem: string;
  readonly final: boolean;
}

const attempt = async (
  { post, clock }: WebhookDependencies,
  { id, channel, body }: Message,
  closing: AbortSignal,
): Promise<Failure | undefined> => {
  const at = Math.floor(clock.now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': webhookSignature(channel.secret, id, at, body),
  };
  try {
    const status = await post(channel.url, headers, body, AbortSignal.any([closing, AbortSignal.timeout(TIMEOUT)]));
    if (status >= 200 && status < 300) return undefined;
    // 410: the receiver wants no more (Standard Webhooks, "Response").
    return { problem: `it answered ${status}`, final: status === 410 };
  } catch (error) {
    return { problem: reason(error), final: false };
  }
};

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

const createDeliver = (dependencies: WebhookDependencies, closing: AbortSignal) => {
  const { record, backOff = BACK_OFF } = dependencies;
  const giveUp = ({ id, channel, approval, kind }: Message, attempts: number, problem: string): Promise<unknown> =>
    record({
      type: 'notice',
      d: {
        event: 'dead',
        channel: channel.name,
        message: id,
        approval,
        kind,
        attempts,
        problem: problem.slice(0, 200),
      },
    });
  return async (message: Message): Promise<void> => {
    for (let tries = 1; ; tries++) {
      const failure = await attempt(dependencies, message, closing);
      if (!failure) return;
      const wait = backOff[tries - 1];
      if (failure.final || wait === undefined || closing.aborted) {
        await giveUp(message, tries, closing.aborted ? 'the gateway stopped' : failure.problem);
        return;
      }
      await pause(wait, closing);
    }
  };
};

/** Tells channels of transitions. What cannot be delivered becomes a `notice` record, never nothing. */
export const createWebhooks = (dependencies: WebhookDependencies): Webhooks => {
  const { channels, channelsOf, clock, record, onDefect } = dependencies;
  const closing = new AbortController();
  const underway = new Set<Promise<void>>();
  const waiting = new Map<string, number>();
  const deliver = createDeliver(dependencies, closing.signal);

  const send = async (message: Message): Promise<void> => {
    const { name } = message.channel;
    const count = waiting.get(name) ?? 0;
    const { id, approval, kind } = message;
    if (count >= MAX_WAITING) {
      const problem = 'too many messages wait for this channel';
      await record({
        type: 'notice',
        d: { event: 'dead', channel: name, message: id, approval, kind, attempts: 0, problem },
      });
      return;
    }
    waiting.set(name, count + 1);
    try {
      await deliver(message);
    } finally {
      waiting.set(name, (waiting.get(name) ?? 1) - 1);
    }
  };

  return {
    notify: (approval, event) => {
      if (closing.signal.aborted) return;
      const names = channelsOf(approval.rule);
      for (const channel of channels.filter(({ name }) => names.includes(name))) {
        const now = clock.now();
        const body = bodyOf(approval, event, now);
        const sent = send({ id: `msg_${ulid(now)}`, channel, approval: approval.id, kind: event, body }).catch(
          onDefect,
        );
        underway.add(sent);
        void sent.finally(() => underway.delete(sent));
      }
    },
    close: async () => {
      closing.abort();
      await Promise.all(underway);
    },
  };
};

/** Posts with the runtime's own client. The answer's body is not read. */
export const fetchPost: Post = async (url, headers, body, signal) => {
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  await answer.body?.cancel();
  return answer.status;
};
