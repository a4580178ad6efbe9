/** Damaged HTTP requests and event streams, and what may never come of them. */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { MUTATIONS, seeded } from '../verify/fuzzing.js';
import { freePort, httpServer, startHarness } from './harness.js';
import { HEADERS, openSession, raw, rpc, toolCall } from './raw.js';

type Era = 'legacy' | 'modern';
const REVISION = '2026-07-28';

const CONNECTIONS = 16;

type Below = (n: number) => number;

/** Up to three damages, or none. */
const damaged = (bytes: Buffer, below: Below): Buffer => {
  let out = bytes;
  for (let left = below(4); left > 0; left--) out = MUTATIONS[below(MUTATIONS.length)]?.(out, below) ?? out;
  return out;
};

/** What a server of either era answers, by the method of the request; `ask` asks the client something instead. */
const answerTo = (method: string, era: Era, ask: boolean): string => {
  if (era === 'modern' && method === 'initialize') return '"error":{"code":-32601,"message":"Method not found"}';
  const content = { content: [], capabilities: { tools: {} }, resultType: 'complete' };
  const opened =
    era === 'modern' ? { supportedVersions: [REVISION] } : { protocolVersion: '2025-11-25', serverInfo: {} };
  if (!ask || method !== 'tools/call') return `"result":${JSON.stringify({ ...content, ...opened })}`;
  const form = { method: 'elicitation/create', params: { message: 'who?', requestedSchema: { type: 'object' } } };
  return `"result":${JSON.stringify({ resultType: 'input_required', inputRequests: { form }, requestState: 'kept' })}`;
};

/** A whole event stream that answers a request; undefined where there is nothing to answer. */
const streamFor = (body: string, era: Era, ask: boolean): string | undefined => {
  const id = /"id":("[^"]*"|[-\d.eE+]+)/.exec(body)?.[1];
  if (id === undefined) return undefined;
  const method = /"method":"([^"]*)"/.exec(body)?.[1] ?? '';
  const asked = era === 'legacy' && ask && method === 'tools/call';
  const question = asked
    ? 'data: {"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"who?"}}\n\n'
    : '';
  const answer = `{"jsonrpc":"2.0","id":${id},${answerTo(method, era, ask)}}`;
  return `retry: 10\n\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\r\n\r\n: c\n\n${question}data: ${answer}\n\n`;
};

/** A server that counts what reaches it, and whose event streams are damaged. */
const startUpstream = async (below: Below, era: Era) => {
  const seen = { posts: 0, damage: false };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST') seen.posts++;
      const ask = seen.damage && below(4) === 0;
      const stream = streamFor(Buffer.concat(chunks).toString('latin1'), era, ask);
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

const requestBytes = (url: URL, headers: Readonly<Record<string, string>>, body: string): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = `Content-Length: ${body.length}\r\nConnection: close\r\n`;
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n${lines.join('')}${length}\r\n${body}`);
};

const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
};
const MODERN_HEADERS = {
  ...HEADERS,
  'mcp-protocol-version': REVISION,
  'mcp-method': 'tools/call',
  'mcp-name': 'echo',
};

/** A call of revision 2026-07-28; every third is a leg that nobody asked for. */
const modernCall = (id: number): string => {
  const leg = id % 3 === 0 ? { requestState: 'kept', inputResponses: { form: { action: 'accept' } } } : {};
  return rpc(id, 'tools/call', { name: 'echo', arguments: { text: 'x' }, _meta: META, ...leg });
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
  const upstreams = [await startUpstream(below, 'legacy'), await startUpstream(below, 'modern')];
  const servers = upstreams.map(({ url }, i) => httpServer(`up${i}`, url));
  const harness = await startHarness({ servers, gateway: { callTimeout: 300 } });
  const urls = servers.map(({ id }) => new URL(`${harness.url}/${id}/mcp`));
  const sessions = await Promise.all(urls.map((url) => openSession(url.href)));
  const requestOf = (id: number): Buffer => {
    const which = below(2);
    const url = urls[which] ?? new URL(harness.url);
    return below(2) === 0
      ? requestBytes(url, sessions[which] ?? {}, toolCall(id, 'echo', { text: 'x' }))
      : requestBytes(url, MODERN_HEADERS, modernCall(id));
  };
  const damage = (on: boolean): void => {
    for (const { seen } of upstreams) seen.damage = on;
  };
  damage(true);
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= count) await sendBytes(Number(new URL(harness.url).port), damaged(requestOf(next++), below));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  damage(false);
  for (const url of urls) {
    const fresh = await openSession(url.href);
    expect((await raw(url.href, { headers: fresh, body: toolCall(1, 'echo') })).status).toBe(200);
    expect((await raw(url.href, { headers: MODERN_HEADERS, body: modernCall(1) })).status).toBe(200);
  }
  await harness.close();
  for (const upstream of upstreams) upstream.close();
  expect(harness.defects).toEqual([]);
  const { forwarded, results, open } = await counted(harness.dir);
  expect(upstreams.reduce((sum, { seen }) => sum + seen.posts, 0)).toBeLessThanOrEqual(forwarded);
  expect(results).toBeGreaterThan(count / 20);
  expect(open).toBe(0);
};
