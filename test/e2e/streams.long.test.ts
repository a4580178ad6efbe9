/** 500 sessions with 1,000 open event streams: each hears what is meant for it, and they fit into 300 MB. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { freePort } from '../gateway/harness.js';
import { HEADERS, initialize, rpc, toolCall } from '../gateway/raw.js';
import { poster } from './pace.js';
import { type ProxyWorld, prepareProxy } from './proxy.js';

const SESSIONS = 500;
const AT_ONCE = 8;
const MOST_MB = 300;

const streams = new Set<ServerResponse>();
let sessions = 0;

const message = (data: string): string =>
  `data: ${rpc(undefined, 'notifications/message', { level: 'info', data })}\n\n`;

/** Its streams stay open: of a GET, and of the tool `hold`. */
const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
  let text = '';
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  incoming.once('end', () => {
    const json = (result: string, headers = {}): void => {
      outgoing.writeHead(200, { 'content-type': 'application/json', ...headers });
      outgoing.end(`{"jsonrpc":"2.0","id":${/"id":(\d+)/.exec(text)?.[1]},"result":${result}}`);
    };
    if (text.includes('"initialize"')) {
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } };
      return json(JSON.stringify(result), { 'mcp-session-id': `s${++sessions}` });
    }
    if (text.includes('notifications/') || incoming.method === 'DELETE') return void outgoing.writeHead(202).end();
    if (text.includes('"echo"')) return json('{"content":[{"type":"text","text":"here"}]}');
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    outgoing.write(message(incoming.method === 'GET' ? 'listening' : 'held'));
    streams.add(outgoing);
    outgoing.once('close', () => streams.delete(outgoing));
    return undefined;
  });
};
const upstream = createServer(serve);

let world: ProxyWorld;
let gateway: ChildProcess;
beforeAll(async () => {
  const port = await freePort();
  await new Promise<void>((resolve) => upstream.listen(port, '127.0.0.1', resolve));
  world = await prepareProxy(`http://127.0.0.1:${port}/mcp`);
  gateway = await world.start();
});
afterAll(async () => {
  gateway.kill('SIGKILL');
  upstream.closeAllConnections();
  upstream.close();
  await world.idp.close();
});

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });

/** Opens a stream and resolves with its first event; it stays open until the agent is destroyed. */
const open = (method: string, headers: Record<string, string>, body?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = request(world.url, { method, agent, headers }, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        if (chunk.includes('data:')) resolve(chunk);
      });
      response.on('error', () => undefined);
    });
    outgoing.once('error', reject).end(body);
  });

const resident = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'latin1'))?.[1]) / 1024;

test('500 sessions, each with a listening stream and a call that streams', async () => {
  const client = poster(world.url, AT_ONCE);
  const authorization = `Bearer ${await world.token()}`;
  const opened: Record<string, string>[] = [];
  let left = SESSIONS;
  const opener = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, session = '' } = await client.post({ ...HEADERS, authorization }, initialize);
      expect(status).toBe(200);
      const headers = { ...HEADERS, authorization, 'mcp-session-id': session };
      await client.post(headers, rpc(undefined, 'notifications/initialized'));
      expect(await open('GET', headers)).toContain('"listening"');
      expect(await open('POST', headers, toolCall(1, 'hold'))).toContain('"held"');
      opened.push(headers);
    }
  };
  const before = resident();
  await Promise.all(Array.from({ length: AT_ONCE }, opener));
  expect(streams.size).toBe(SESSIONS * 2);
  for (const headers of [opened[0], opened.at(-1)])
    expect((await client.post(headers ?? {}, toolCall(2, 'echo'))).text).toContain('"here"');
  const after = resident();
  console.log(`resident: ${Math.round(before)} MiB before, ${Math.round(after)} MiB with ${streams.size} streams`);
  expect(after * 1.048576).toBeLessThan(MOST_MB);

  for (const headers of opened) await client.post(headers, null, 'DELETE');
  await expect.poll(() => streams.size, { timeout: 30_000 }).toBe(0);
  client.close();
  agent.destroy();
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  const { findings } = await verifyPath(world.ledger);
  expect(findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
});
