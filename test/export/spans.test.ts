/** Spans on their way to a collector: never in the way of a call, and never without bound. */
import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createSpanQueue, spansRequest } from '../../src/export/spans.js';
import type { SpanFacts } from '../../src/model/trace.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const span = (name: string, over: Partial<SpanFacts> = {}): SpanFacts => ({
  name,
  kind: 'server',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: null,
  start: 1_790_000_000_000.25,
  end: 1_790_000_000_001.5,
  attributes: { 'countersign.server': 'up', whole: true },
  error: null,
  ...over,
});

const service = { version: '1', origin: 'example.com/gw' };

const collector = async () => {
  const state = { status: 200, bodies: [] as string[], headers: [] as unknown[] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      state.headers.push(request.headers['x-key']);
      if (state.status === 200) state.bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(state.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const bound = server.address();
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/v1/traces`;
  const problems: string[] = [];
  const queue = createSpanQueue({
    url,
    headers: { 'x-key': 'k' },
    service,
    fetch,
    onProblem: (problem) => problems.push(problem),
    interval: 10,
  });
  return { state, queue, problems };
};

const sent = (bodies: readonly string[]): number => bodies.join('').split('"spanId"').length - 1;

test('a request has the form of the protocol', () => {
  const failed = span('inner', { kind: 'client', parentId: 'b7ad6b7169203331', error: 'denied' });
  expect(spansRequest([span('tools/call pay'), failed], service)).toEqual({
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'countersign' } },
            { key: 'service.version', value: { stringValue: '1' } },
            { key: 'service.instance.id', value: { stringValue: 'example.com/gw' } },
          ],
        },
        scopeSpans: [
          {
            scope: { name: 'countersign' },
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                name: 'tools/call pay',
                kind: 2,
                startTimeUnixNano: '1790000000000250000',
                endTimeUnixNano: '1790000000001500000',
                attributes: [
                  { key: 'countersign.server', value: { stringValue: 'up' } },
                  { key: 'whole', value: { boolValue: true } },
                ],
                status: {},
              },
              expect.objectContaining({
                parentSpanId: 'b7ad6b7169203331',
                kind: 3,
                status: { code: 2, message: 'denied' },
              }),
            ],
          },
        ],
      },
    ],
  });
});

test('spans go out in the background, and at the end what waits', async () => {
  const { state, queue, problems } = await collector();
  for (let i = 0; i < 600; i++) queue.add(span(`a${i}`));
  await expect.poll(() => sent(state.bodies)).toBe(600);
  expect(state.bodies).toHaveLength(2);
  queue.add(span('last'));
  await queue.close();
  expect(sent(state.bodies)).toBe(601);
  expect(new Set(state.headers)).toEqual(new Set(['k']));
  expect([queue.dropped, problems]).toEqual([0, []]);
});

test('where the collector is away, spans are dropped and counted, and it is told once', async () => {
  const { state, queue, problems } = await collector();
  state.status = 503;
  queue.add(span('a'));
  await expect.poll(() => queue.dropped).toBe(1);
  queue.add(span('b'));
  await expect.poll(() => queue.dropped).toBe(2);
  expect(problems).toEqual(['the collector answered 503']);
  for (let i = 0; i < 9_000; i++) queue.add(span('c'));
  expect(queue.dropped).toBe(2 + 9_000 - 8_192);
  state.status = 200;
  await queue.close();
  expect(sent(state.bodies)).toBe(8_192);
});
