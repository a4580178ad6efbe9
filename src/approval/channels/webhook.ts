/**
 * Outgoing webhooks, signed as Standard Webhooks says (https://www.standardwebhooks.com): who asks for which tool,
 * and what becomes of it. No arguments leave: they are shown where a person has logged in.
 */
import { createHmac } from 'node:crypto';
import { type Clock, timestamp } from '../../base/clock.js';
import { reason } from '../../base/errors.js';
import { ulid } from '../../base/ulid.js';
import type { Approval } from '../../model/approval.js';
import type { ApprovalRecord } from '../../model/record.js';
import { createOutbox, type Failure, type OutboxDependencies } from './outbox.js';

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

export interface WebhookDependencies extends OutboxDependencies {
  readonly channels: readonly WebhookChannel[];
  /** Names of the channels a rule tells. */
  readonly channelsOf: (rule: string) => readonly string[];
  readonly post: Post;
  readonly clock: Clock;
}

/** Whoever is told of transitions. */
export interface Notifier {
  /** Sends without being waited for. Never throws. */
  notify(approval: Approval, event: ApprovalRecord['event']): void;
  /** Gives up what is not delivered; each such message is on record when this resolves. */
  close(): Promise<void>;
}

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

const attempt = async (
  { post, clock }: WebhookDependencies,
  { id, channel, body }: { readonly id: string; readonly channel: WebhookChannel; readonly body: string },
  signal: AbortSignal,
): Promise<Failure | undefined> => {
  const at = Math.floor(clock.now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': webhookSignature(channel.secret, id, at, body),
  };
  try {
    const status = await post(channel.url, headers, body, signal);
    if (status >= 200 && status < 300) return undefined;
    // 410: the receiver wants no more (Standard Webhooks, "Response").
    return { problem: `it answered ${status}`, final: status === 410 };
  } catch (error) {
    return { problem: reason(error), final: false };
  }
};

/** Tells channels of transitions. */
export const createWebhooks = (dependencies: WebhookDependencies): Notifier => {
  const { channels, channelsOf, clock } = dependencies;
  const { send, close } = createOutbox(dependencies);
  return {
    notify: (approval, event) => {
      const names = channelsOf(approval.rule);
      for (const channel of channels.filter(({ name }) => names.includes(name))) {
        const now = clock.now();
        const message = { id: `msg_${ulid(now)}`, channel, body: bodyOf(approval, event, now) };
        send({
          id: message.id,
          channel: channel.name,
          approval: approval.id,
          kind: event,
          attempt: (signal) => attempt(dependencies, message, signal),
        });
      }
    },
    close,
  };
};

/** Posts with the runtime's own client. The answer's body is not read. */
export const fetchPost: Post = async (url, headers, body, signal) => {
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  await answer.body?.cancel();
  return answer.status;
};
