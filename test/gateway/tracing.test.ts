/** Spans of requests, and the trace context that a server is told. */
import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { SpanFacts, Tracer } from '../../src/model/trace.js';
import { type Harness, httpServer, rule, startHarness } from './harness.js';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

const start = async (sampled: boolean | null = true) => {
  const told: (string | undefined)[] = [];
  const states: (string | string[] | undefined)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (text.includes('tools/call')) {
        told.push(String(request.headers['traceparent']));
        states.push(request.headers['tracestate']);
      }
      const id = /"id":("?\w+"?)/.exec(text)?.[1];
      if (id === undefined) return response.writeHead(202).end();
      const opened = '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}';
      const answer = '{"content":[{"type":"text","text":"the answer of the server"}]}';
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(`{"jsonrpc":"2.0","id":${id},"result":${text.includes('initialize') ? opened : answer}}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const bound = server.address();
  const spans: SpanFacts[] = [];
  const tracer: Tracer = {
    time: () => performance.timeOrigin + performance.now(),
    sample: () => sampled === true,
    end: (one) => spans.push(one),
  };
  const harness = await startHarness({
    servers: [httpServer('up', `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/mcp`)],
    policy: [rule({ id: 'some', tools: ['pay'] })],
    deps: sampled === null ? {} : { tracer },
  });
  closing.push(harness.close);
  return { harness, spans, told, states };
};

const post = async ({ url }: Harness, body: object, headers: Readonly<Record<string, string>> = {}, token = 'jane') => {
  const response = await fetch(`${url}/up/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
  });
  const text = await response.text();
  return { session: response.headers.get('mcp-session-id') ?? '', text };
};

const initialize = {
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
};
const open = async (harness: Harness) => {
  const { session } = await post(harness, initialize);
  return { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
};
const call = (name: string) => ({ method: 'tools/call', params: { name, arguments: { note: 'confidential words' } } });

test('a call is a span in the trace of its caller, with one for each stage, and the server is told its own parent', async () => {
  const { harness, spans, told } = await start();
  const session = await open(harness);
  spans.length = 0;
  await post(harness, call('pay'), { ...session, traceparent: `00-${TRACE}-${PARENT}-01` });
  const request = spans.find(({ kind }) => kind === 'server');
  expect(request).toMatchObject({ name: 'tools/call pay', traceId: TRACE, parentId: PARENT, error: null });
  expect(request?.attributes).toEqual({
    'rpc.system': 'jsonrpc',
    'rpc.method': 'tools/call',
    'countersign.server': 'up',
    'countersign.call': expect.stringMatching(/^[0-9A-Z]{26}$/),
    'countersign.decision': 'allow',
    'countersign.status': 'ok',
    'gen_ai.tool.name': 'pay',
  });
  const below = spans.filter(({ parentId }) => parentId === request?.spanId);
  expect(below.map(({ name }) => name)).toEqual([
    'authenticate',
    'read',
    'unfold',
    'decide',
    'approve',
    'record intent',
    'mask',
    'record outcome',
    'server',
  ]);
  const upstream = below.find(({ kind }) => kind === 'client');
  expect(told).toEqual([`00-${TRACE}-${upstream?.spanId}-01`]);
  for (const { start: from, end } of spans) expect(end).toBeGreaterThanOrEqual(from);
  const entries = await harness.entries();
  expect(entries.findLast(({ type }) => type === 'call')?.d['trace']).toBe(told[0]);
  // Nothing of what was said, nor of who said it.
  expect(JSON.stringify(spans)).not.toMatch(/confidential|answer of the server|jane/);
});

test('a caller that is not sampled leaves no span, and the server is told so', async () => {
  const { harness, spans, told } = await start();
  const session = await open(harness);
  spans.length = 0;
  await post(harness, call('pay'), { ...session, traceparent: `00-${TRACE}-${PARENT}-00` });
  expect(spans).toEqual([]);
  expect(told[0]).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
});

test.each([
  ['no context', undefined],
  ['one that is all zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['one that is malformed', '00-xyz'],
])('a call with %s begins a trace', async (_, traceparent) => {
  const { harness, spans, told } = await start();
  const session = await open(harness);
  spans.length = 0;
  await post(harness, call('pay'), { ...session, ...(traceparent === undefined ? {} : { traceparent }) });
  const request = spans.find(({ kind }) => kind === 'server');
  expect(request?.parentId).toBeNull();
  expect(request?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(told[0]).toContain(request?.traceId);
});

test('the context may stand in the message', async () => {
  const { harness, spans } = await start();
  const session = await open(harness);
  spans.length = 0;
  const { method, params } = call('pay');
  await post(harness, { method, params: { ...params, _meta: { traceparent: `00-${TRACE}-${PARENT}-01` } } }, session);
  expect(spans.find(({ kind }) => kind === 'server')).toMatchObject({ traceId: TRACE, parentId: PARENT });
});

const STATE = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';

test.each([
  ['with traces', true],
  ['without', null],
] as const)('%s, the state of the caller goes on beside the context, and is on record', async (_, sampled) => {
  const { harness, states } = await start(sampled);
  const session = await open(harness);
  const traceparent = `00-${TRACE}-${PARENT}-01`;
  await post(harness, call('pay'), { ...session, traceparent, tracestate: STATE.replace(',', ' , ') });
  expect(states).toEqual([STATE]);
  const entries = await harness.entries();
  expect(entries.findLast(({ type }) => type === 'call')?.payloads['tracestate']).toEqual({
    data: JSON.stringify(STATE),
  });
});

test.each([
  ['without a context', { tracestate: STATE }],
  ['beside a malformed context', { traceparent: '00-xyz', tracestate: STATE }],
  ['malformed', { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'a=1,a=2' }],
  ['that holds a secret', { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'a=AKIAIOSFODNN7EXAMPLQ' }],
])('a state %s goes no further', async (_, headers) => {
  const { harness, states } = await start();
  const session = await open(harness);
  await post(harness, call('pay'), { ...session, ...headers });
  expect(states).toEqual([undefined]);
  const entries = await harness.entries();
  expect(entries.findLast(({ type }) => type === 'call')?.payloads['tracestate']).toBeUndefined();
});

test('where the context stands in the message, so does its state', async () => {
  const { harness, states } = await start();
  const session = await open(harness);
  const { method, params } = call('pay');
  const context = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: STATE };
  await post(harness, { method, params: { ...params, _meta: context } }, { ...session, tracestate: 'other=1' });
  expect(states).toEqual([STATE]);
});

test('what is denied or refused is a span with its reason', async () => {
  const { harness, spans } = await start();
  const session = await open(harness);
  spans.length = 0;
  await post(harness, call('steal'), session);
  expect(spans.find(({ kind }) => kind === 'server')).toMatchObject({
    name: 'tools/call steal',
    error: 'denied',
    attributes: { 'countersign.decision': 'deny' },
  });
  spans.length = 0;
  await post(harness, call('pay'), session, '!');
  const [refused] = spans.filter(({ kind }) => kind === 'server');
  expect(refused?.error).not.toBeNull();
  expect(spans.filter(({ kind }) => kind === 'server')).toHaveLength(1);
});
