/** Who is told of a request and of its end, from a running gateway: a signed webhook, Slack and Teams. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { startGateway } from '../../src/app/proxy.js';
import { freePort } from '../gateway/harness.js';
import { type ApprovalWorld, type Rules, startApprovalWorld } from './approval-world.js';

const KEY = Buffer.alloc(24, 7);
const SECRETS = { TOLD_HOOK: `whsec_${KEY.toString('base64')}`, TOLD_SLACK: 'xoxb-of-the-test', TOLD_TEAMS: '' };

const rules =
  (port: number): Rules =>
  () =>
    `policy: [ { id: told, approval: told, groups: [engineering], servers: [echo], tools: ['told_*'] } ]
approvals: { told: { reviewers: [leads], requireReason: false, channels: [ops, chat, room] } }
channels:
  ops: { webhook: { url: 'http://127.0.0.1:${port}/hook', secret: { env: TOLD_HOOK } } }
  chat: { slack: { channel: C123, token: { env: TOLD_SLACK }, api: 'http://127.0.0.1:${port}/slack' } }
  room: { teams: { url: { env: TOLD_TEAMS } } }
`;

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let world: ApprovalWorld;
let receiver: Server;
const received: Received[] = [];
const of = (path: string) => received.filter((one) => one.path === path);

beforeAll(async () => {
  const port = await freePort();
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"ok":true,"channel":"C123","ts":"1.2"}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(port, '127.0.0.1', resolve));
  Object.assign(process.env, SECRETS, { TOLD_TEAMS: `http://127.0.0.1:${port}/teams?sig=secret` });
  world = await startApprovalWorld({ startGateway, loadSettings }, rules(port));
});
afterAll(async () => {
  for (const name of Object.keys(SECRETS)) delete process.env[name];
  receiver.close();
  await world?.close();
});

it('each is told with the link and without arguments, and of the end', async () => {
  const { id } = await world.call('told_tool', 'for nobody else to read');
  await expect.poll(() => received.length, { timeout: 20_000 }).toBe(3);
  await world.api('bob', `${id}/deny`, true);
  await expect.poll(() => received.length, { timeout: 20_000 }).toBe(6);

  const hooks = of('/hook');
  expect(hooks.map(({ body }) => JSON.parse(body).type)).toEqual(['approval.requested', 'approval.denied']);
  for (const { headers, body } of hooks) {
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const signature = createHmac('sha256', KEY).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
  }

  const [posted] = of('/slack/chat.postMessage');
  expect(posted?.headers.authorization).toBe(`Bearer ${SECRETS.TOLD_SLACK}`);
  expect(posted?.body).toContain(`/requests/${id}`);
  // The one message is changed, where it was posted.
  const [updated] = of('/slack/chat.update');
  expect(JSON.parse(updated?.body ?? '{}')).toMatchObject({ channel: 'C123', ts: '1.2' });
  expect(updated?.body).toContain('denied');

  const cards = of('/teams?sig=secret');
  expect(cards).toHaveLength(2);
  expect(cards[0]?.body).toContain(`/requests/${id}`);
  for (const { body } of received) expect(body).not.toContain('for nobody else to read');
  expect(await world.all('notice')).toEqual([]);
});
