/** Where reviewers are told of requests: the channels of the configuration, with their secrets. */
import { type ChatChannel, createChats, fetchJson } from '../approval/channels/chat.js';
import {
  createWebhooks,
  fetchPost,
  type Notifier,
  parseWebhookSecret,
  type WebhookChannel,
} from '../approval/channels/webhook.js';
import type { Clock } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import { isLoopback } from '../base/loopback.js';
import type { SecretSource } from '../model/credential-settings.js';
import type { Ledger } from '../model/ports.js';
import type { ChannelSettings, Settings } from '../model/settings.js';
import { pageAddress } from './approval-page.js';
import { resolveSecret, sourceName } from './config.js';

export interface OpenedChannels {
  readonly webhooks: readonly WebhookChannel[];
  readonly chats: readonly ChatChannel[];
}

type Text = (source: SecretSource) => Promise<string>;

const unusable = (source: SecretSource, problem: string): CountersignError =>
  new CountersignError('KEY_FILE', { file: sourceName(source), problem });

const webhookOf = async ({ name, url, secret }: Extract<ChannelSettings, { kind: 'webhook' }>, text: Text) => {
  const bytes = parseWebhookSecret(await text(secret));
  if (!bytes) throw unusable(secret, 'it does not hold whsec_ and base64 of 24 to 64 bytes');
  return { name, url, secret: bytes };
};

const chatOf = async (channel: Exclude<ChannelSettings, { kind: 'webhook' }>, text: Text): Promise<ChatChannel> => {
  const { name } = channel;
  if (channel.kind === 'slack') {
    const token = (await text(channel.token)).trim();
    if (/^[\w.-]{10,500}$/.test(token))
      return { name, kind: 'slack', api: channel.api, channel: channel.channel, token };
    throw unusable(channel.token, 'it does not hold a token of Slack');
  }
  const url = (await text(channel.url)).trim();
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return { name, kind: 'teams', url };
  throw unusable(channel.url, 'it does not hold the https:// address of a workflow');
};

/** @throws CountersignError KEY_FILE, SECRET_MISSING */
export const openChannels = async (
  { channels = [] }: Settings,
  environment: Record<string, string | undefined>,
): Promise<OpenedChannels> => {
  const text: Text = (source) => resolveSecret(source, environment);
  const webhooks: WebhookChannel[] = [];
  const chats: ChatChannel[] = [];
  for (const channel of channels) {
    if (channel.kind === 'webhook') webhooks.push(await webhookOf(channel, text));
    else chats.push(await chatOf(channel, text));
  }
  return { webhooks, chats };
};

/** Tells the channels that the rule of a request names. */
export const createNotifier = (
  { webhooks, chats }: OpenedChannels,
  { approvals: rules, gateway, issuers }: Settings,
  parts: {
    readonly ledger: Pick<Ledger, 'append'>;
    readonly clock: Clock;
    readonly onDefect: (error: unknown) => void;
  },
): Notifier => {
  const { ledger, clock, onDefect } = parts;
  const shared = {
    channelsOf: (name: string) => rules.find((rule) => rule.name === name)?.channels ?? [],
    record: (draft: Parameters<Ledger['append']>[0]) => ledger.append(draft),
    clock,
    onDefect,
  };
  const all = [
    createWebhooks({ ...shared, channels: webhooks, post: fetchPost }),
    createChats({ ...shared, channels: chats, post: fetchJson, page: pageAddress({ issuers, gateway }) }),
  ];
  return {
    notify: (approval, event) => {
      for (const one of all) one.notify(approval, event);
    },
    close: async () => void (await Promise.all(all.map((one) => one.close()))),
  };
};
