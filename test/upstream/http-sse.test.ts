/** Servers of the HTTP+SSE transport (2024-11-05) behind the gateway: the official one, and ones that mean harm. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UpstreamError } from '../../src/model/call.js';
import type { ServerSettings } from '../../src/model/settings.js';
import { fixedSecrets, sessionCredentials } from '../../src/upstream/credentials.js';
import { createDispatcher } from '../../src/upstream/http.js';
import { openHttpSseUpstream } from '../../src/upstream/http-sse.js';
import { freePort, type Harness, httpServer, startHarness } from '../gateway/harness.js';

const listen = async (server: Server): Promise<string> => {
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${port}`;
};

/** The official server, one for each event stream. */
const transports = new Map<string, SSEServerTransport>();

const createOfficial = (): McpServer => {
  const server = new McpServer({ name: 'old', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: { message: z.string() } }, ({ message }) => ({
    content: [{ type: 'text', text: `Echo: ${message}` }],
  }));
  server.registerTool('steps', {}, async ({ _meta: meta, sendNotification }) => {
    const progressToken = meta?.progressToken ?? 0;
    for (const progress of [1, 2, 3])
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 3 } });
    return { content: [{ type: 'text', text: 'done' }] };
  });
  server.registerTool('sample', {}, async () => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it' } }];
    const { content } = await server.server.createMessage({ messages, maxTokens: 10 });
    return { content: [{ type: 'text', text: JSON.stringify(content) }] };
  });
  server.registerTool('leave', {}, async ({ sessionId = '' }) => {
    await transports.get(sessionId)?.close();
    return { content: [] };
  });
  return server;
};

const serveOfficial = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  if (request.method === 'GET' && pathname === '/sse') {
    const transport = new SSEServerTransport('/messages', response);
    transports.set(transport.sessionId, transport);
    response.once('close', () => transports.delete(transport.sessionId));
    return createOfficial().connect(transport);
  }
  const transport = transports.get(searchParams.get('sessionId') ?? '');
  if (transport) return transport.handlePostMessage(request, response);
  response.writeHead(404).end();
  return undefined;
};

const sseServer = (url: string): ServerSettings => ({
  ...httpServer('old', url),
  upstream: { kind: 'http', url, transport: 'sse', headers: {} },
});

describe('the official server of HTTP+SSE', () => {
  const official = createServer((request, response) => void serveOfficial(request, response));
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ servers: [sseServer(`${await listen(official)}/sse`)] });
  });
  afterAll(async () => {
    await harness.close();
    official.closeAllConnections();
    official.close();
  });

  const connect = async (mode: 'legacy' | { pin: string }): Promise<Client> => {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { capabilities: { sampling: {} }, versionNegotiation: { mode } },
    );
    client.setRequestHandler('sampling/createMessage', () => ({
      role: 'assistant',
      model: 'test',
      content: { type: 'text', text: 'sampled' },
    }));
    const requestInit = { headers: { authorization: 'Bearer jane' } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${harness.url}/old/mcp`), { requestInit }));
    return client;
  };

  test.each([['legacy' as const], [{ pin: '2026-07-28' }]])('serves a client of %j', async (mode) => {
    const client = await connect(mode);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'steps', 'sample', 'leave']);
    const said = await client.callTool({ name: 'echo', arguments: { message: 'key AKIAIOSFODNN7EXAMPLE' } });
    expect(said.content).toEqual([{ type: 'text', text: 'Echo: key [redacted:aws-access-key-id]' }]);
    const seen: number[] = [];
    await client.callTool({ name: 'steps' }, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
    expect(JSON.stringify(await client.callTool({ name: 'sample' }))).toContain('sampled');
    await client.close();
  });

  test('a stream that ends loses the call under way, and the session with it', async () => {
    const client = await connect('legacy');
    await expect(client.callTool({ name: 'leave' })).rejects.toThrow(/event stream of the server is gone/);
    await expect(client.callTool({ name: 'echo', arguments: { message: 'x' } })).rejects.toThrow(/404|Session/);
    const lost = (await harness.entries()).filter(
      ({ type, d }) => type === 'result' && d['status'] === 'upstream_lost',
    );
    expect(lost.length).toBe(1);
    await client.close();
  });

  test('nothing is left open at the server when the sessions have ended', async () => {
    const client = await connect('legacy');
    expect(transports.size).toBeGreaterThan(0);
    await client.close();
    await harness.gateway.close('test over');
    await expect.poll(() => transports.size).toBe(0);
  });
});

describe('a server of HTTP+SSE that', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const opening = async (answer: (response: ServerResponse) => void): Promise<UpstreamError> => {
    const server = createServer((_, response) => answer(response));
    servers.push(server);
    const origin = await listen(server);
    const options = {
      url: new URL(`${origin}/sse`),
      dispatcher: createDispatcher(origin),
      credentials: sessionCredentials(fixedSecrets({}), null),
    };
    const failure: unknown = await openHttpSseUpstream({ ...options, maxResponseBytes: 1_024, timeout: 300 }).catch(
      (error: unknown) => error,
    );
    await options.dispatcher.destroy();
    if (!(failure instanceof UpstreamError)) throw new Error('it was opened');
    return failure;
  };

  const stream = (response: ServerResponse, text: string): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text);
  };

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['names another origin', (r) => stream(r, 'event: endpoint\ndata: http://evil.example/x\n\n'), /not its own/],
    ['names another port', (r) => stream(r, 'event: endpoint\ndata: //127.0.0.1:1/x\n\n'), /not its own/],
    ['names no address', (r) => stream(r, 'event: endpoint\ndata: http://[\n\n'), /not its own/],
    ['begins with a message', (r) => stream(r, 'data: {"jsonrpc":"2.0","method":"x"}\n\n'), /did not begin/],
    ['ends at once', (r) => r.writeHead(200, { 'content-type': 'text/event-stream' }).end(), /did not begin/],
    ['says nothing', (r) => stream(r, ': wait\n\n'), /within 300 ms/],
    ['never ends its address', (r) => stream(r, `event: endpoint\ndata: /${'x'.repeat(2_000)}`), /over 1024 bytes/],
    ['has no stream', (r) => r.writeHead(404).end(), /no event stream there \(HTTP 404\)/],
    ['has a page there', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('hello'), /no event stream/],
    ['wants other credentials', (r) => r.writeHead(401).end(), /refused the gateway's own credentials/],
    ['sends elsewhere', (r) => r.writeHead(302, { location: 'http://evil.example' }).end(), /redirect/],
    ['breaks off', (r) => r.destroy(), /connection to the server broke/],
  ])('%s is not spoken with', async (_, answer, problem) => {
    expect((await opening(answer)).message).toMatch(problem);
  });
});

test('its headers come from the configuration alone, and go to its own address', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${String(request.headers['x-key'])}`);
    if (request.method === 'POST') return void response.writeHead(202).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: endpoint\ndata: messages?session=1\n\n');
    return undefined;
  });
  const origin = await listen(server);
  const dispatcher = createDispatcher(origin);
  const options = {
    url: new URL(`${origin}/a/sse`),
    dispatcher,
    credentials: sessionCredentials(fixedSecrets({ 'x-key': 'k' }), null),
    maxResponseBytes: 1_024,
  };
  const upstream = await openHttpSseUpstream(options);
  const bytes = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  await upstream.deliver({ bytes, receipt: { seq: 0, leaf: '' }, event: null, final: false });
  expect(seen).toEqual(['GET /a/sse k', 'POST /a/messages?session=1 k']);
  await upstream.close();
  await dispatcher.destroy();
  server.close();
  await once(server, 'close');
});
