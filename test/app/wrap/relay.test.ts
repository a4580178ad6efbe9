/** What a desktop program says and hears through `countersign wrap`, in front of a gateway in this process. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Connection } from '../../../src/app/wrap/connection.js';
import { Relay } from '../../../src/app/wrap/relay.js';
import { CountersignError } from '../../../src/base/errors.js';
import { freePort, type Harness, httpServer, startHarness, stdioServer } from '../../gateway/harness.js';
import { initialize, rpc, toolCall } from '../../gateway/raw.js';

const FIXTURE = join(import.meta.dirname, '../../gateway/fixture-server.mjs');
const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const start = async (server = stdioServer('up', FIXTURE)): Promise<Harness> => {
  const harness = await startHarness({ servers: [server] });
  closing.push(harness.close);
  return harness;
};

const wrap = (url: string, token: () => string = () => 'jane') => {
  const said: { id?: unknown; method?: string; result?: unknown; error?: { code: number; message: string } }[] = [];
  const told: string[] = [];
  const relay = new Relay({
    connection: new Connection(new URL(url), async () => token()),
    send: (line) => {
      said.push(JSON.parse(line.toString('utf8')));
      return Promise.resolve();
    },
    tell: (sentence) => told.push(sentence),
  });
  closing.push(() => relay.close());
  const answer = (id: unknown) => said.find((message) => message.id === id && message.method === undefined);
  return {
    said,
    told,
    take: (text: string): Promise<void> => relay.take(Buffer.from(text)),
    close: () => relay.close(),
    /** Sends a request and waits for its answer. */
    async ask(text: string) {
      const { id } = JSON.parse(text);
      await relay.take(Buffer.from(text));
      await expect.poll(() => answer(id), { timeout: 10_000 }).toBeDefined();
      return answer(id);
    },
  };
};

const open = async (client: ReturnType<typeof wrap>): Promise<void> => {
  expect(await client.ask(initialize)).toHaveProperty('result');
  await client.take(rpc(undefined, 'notifications/initialized'));
};

test('calls are answered, and what belongs to no call is heard', async () => {
  const { url } = await start();
  const client = wrap(`${url}/up/mcp`);
  await open(client);
  expect(await client.ask(toolCall(1, 'echo', { message: 'hello' }))).toMatchObject({
    result: { content: [{ text: '{"message":"hello"}' }] },
  });
  // The listening stream opens by itself; until then the server's words wait.
  await client.take(rpc(undefined, 'notifications/say', { data: 'news' }));
  await expect.poll(() => client.said.map(({ method }) => method)).toContain('notifications/message');
});

test('what is no message is answered as such, and goes no further', async () => {
  const client = wrap('http://127.0.0.1:9/up/mcp');
  for (const text of ['{', '[]', '{"jsonrpc":"2.0","id":1}']) await client.take(text);
  expect(client.said.map(({ error }) => error?.code)).toEqual([-32700, -32600, -32600]);
});

test('an id that is under way is not taken again', async () => {
  const { url } = await start();
  const client = wrap(`${url}/up/mcp`);
  await open(client);
  await client.take(toolCall(7, 'hang'));
  await client.take(toolCall(7, 'echo'));
  expect(client.said.find(({ id }) => id === 7)?.error?.code).toBe(-32600);
});

test('a login that is missing, or that the gateway refuses, is told in the answer', async () => {
  const { url } = await start();
  const without = wrap(`${url}/up/mcp`, () => {
    throw new CountersignError('NOT_LOGGED_IN', { use: 'mcp', problem: 'no login is stored' });
  });
  expect((await without.ask(initialize))?.error).toMatchObject({
    code: -31020,
    message: expect.stringMatching(/no login is stored.*countersign login --use mcp/),
  });
  const refused = wrap(`${url}/up/mcp`, () => 'REFUSED');
  expect((await refused.ask(initialize))?.error).toMatchObject({
    code: -31020,
    message: expect.stringContaining('The gateway refused the login'),
  });
});

test('a gateway that is not there is told in the answer', async () => {
  const client = wrap(`http://127.0.0.1:${await freePort()}/up/mcp`);
  expect((await client.ask(initialize))?.error).toMatchObject({
    code: -31021,
    message: expect.stringContaining('The gateway gave no answer'),
  });
});

/** A gateway of few lines, for what a real one does only when it breaks. */
const startStandIn = async (answer: (text: string, response: ServerResponse, lastEventId: string) => void) => {
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.once('end', () => {
      if (text.includes('"initialize"')) {
        response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' });
        return void response.end('{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}');
      }
      if (text.includes('notifications/')) return void response.writeHead(202).end();
      answer(text, response, String(request.headers['last-event-id'] ?? ''));
      return undefined;
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}/up/mcp`;
};

const stream = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(text);
};

test('a stream that ends before the answer is taken up again where it broke', async () => {
  const asked: string[] = [];
  const url = await startStandIn((text, response, last) => {
    if (text !== '') return stream(response, 'id: e1\ndata:\n\n');
    if (last === '') return void response.writeHead(405).end();
    asked.push(last);
    return stream(response, 'id: e2\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n\n');
  });
  const client = wrap(url);
  await open(client);
  expect(await client.ask(toolCall(1, 'echo'))).toEqual({ jsonrpc: '2.0', id: 1, result: { content: [] } });
  expect(asked).toEqual(['e1']);
});

test('an error without id is the answer of the call it came for', async () => {
  const url = await startStandIn((text, response) => {
    response.writeHead(text === '' ? 405 : 400, { 'content-type': 'application/json' });
    response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}');
  });
  const client = wrap(url);
  await open(client);
  expect(await client.ask(toolCall(1, 'echo'))).toEqual({
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32600, message: 'no' },
  });
});

test('a page of something on the way is no answer', async () => {
  const url = await startStandIn((text, response) => {
    response.writeHead(text === '' ? 405 : 502, { 'content-type': 'text/html' });
    response.end('<html>Bad Gateway</html>');
  });
  const client = wrap(url);
  await open(client);
  expect((await client.ask(toolCall(1, 'echo')))?.error).toMatchObject({
    code: -31021,
    message: expect.stringContaining('HTTP 502'),
  });
});

const sessionsOf = async (harness: Harness): Promise<readonly string[]> => {
  const opened = (await harness.entries()).filter(({ type, d }) => type === 'session' && d['event'] === 'opened');
  return opened.map(({ d }) => z.string().parse(d['session']));
};

test('a session that the gateway has ended is opened again, and the call made once more', async () => {
  const harness = await start(
    httpServer(
      'up',
      await startStandIn((text, response) => {
        if (text === '') return void response.writeHead(405).end();
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(`{"jsonrpc":"2.0","id":${/"id":(\d+)/.exec(text)?.[1]},"result":{"content":[]}}`);
        return undefined;
      }),
    ),
  );
  const client = wrap(`${harness.url}/up/mcp`);
  await open(client);
  expect(await client.ask(toolCall(1, 'echo'))).toHaveProperty('result');
  for (const session of await sessionsOf(harness))
    await fetch(`${harness.url}/up/mcp`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer jane', 'mcp-session-id': session },
    });
  expect(await client.ask(toolCall(2, 'echo'))).toHaveProperty('result');
  expect(client.told).toEqual(['the gateway had ended the session; it was opened again']);
});
