import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createWebhooks, fetchPost, parseWebhookSecret } from '../../../src/approval/channels/webhook.js';
import type { ApprovalWorkflow } from '../../../src/approval/workflow.js';
import { systemClock } from '../../../src/base/clock.js';
import type { RecordDraft } from '../../../src/model/record.js';
import { ask, createStand, idOf, person } from '../stand.js';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

interface Received {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A receiver that answers with these statuses in turn, the last of them for ever. */
const start = async (statuses: readonly number[], backOff = [5, 5]) => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  ending.push(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const recorded: RecordDraft[] = [];
  const defects: unknown[] = [];
  const webhooks = createWebhooks({
    channels: [
      { name: 'ops', url: `http://127.0.0.1:${port}/hook`, secret: parseWebhookSecret(SECRET) ?? Buffer.of() },
    ],
    channelsOf: (rule) => (rule === 'two-eyes' ? ['ops'] : []),
    post: fetchPost,
    record: async (draft) => recorded.push(draft),
    clock: systemClock(),
    backOff,
    onDefect: (error) => defects.push(error),
  });
  const stand = createStand({ onChange: (approval, event) => webhooks.notify(approval, event) });
  return { ...stand, received, recorded, defects, webhooks };
};

const request = async ({ acquire }: { acquire: ReturnType<typeof createStand>['acquire'] }, rule = 'two-eyes') =>
  idOf(await acquire(ask(person('ada'), { rule })));
const decide = (approvals: ApprovalWorkflow, id: string) => approvals.decide(id, person('bob'), 'approve', null, '');

describe('webhooks', () => {
  it('tell of each transition, signed, without arguments', async () => {
    const world = await start([200]);
    const id = await request(world);
    await decide(world.approvals, id);
    await expect.poll(() => world.received.length).toBe(3);
    const types = new Set(world.received.map(({ body }) => JSON.parse(body).type));
    expect(types).toEqual(new Set(['approval.approved', 'approval.granted', 'approval.requested']));
    for (const { headers, body } of world.received) {
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      const expected = createHmac('sha256', Buffer.alloc(32, 5)).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
      expect(body).not.toContain('/srv/files');
      expect(JSON.parse(body).data).toMatchObject({ id, server: 'files', tool: 'write_file', requester: 'Ada' });
    }
    await world.webhooks.close();
    expect(world.recorded).toEqual([]);
  });

  it('tell nobody of a rule without channels', async () => {
    const world = await start([200]);
    await request(world, 'three-eyes');
    await world.webhooks.close();
    expect(world.received).toEqual([]);
  });

  it('are tried again under the same id, and then taken', async () => {
    const world = await start([500, 302, 204]);
    await request(world);
    await expect.poll(() => world.received.length).toBe(3);
    expect(new Set(world.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await world.webhooks.close();
    expect(world.recorded).toEqual([]);
  });

  it.each([
    ['after the last attempt', [500], 3, 'it answered 500'],
    ['at once where the receiver is gone for good', [410], 1, 'it answered 410'],
  ])('are given up %s, on record', async (_when, statuses, attempts, problem) => {
    const world = await start(statuses);
    const id = await request(world);
    await expect.poll(() => world.recorded.length).toBe(1);
    expect(world.received).toHaveLength(attempts);
    expect(world.recorded[0]).toMatchObject({
      type: 'notice',
      d: { event: 'dead', channel: 'ops', approval: id, kind: 'requested', attempts, problem },
    });
  });

  it('that wait when the gateway stops are on record, and nothing is sent afterwards', async () => {
    const world = await start([500], [60_000]);
    await request(world);
    await expect.poll(() => world.received.length).toBe(1);
    await world.webhooks.close();
    expect(world.recorded).toMatchObject([{ d: { problem: 'the gateway stopped' } }]);
    await request(world).catch(() => undefined);
    expect(world.received).toHaveLength(1);
    expect(world.defects).toEqual([]);
  });
});

it.each(['', 'whsec_', 'whsec_AAAA', SECRET.slice(6), `${SECRET} `, `whsec_${Buffer.alloc(65).toString('base64')}`])(
  'no secret: %j',
  (text) => expect(parseWebhookSecret(text)).toBeUndefined(),
);
