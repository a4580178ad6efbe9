/** Slack and Teams as their published interfaces describe them: what does not fit is refused as they would refuse it. */
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ChatChannel, createChats, fetchJson } from '../../../src/approval/channels/chat.js';
import { systemClock } from '../../../src/base/clock.js';
import type { RecordDraft } from '../../../src/model/record.js';
import { ask, createStand, idOf, person } from '../stand.js';

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

// Block Kit: https://docs.slack.dev/reference/block-kit/blocks
const plain = (most: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(most), emoji: z.boolean() });
const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150) }),
  z.strictObject({ type: z.literal('section'), fields: z.array(plain(2_000)).min(1).max(10) }),
  z.strictObject({
    type: z.literal('actions'),
    elements: z
      .array(
        z.strictObject({
          type: z.literal('button'),
          text: plain(75),
          url: z.url().max(3_000),
          action_id: z.string().max(255),
        }),
      )
      .min(1)
      .max(25),
  }),
]);
const Chat = z.strictObject({
  channel: z.string(),
  text: z.string().min(1).max(40_000),
  blocks: z.array(Block).min(1).max(50),
  ts: z.string().optional(),
});
// Adaptive Cards 1.4: https://adaptivecards.io/explorer, in the envelope of a Teams workflow
const Run = z.strictObject({ type: z.literal('TextRun'), text: z.string(), weight: z.enum(['Default', 'Bolder']) });
const Card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.literal('1.4'),
  body: z.array(z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(Run).min(1) })).min(1),
  actions: z.array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: z.url() })).optional(),
});
const Envelope = z.strictObject({
  type: z.literal('message'),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal('application/vnd.microsoft.card.adaptive'),
      contentUrl: z.null(),
      content: Card,
    }),
  ]),
});

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

/** Messages by their `ts`, as Slack keeps them, and the cards of Teams. `next` answers instead, once each. */
const startChats = async (next: Reply[] = []) => {
  const messages = new Map<string, z.infer<typeof Chat>>();
  const cards: z.infer<typeof Card>[] = [];
  const calls: string[] = [];
  const slack = (method: string, authorization: string | undefined, body: unknown): object => {
    if (authorization !== 'Bearer xoxb-test-token') return { ok: false, error: 'invalid_auth' };
    const parsed = Chat.safeParse(body);
    if (!parsed.success) return { ok: false, error: 'invalid_blocks' };
    const ts = parsed.data.ts ?? `17000.${messages.size}`;
    if (method === 'chat.update' && !messages.has(ts)) return { ok: false, error: 'message_not_found' };
    if (method === 'chat.update' && parsed.data.channel !== 'C1') return { ok: false, error: 'channel_not_found' };
    messages.set(ts, parsed.data);
    return { ok: true, channel: 'C1', ts };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const method = (request.url ?? '').slice(1);
      calls.push(method);
      const instead = next.shift();
      if (instead) {
        response.writeHead(instead.status ?? 200, instead.headers).end(JSON.stringify(instead.body ?? {}));
        return;
      }
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      if (method === 'workflow?sig=hidden') {
        const parsed = Envelope.safeParse(body);
        if (parsed.success) cards.push(parsed.data.attachments[0].content);
        response.writeHead(parsed.success ? 202 : 400).end();
        return;
      }
      response.writeHead(200).end(JSON.stringify(slack(method, request.headers.authorization, body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return { url, messages, cards, calls };
};

const start = async (next: Reply[] = [], token = 'xoxb-test-token') => {
  const double = await startChats(next);
  const dead: RecordDraft[] = [];
  const channels: ChatChannel[] = [
    { name: 'slack', kind: 'slack', api: double.url, channel: '#approvals', token },
    { name: 'teams', kind: 'teams', url: `${double.url}/workflow?sig=hidden` },
  ];
  const chats = createChats({
    channels,
    channelsOf: (rule) => (rule === 'two-eyes' ? ['slack'] : ['teams']),
    post: fetchJson,
    record: (draft) => Promise.resolve(dead.push(draft)),
    clock: systemClock(),
    backOff: [5, 5],
    onDefect: (error) => {
      throw error;
    },
    page: 'https://approvals.example.com',
  });
  ending.push(() => void chats.close());
  const stand = createStand({ onChange: (approval, event) => chats.notify(approval, event) });
  return { ...double, ...stand, chats, dead };
};

const ada = person('ada', { name: 'Ada <!channel> \u202egnp' });

describe('Slack', () => {
  it('one message per request, which tells how it stands and is updated when decided', async () => {
    const { acquire, approvals, messages, calls } = await start();
    const id = idOf(await acquire(ask(ada)));
    await expect.poll(() => messages.size).toBe(1);
    const [first] = messages.values();
    expect(JSON.stringify(first)).toContain('waits for a decision');
    expect(JSON.stringify(first)).toContain(`https://approvals.example.com/requests/${id}`);
    expect(first?.text).toContain('&lt;!channel&gt; [U+202E]');
    await approvals.decide(id, person('bob'), 'approve', 'secret reason', '');
    await expect.poll(() => JSON.stringify([...messages.values()])).toContain('approved, not yet used');
    expect(messages.size).toBe(1);
    expect(JSON.stringify([...messages.values()])).toContain('Approved by: Bob');
    expect(JSON.stringify([...messages.values()])).not.toContain('secret reason');
    expect(calls[0]).toBe('chat.postMessage');
    expect(new Set(calls.slice(1))).toEqual(new Set(['chat.update']));
  });

  it('waits as long as it is asked to, and tries again what passes by itself', async () => {
    const next = [{ status: 429, headers: { 'retry-after': '0' } }, { body: { ok: false, error: 'internal_error' } }];
    const { acquire, messages, dead } = await start(next);
    await acquire(ask(ada));
    await expect.poll(() => messages.size).toBe(1);
    expect(dead).toEqual([]);
  });

  it('what it refuses for good is on record, without the token', async () => {
    const { acquire, dead, calls } = await start([], 'xoxb-revoked-token');
    await acquire(ask(ada));
    await expect.poll(() => dead.length).toBe(1);
    expect(dead).toMatchObject([
      { type: 'notice', d: { channel: 'slack', attempts: 1, problem: 'it answered invalid_auth' } },
    ]);
    expect(calls).toHaveLength(1);
    expect(JSON.stringify(dead)).not.toContain('xoxb');
  });
});

describe('Teams', () => {
  it('a card for the request and one for its end, each with the link', async () => {
    const { acquire, approvals, cards } = await start();
    const id = idOf(await acquire(ask(ada, { rule: 'three-eyes' })));
    await approvals.decide(id, person('bob'), 'deny', 'no', '');
    await expect.poll(() => cards.length).toBe(2);
    expect(JSON.stringify(cards[1])).toContain('State: denied');
    for (const card of cards) expect(card.actions?.[0]?.url).toBe(`https://approvals.example.com/requests/${id}`);
  });

  it('the address of the workflow, which is a secret, is in no record', async () => {
    const { acquire, dead } = await start([{ status: 500 }, { status: 500 }, { status: 500 }]);
    await acquire(ask(ada, { rule: 'three-eyes' }));
    await expect.poll(() => dead.length).toBe(1);
    expect(dead).toMatchObject([{ d: { channel: 'teams', attempts: 3, problem: 'it answered 500' } }]);
    expect(JSON.stringify(dead)).not.toContain('hidden');
  });
});
