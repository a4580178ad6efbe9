/** Event streams of a server that means harm, or fails: what beside the messages could leave, stay or pile up. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { HttpReply } from '../../src/gateway/reply.js';
import { freePort, type Harness, httpServer, principalOf, startHarness } from './harness.js';
import { events, HEADERS, openSession, raw, toolCall } from './raw.js';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
};

type Answer = (response: ServerResponse, method: string | undefined, lastEventId: string | undefined) => void;

/** A server that opens sessions as it should, and answers calls and GET as told. */
const start = async (answer: Answer, deps: Parameters<typeof startHarness>[0]['deps'] = {}): Promise<Harness> => {
  const server: Server = createServer((request, response) => {
    const handle = async (): Promise<void> => {
      const text = await bodyOf(request);
      if (text.includes('"initialize"')) {
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } };
        response.writeHead(200, { 'content-type': 'application/json' });
        return void response.end(JSON.stringify({ jsonrpc: '2.0', id: 0, result }));
      }
      if (text.includes('notifications/')) return void response.writeHead(202).end();
      answer(response, request.method, String(request.headers['last-event-id'] ?? '') || undefined);
    };
    void handle();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const harness = await startHarness({ servers: [httpServer('up', `http://127.0.0.1:${port}/mcp`)], deps });
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }, harness.close);
  return harness;
};

const RESULT = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';

test('a secret in the id or name of an event does not leave; an id without one does', async () => {
  const harness = await start((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`id: plain-1\ndata:\n\nid: ${SECRET}\ndata:\n\n`);
    response.end(`id: ${SECRET}\nevent: ${SECRET}\nretry: 40\ndata: ${RESULT}\n\n`);
  });
  const headers = await openSession(`${harness.url}/up/mcp`);
  const { body } = await raw(`${harness.url}/up/mcp`, { headers, body: toolCall(1, 'echo') });
  expect(body).not.toContain(SECRET);
  expect(body).toContain('id: plain-1');
  expect(body).toContain('retry: 40');
  expect(events(body).at(-1)).toEqual(JSON.parse(RESULT));
  expect(harness.defects).toEqual([]);
});

test('an error without id is the answer of the call it came for', async () => {
  const harness = await start((response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end('{"jsonrpc":"2.0","id": null,"error":{"code":-32600,"message":"cannot read this"}}');
  });
  const headers = await openSession(`${harness.url}/up/mcp`);
  const { body } = await raw(`${harness.url}/up/mcp`, { headers, body: toolCall('"a"', 'echo') });
  expect(JSON.parse(body)).toEqual({
    jsonrpc: '2.0',
    id: '"a"',
    error: { code: -32600, message: 'cannot read this' },
  });
  const outcome = (await harness.entries()).filter(({ type }) => type === 'result').at(-1);
  expect(outcome?.d['status']).toBe('protocol_error');
});

test('a listening stream ends when its token expires', async () => {
  const expiresAt = Math.floor(Date.now() / 1000) + 2;
  const authenticator = {
    authenticate: () => Promise.resolve({ ok: true as const, principal: { ...principalOf('jane'), expiresAt } }),
  };
  const harness = await start(
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    },
    { authenticator },
  );
  const headers = await openSession(`${harness.url}/up/mcp`);
  const { status } = await raw(`${harness.url}/up/mcp`, { method: 'GET', headers: { ...HEADERS, ...headers } });
  expect(status).toBe(200);
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt * 1000 - 5);
  expect(harness.defects).toEqual([]);
});

/** A GET that is given up again. */
const open = (
  url: string,
  headers: Record<string, string>,
): { readonly status: Promise<number>; readonly stop: () => void } => {
  const gone = new AbortController();
  const status = fetch(url, { headers, signal: gone.signal }).then((response) => response.status);
  return { status, stop: () => gone.abort() };
};

test('a call whose stream broke goes on on another one, beside the stream of what belongs to no call', async () => {
  const harness = await start((response, method, lastEventId) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    if (method === 'POST') response.end('id: e1\ndata:\n\n');
    else if (lastEventId === 'e1') response.end(`id: e2\ndata: ${RESULT}\n\n`);
  });
  const url = `${harness.url}/up/mcp`;
  const headers = await openSession(url);
  const listening = open(url, headers);
  expect(await listening.status).toBe(200);
  expect((await raw(url, { headers, body: toolCall(1, 'echo') })).body).toContain('id: e1');
  const resumed = await raw(url, { method: 'GET', headers: { ...headers, 'last-event-id': 'e1' } });
  expect(events(resumed.body)).toEqual([JSON.parse(RESULT)]);
  listening.stop();
  const outcomes = (await harness.entries()).filter(({ type, d }) => type === 'result' && d['status'] === 'ok');
  expect(outcomes.length).toBe(2);
});

test('only so many streams are resumed at once', async () => {
  const harness = await start((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
  });
  const url = `${harness.url}/up/mcp`;
  const headers = { ...(await openSession(url)), 'last-event-id': 'e1' };
  const streams = Array.from({ length: 17 }, () => open(url, headers));
  const answered = await Promise.all(streams.map(({ status }) => status));
  expect(answered.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 16 }, () => 200), 429]);
  for (const { stop } of streams) stop();
});

test('events without content wait for a client that does not read', async () => {
  const passed = vi.fn();
  const server = createServer((_request, response) => {
    const reply = new HttpReply(response);
    const prime = async (): Promise<void> => {
      for (let i = 0; i < 100_000 && !response.destroyed; i++) {
        await reply.prime({ id: 'x'.repeat(1_000) });
        passed();
      }
    };
    void prime();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const gone = new AbortController();
  await fetch(`http://127.0.0.1:${port}`, { signal: gone.signal });
  await sleep(300);
  const reached = passed.mock.calls.length;
  await sleep(200);
  expect(passed.mock.calls.length).toBe(reached);
  expect(reached).toBeLessThan(50_000);
  gone.abort();
  server.closeAllConnections();
});
