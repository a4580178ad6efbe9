/** TLS in both directions and Unix sockets towards servers over HTTP, with certificates of openssl. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readServersTls } from '../../src/app/tls.js';
import { systemClock } from '../../src/base/clock.js';
import { readMessage } from '../../src/gateway/protocol/2025-11-25/message.js';
import type { ServerSettings, UpstreamTlsSettings } from '../../src/model/settings.js';
import { createUpstreams } from '../../src/upstream/open.js';
import { httpServer, principalOf } from '../gateway/harness.js';
import { certificatesIn } from './certificates.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-connections-'));
const path = (name: string): string => join(dir, name);
const pem = (name: string): Buffer => readFileSync(path(name));
const running: Server[] = [];

beforeAll(() => {
  const certificate = certificatesIn(dir);
  certificate('authority', 'Test authority', null);
  certificate('stranger', 'Another authority', null);
  certificate('server', 'server', 'authority');
  certificate('gateway', 'gateway', 'authority');
  certificate('renewed', 'renewed', 'authority');
  certificate('impostor', 'gateway', 'stranger');
});
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Answers with the name in the certificate of its client. */
const answer: RequestListener = (request, response) => {
  const { socket } = request;
  const name = socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject?.CN ?? 'nobody') : 'plain';
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":1,"result":{"client":"${name}","host":"${request.headers.host}"}}`);
  });
};

const listen = async (server: Server, at: number | string): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(at, () => resolve()));
  running.push(server);
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
};

const secure = (name: string, demands: boolean): Server =>
  createSecure(
    {
      cert: pem(`${name}.pem`),
      key: pem(`${name}.key`),
      ...(demands ? { ca: pem('authority.pem'), requestCert: true, rejectUnauthorized: true } : {}),
    },
    answer,
  );

const tlsOf = (own: string | null, ca: string | null = 'authority'): UpstreamTlsSettings => ({
  ca: ca === null ? null : path(`${ca}.pem`),
  own: own === null ? null : { cert: path(`${own}.pem`), key: path(`${own}.key`) },
});

const serverAt = (
  url: string,
  more: { readonly socket?: string; readonly tls?: UpstreamTlsSettings },
): ServerSettings => {
  const server = httpServer('up', url);
  if (server.upstream.kind !== 'http') throw new Error('a server over HTTP is meant');
  return { ...server, upstream: { ...server.upstream, ...more } };
};

const openUpstreams = async (server: ServerSettings) => {
  const upstreams = createUpstreams({
    clock: systemClock(),
    maxResponseBytes: 65_536,
    secrets: new Map(),
    tls: await readServersTls([server]),
    environment: {},
    gatewayKeys: null,
    onStderr: () => {},
  });
  const upstream = await upstreams.open(server, { id: 'S', principal: principalOf('jane') });
  const ask = async (): Promise<string> => {
    const message = readMessage(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
    const outgoing = { call: 'C', message, trace: null, headers: null, intent: { seq: 0, leaf: '' } };
    for await (const { data } of upstream.request(outgoing, new AbortController().signal)) return String(data);
    return '';
  };
  return { ask, upstreams };
};

const askOnce = async (server: ServerSettings): Promise<string> => {
  const { ask, upstreams } = await openUpstreams(server);
  try {
    return await ask();
  } finally {
    await upstreams.close();
  }
};

test('a server of an authority of one’s own is reached with that authority alone', async () => {
  const port = await listen(secure('server', false), 0);
  const url = `https://127.0.0.1:${port}/mcp`;
  expect(await askOnce(serverAt(url, { tls: tlsOf(null) }))).toContain('"client":"nobody"');
  await expect(askOnce(serverAt(url, {}))).rejects.toMatchObject({ kind: 'lost' });
  await expect(askOnce(serverAt(url, { tls: tlsOf(null, 'stranger') }))).rejects.toMatchObject({ kind: 'lost' });
});

test('a server that demands a certificate sees that of the gateway, and turns away others', async () => {
  const port = await listen(secure('server', true), 0);
  const url = `https://127.0.0.1:${port}/mcp`;
  expect(await askOnce(serverAt(url, { tls: tlsOf('gateway') }))).toContain('"client":"gateway"');
  await expect(askOnce(serverAt(url, { tls: tlsOf(null) }))).rejects.toMatchObject({ kind: 'lost' });
  await expect(askOnce(serverAt(url, { tls: tlsOf('impostor') }))).rejects.toMatchObject({ kind: 'lost' });
});

test('a server with a certificate of somebody else is not spoken to', async () => {
  const port = await listen(secure('impostor', false), 0);
  const server = serverAt(`https://127.0.0.1:${port}/mcp`, { tls: tlsOf('gateway') });
  await expect(askOnce(server)).rejects.toMatchObject({ kind: 'lost' });
});

test('a renewed certificate is shown by new connections', async () => {
  const server = secure('server', true);
  const port = await listen(server, 0);
  const settings = serverAt(`https://127.0.0.1:${port}/mcp`, { tls: tlsOf('gateway') });
  const { ask, upstreams } = await openUpstreams(settings);
  expect(await ask()).toContain('"client":"gateway"');
  upstreams.renewTls(await readServersTls([serverAt('https://x/mcp', { tls: tlsOf('renewed') })]));
  expect(await ask()).toContain('"client":"gateway"');
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await ask()).toContain('"client":"renewed"');
  await upstreams.close();
});

test('a Unix socket, with TLS and without', async () => {
  await listen(createPlain(answer), path('plain.sock'));
  await listen(secure('server', true), path('secure.sock'));
  chmodSync(path('plain.sock'), 0o600);
  const plain = serverAt('http://billing/mcp', { socket: path('plain.sock') });
  expect(await askOnce(plain)).toContain('"client":"plain","host":"billing"');
  const secured = serverAt('https://127.0.0.1/mcp', { socket: path('secure.sock'), tls: tlsOf('gateway') });
  expect(await askOnce(secured)).toContain('"client":"gateway"');
  await expect(askOnce(serverAt('http://billing/mcp', { socket: path('none.sock') }))).rejects.toMatchObject({
    kind: 'lost',
  });
});

test.each([
  ['a key that is not of the certificate', { ca: null, own: { cert: 'gateway.pem', key: 'server.key' } }],
  ['a file that is not there', { ca: 'none.pem', own: null }],
  ['a file that is no certificate', { ca: null, own: { cert: 'gateway.key', key: 'gateway.key' } }],
])('%s is refused before anything is sent', async (_, { ca, own }) => {
  const tls = {
    ca: ca === null ? null : path(ca),
    own: own === null ? null : { cert: path(own.cert), key: path(own.key) },
  };
  await expect(readServersTls([serverAt('https://x/mcp', { tls })])).rejects.toMatchObject({
    code: 'TLS_FILE',
    exit: 2,
  });
});
