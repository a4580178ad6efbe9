/** Damaged HTTP requests and event streams, and what may never come of them. */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { MUTATIONS, seeded } from '../verify/fuzzing.js';
import { freePort, httpServer, startHarness } from './harness.js';
import { openSession, raw, toolCall } from './raw.js';

const CONNECTIONS = 16;

type Below = (n: number) => number;

/** Up to three damages, or none. */
const damaged = (bytes: Buffer, below: Below): Buffer => {
  let out = bytes;
  for (let left = below(4); left > 0; left--) out = MUTATIONS[below(MUTATIONS.length)]?.(out, below) ?? out;
  return out;
};

/** A whole event stream that answers a request; undefined where there is nothing to answer. */
const streamFor = (body: string): string | undefined => {
  const id = /"id":("[^"]*"|[-\d.eE+]+)/.exec(body)?.[1];
  if (id === undefined) return undefined;
  const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {}, content: [] };
  const answer = `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
  return `retry: 10\n\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\r\n\r\n: c\n\ndata: ${answer}\n\n`;
};

/** A server that counts what reaches it, and whose event streams are damaged. */
const startUpstream = async (below: Below) => {
  const seen = { posts: 0, damage: false };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST') seen.posts++;
      const stream = streamFor(Buffer.concat(chunks).toString('latin1'));
      if (stream === undefined) response.writeHead(202).end();
      else {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(seen.damage ? damaged(Buffer.from(stream), below) : stream);
      }
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { seen, url: `http://127.0.0.1:${port}/mcp`, close: () => server.close() };
};

/** Sends bytes on a connection of their own; resolves when it is over. */
const sendBytes = (port: number, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('error', () => {}).on('close', () => resolve());
    socket.resume();
    socket.end(bytes);
  });

const requestBytes = (url: URL, headers: Readonly<Record<string, string>>, id: number): Buffer => {
  const body = toolCall(id, 'echo', { text: 'x' });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = `Content-Length: ${body.length}\r\nConnection: close\r\n`;
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n${lines.join('')}${length}\r\n${body}`);
};

/** What the ledger says of forwarding. */
const counted = async (dir: string) => {
  const counts = { forwarded: 0, results: 0 };
  const open = new Set<unknown>();
  for await (const { type, d } of readLedger(dir)) {
    if ((type === 'call' || (type === 'message' && d['direction'] === 'to_server')) && d['forwarded'] === true)
      counts.forwarded++;
    if (type === 'call' && d['forwarded'] === true) open.add(d['call']);
    if (type !== 'result') continue;
    counts.results++;
    expect(open.delete(d['call'])).toBe(true);
  }
  return { ...counts, open: open.size };
};

/** No crash, nothing forwarded without its record, one outcome for each call, and the gateway serves afterwards. */
export const fuzzGateway = async (seed: number, count: number): Promise<void> => {
  const below = seeded(seed);
  const upstream = await startUpstream(below);
  const harness = await startHarness({ servers: [httpServer('up', upstream.url)], gateway: { callTimeout: 300 } });
  const url = new URL(`${harness.url}/up/mcp`);
  const headers = await openSession(url.href);
  upstream.seen.damage = true;
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= count) await sendBytes(Number(url.port), damaged(requestBytes(url, headers, next++), below));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  upstream.seen.damage = false;
  const fresh = await openSession(url.href);
  expect((await raw(url.href, { headers: fresh, body: toolCall(1, 'echo') })).status).toBe(200);
  await harness.close();
  upstream.close();
  expect(harness.defects).toEqual([]);
  const { forwarded, results, open } = await counted(harness.dir);
  expect(upstream.seen.posts).toBeLessThanOrEqual(forwarded);
  expect(results).toBeGreaterThan(count / 20);
  expect(open).toBe(0);
};
