/**
 * Messages in Slack and Microsoft Teams: who asks for which tool, how it stands, and the link to the page where it is
 * decided. Nothing is decided in a chat, and no arguments leave: they are shown where a person has logged in.
 */
import { type Clock, timestamp } from '../../base/clock.js';
import { reason } from '../../base/errors.js';
import { printable } from '../../base/json-rows.js';
import { ulid } from '../../base/ulid.js';
import type { Approval } from '../../model/approval.js';
import type { ApprovalRecord } from '../../model/record.js';
import { createOutbox, type Failure, type OutboxDependencies } from './outbox.js';
import type { Notifier } from './webhook.js';

export type ChatChannel =
  | {
      readonly name: string;
      readonly kind: 'slack';
      readonly api: string;
      readonly channel: string;
      readonly token: string;
    }
  | { readonly name: string; readonly kind: 'teams'; readonly url: string };

/** Posts JSON and gives what came back; rejects where nothing did. Follows no redirect. */
export type PostJson = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: object,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly retryAfter: string | null; readonly body: unknown }>;

export interface ChatDependencies extends OutboxDependencies {
  readonly channels: readonly ChatChannel[];
  /** Names of the channels a rule tells. */
  readonly channelsOf: (rule: string) => readonly string[];
  readonly post: PostJson;
  readonly clock: Clock;
  /** Address of the page, without a trailing slash; null where there is none. */
  readonly page: string | null;
}

const STATE: Readonly<Record<Approval['state'], string>> = {
  pending: 'waits for a decision',
  granted: 'approved, not yet used',
  consumed: 'approved and used',
  denied: 'denied',
  expired: 'ended without a decision or unused',
  cancelled: 'withdrawn',
  revoked: 'revoked',
};

/** Longest text of one field; Slack takes 150 characters in a header and 2,000 in a field. */
const MAX_TEXT = 140;
const short = (text: string): string => {
  const shown = Array.from(printable(text));
  return shown.length <= MAX_TEXT ? shown.join('') : `${shown.slice(0, MAX_TEXT - 1).join('')}…`;
};

interface Said {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly link: string | null;
}

const saidOf = (approval: Approval, page: string | null): Said => {
  const { binding, requester, decisions, needed, state } = approval;
  const approved = decisions.filter(({ verdict }) => verdict === 'approve').length;
  return {
    title: short(`${requester.name} asks to run ${binding.tool} on ${binding.server}`),
    facts: [
      ['State', state === 'pending' ? `${STATE[state]}, ${approved} of ${needed} approved` : STATE[state]],
      ['Reviewers', short(approval.reviewers.join(', '))],
      ['Until', timestamp(approval.deadline)],
      ...decisions.map(
        ({ verdict, name }) => [verdict === 'approve' ? 'Approved by' : 'Denied by', short(name)] as const,
      ),
    ],
    link: page === null ? null : `${page}/requests/${approval.id}`,
  };
};

/** The text beside the blocks, which notifications show, is `mrkdwn`: its three control characters are written out. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Block Kit. Only `plain_text`: in `mrkdwn` a name could mention people or hide a link. */
const slackBlocks = ({ title, facts, link }: Said): readonly object[] => {
  const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });
  return [
    { type: 'header', text: plain(title) },
    { type: 'section', fields: facts.slice(0, 10).map(([name, value]) => plain(`${name}: ${value}`)) },
    ...(link === null
      ? []
      : [{ type: 'actions', elements: [{ type: 'button', text: plain('Open'), url: link, action_id: 'open' }] }]),
  ];
};

/** An Adaptive Card in the envelope of a Teams workflow. `TextRun` shows its text as it is, `TextBlock` would read Markdown. */
const teamsMessage = ({ title, facts, link }: Said): object => {
  const run = (text: string, weight: 'Default' | 'Bolder') => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, weight }],
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [run(title, 'Bolder'), ...facts.map(([name, value]) => run(`${name}: ${value}`, 'Default'))],
    ...(link === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Open', url: link }] }),
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
};

/** Errors of Slack that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'ratelimited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? new Map<string, unknown>(Object.entries(body)).get(name) : undefined;

const failureOf = (status: number, retryAfter: string | null, error: unknown): Failure => {
  const code = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : null;
  const wait = /^\d{1,5}$/.test(retryAfter ?? '') ? { wait: Number(retryAfter) * 1000 } : {};
  const passing = status === 429 || status >= 500 || (status === 200 && code !== null && PASSING.has(code));
  return { problem: `it answered ${code ?? status}`, final: !passing, ...wait };
};

/** Where the message of a request stands in a Slack channel. */
interface Posted {
  readonly channel: string;
  readonly ts: string;
}
/** Messages whose place is remembered; an older one is not updated but followed by another. */
const MAX_POSTED = 1_000;

type Attempt = (channel: ChatChannel, approval: Approval, signal: AbortSignal) => Promise<Failure | undefined>;

const createAttempt = ({ post, page }: ChatDependencies): Attempt => {
  const posted = new Map<string, Posted>();
  const slack = async (to: Extract<ChatChannel, { kind: 'slack' }>, approval: Approval, signal: AbortSignal) => {
    const key = `${to.name} ${approval.id}`;
    const said = saidOf(approval, page);
    const place = posted.get(key);
    const body = { channel: to.channel, ...place, text: escaped(said.title), blocks: slackBlocks(said) };
    const method = place ? 'chat.update' : 'chat.postMessage';
    const headers = { authorization: `Bearer ${to.token}` };
    const answer = await post(`${to.api}/${method}`, headers, body, signal);
    if (answer.status !== 200 || fieldOf(answer.body, 'ok') !== true)
      return failureOf(answer.status, answer.retryAfter, fieldOf(answer.body, 'error'));
    const [channel, ts] = [fieldOf(answer.body, 'channel'), fieldOf(answer.body, 'ts')];
    if (typeof channel === 'string' && typeof ts === 'string') posted.set(key, { channel, ts });
    const [oldest] = posted.keys();
    if (posted.size > MAX_POSTED && oldest !== undefined) posted.delete(oldest);
    return undefined;
  };
  const teams = async ({ url }: Extract<ChatChannel, { kind: 'teams' }>, approval: Approval, signal: AbortSignal) => {
    const { status, retryAfter } = await post(url, {}, teamsMessage(saidOf(approval, page)), signal);
    return status >= 200 && status < 300 ? undefined : failureOf(status, retryAfter, null);
  };
  return async (channel, approval, signal) => {
    try {
      return await (channel.kind === 'slack' ? slack(channel, approval, signal) : teams(channel, approval, signal));
    } catch (error) {
      // The address of a Teams workflow is a secret, and an error may quote it.
      return { problem: channel.kind === 'slack' ? reason(error) : 'it gave no answer', final: false };
    }
  };
};

/** Teams cannot change a message that a workflow posted, so it is told of the request and of its end alone. */
const TEAMS_EVENTS: ReadonlySet<ApprovalRecord['event']> = new Set([
  'requested',
  'granted',
  'denied',
  'expired',
  'cancelled',
  'revoked',
]);

/** Tells chats of transitions. In Slack one message per request is kept up to date. */
export const createChats = (dependencies: ChatDependencies): Notifier => {
  const { channels, channelsOf, clock } = dependencies;
  const { send, close } = createOutbox(dependencies);
  const attempt = createAttempt(dependencies);
  return {
    notify: (approval, event) => {
      const names = channelsOf(approval.rule);
      for (const channel of channels.filter(({ name }) => names.includes(name))) {
        if (channel.kind === 'teams' && !TEAMS_EVENTS.has(event)) continue;
        const to = { id: `msg_${ulid(clock.now())}`, channel: channel.name, approval: approval.id, kind: event };
        send({ ...to, attempt: (signal) => attempt(channel, approval, signal) }, true);
      }
    },
    close,
  };
};

/** Longest answer read, in bytes. */
const MAX_ANSWER = 65_536;

/** Posts with the runtime's own client. An answer that is no JSON, or too long, is none. */
export const fetchJson: PostJson = async (url, headers, body, signal) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
    signal,
    redirect: 'manual',
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) break;
    chunks.push(chunk);
  }
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    body: size > MAX_ANSWER ? null : parsed(Buffer.concat(chunks).toString('utf8')),
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
