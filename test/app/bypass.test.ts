/** `doctor --bypass`: what a server answers without the gateway's credential, and that it is on record. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryBypass } from '../../src/app/bypass.js';
import { loadSettings } from '../../src/app/config.js';
import { checkUpstreams } from '../../src/app/doctor/upstreams.js';
import { ownLedgerDir } from '../../src/app/own-ledger.js';
import { startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { readLedger } from '../../src/ledger/read.js';
import { freePort } from '../gateway/harness.js';
import { certificatesIn } from '../upstream/certificates.js';

let dir: string;
const running: Server[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-bypass-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await rm(dir, { recursive: true });
});

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(server);
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/mcp`;
};

const configure = async (servers: string): Promise<string> => {
  const [port, admin] = [await freePort(), await freePort()];
  const file = join(dir, 'countersign.yaml');
  await createSigningKey(join(dir, 'ledger.key'));
  await createSigningKey(join(dir, 'data/keys/report.key'));
  await createDigestKey(join(dir, 'digest.key'));
  await writeFile(
    file,
    `version: 1
organization: { name: Test }
gateway: { listen: '127.0.0.1:${port}', admin: '127.0.0.1:${admin}', publicUrl: 'https://mcp.example.com' }
identity: { issuers: [ { issuer: 'https://127.0.0.1:1', audience: 'https://mcp.example.com' } ] }
servers: { ${servers} }
policy: [ { id: all, allow: true } ]
ledger: { origin: example.com/gw, key: { file: ledger.key }, digestKey: { file: digest.key } }
`,
  );
  return file;
};

const deps = { clock: systemClock(), environment: { KEY: 'clear-key-of-the-server', PATH: process.env['PATH'] } };
const look = async (servers: string) => tryBypass({ config: await configure(servers) }, deps);

const probes = async () => {
  const found: Readonly<Record<string, unknown>>[] = [];
  const settings = await loadSettings(join(dir, 'countersign.yaml'));
  for await (const { type, d } of readLedger(ownLedgerDir(settings), { verify: true }))
    if (type === 'probe') found.push(d);
  return found;
};

const rpc: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"jsonrpc":"2.0","id":"bypass","result":{}}');
};

test('a server that wants the credential refuses; the header of the gateway is not sent', async () => {
  const seen: unknown[] = [];
  const url = await serve((request, response) => {
    seen.push([request.headers['x-key'], request.headers['mcp-method']]);
    response.writeHead(401).end();
  });
  const found = await look(`guarded: { http: { url: '${url}', headers: { x-key: { env: KEY } } } }`);
  expect(found).toMatchObject({ exit: 0, recordedBy: 'command', probes: [{ server: 'guarded', outcome: 'refused' }] });
  expect(seen).toEqual([
    [undefined, undefined],
    [undefined, 'server/discover'],
  ]);
  expect(await probes()).toEqual(found.probes);
});

test('one that answers anybody is found, and is rid of the session it opened', async () => {
  const ended: unknown[] = [];
  const url = await serve((request, response) => {
    if (request.method === 'DELETE') ended.push(request.headers['mcp-session-id']);
    response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's1' });
    response.end('{"jsonrpc":"2.0","id":"bypass","result":{}}');
  });
  const found = await look(`loose: { http: { url: '${url}' } }`);
  expect(found.exit).toBe(10);
  expect(found.probes[0]).toMatchObject({
    outcome: 'open',
    address: url,
    says: "it answers every process of this machine without the gateway's credential (HTTP 200)",
  });
  expect(ended).toEqual(['s1', 's1']);
});

test('one that guards the older revisions alone is open', async () => {
  const url = await serve((request, response) =>
    request.headers['mcp-method'] === undefined ? void response.writeHead(401).end() : rpc(request, response),
  );
  expect((await look(`half: { http: { url: '${url}' } }`)).probes[0]).toMatchObject({ outcome: 'open' });
});

const pem = (name: string): Buffer => readFileSync(join(dir, name));

const serveSecure = async (demands: boolean): Promise<string> => {
  const client = demands ? { ca: pem('authority.pem'), requestCert: true, rejectUnauthorized: true } : {};
  const server = createSecure({ cert: pem('server.pem'), key: pem('server.key'), ...client }, rpc);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(server);
  const bound = server.address();
  return `https://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/mcp`;
};

test('the certificate of the gateway is not shown, and its authority of the server is trusted', async () => {
  const certificate = certificatesIn(dir);
  certificate('authority', 'Test authority', null);
  for (const name of ['server', 'gateway']) certificate(name, name, 'authority');
  const alerts = await freePort();
  const demands = ['-Verify', '1', '-verify_return_error', '-CAfile', 'authority.pem', '-www', '-quiet', '-tls1_2'];
  const identity = ['-cert', 'server.pem', '-key', 'server.key'];
  const openssl = spawn('openssl', ['s_server', '-accept', String(alerts), ...identity, ...demands], { cwd: dir });
  const [mutual, oneWay] = [await serveSecure(true), await serveSecure(false)];
  const server = (id: string, url: string) =>
    `${id}: { http: { url: '${url}', tls: { ca: authority.pem, cert: gateway.pem, key: gateway.key } } }`;
  try {
    const servers = [
      ['mutual', mutual],
      ['alerts', `https://127.0.0.1:${alerts}/mcp`],
      ['one-way', oneWay],
    ] as const;
    const { probes: found } = await look(servers.map(([id, url]) => server(id, url)).join(', '));
    expect(found).toMatchObject([
      { server: 'mutual', outcome: 'unreachable', says: 'it ends the connection without an answer (UND_ERR_SOCKET)' },
      { server: 'alerts', outcome: 'refused', says: 'it asks for a client certificate' },
      { server: 'one-way', outcome: 'open' },
    ]);
    const checks = await checkUpstreams(await loadSettings(join(dir, 'countersign.yaml')), '');
    expect(checks.map(({ state }) => state)).toEqual(['pass', 'pass', 'pass']);
  } finally {
    openssl.kill();
  }
});

test('nginx says in an answer that it misses a certificate', async () => {
  const text = '<html><center><h1>400 Bad Request</h1></center><center>No required SSL certificate was sent</center>';
  const url = await serve((_, response) => void response.writeHead(400).end(text));
  expect((await look(`proxied: { http: { url: '${url}' } }`)).probes[0]).toMatchObject({ outcome: 'refused' });
});

test('a socket of one user lets in nobody else; one that all may write is tried', async () => {
  const [own, loose] = [join(dir, 'own.sock'), join(dir, 'loose.sock')];
  for (const path of [own, loose]) {
    const server = createServer(rpc);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    running.push(server);
  }
  await chmod(own, 0o660);
  await chmod(loose, 0o666);
  const servers = ['own', 'loose', 'none'].map((id) => `${id}: { http: { url: 'http://x/mcp', socket: ${id}.sock } }`);
  const hidden = await look(servers.join(', '));
  expect(hidden.probes.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'unreachable']);
  expect(hidden.probes[0]).toMatchObject({
    address: `unix:${own}`,
    says: `its socket lets in the user ${process.getuid?.()} and the group ${process.getgid?.()} alone`,
  });
  await chmod(dir, 0o711);
  const { probes: found } = await tryBypass({ config: join(dir, 'countersign.yaml') }, deps);
  expect(found.map(({ outcome }) => outcome)).toEqual(['refused', 'open', 'unreachable']);
  expect(found[1]?.says).toContain('every user of this machine');
  const checks = await checkUpstreams(await loadSettings(join(dir, 'countersign.yaml')), '');
  expect(checks.map(({ state }) => state)).toEqual(['pass', 'pass', 'fail']);
});

test('one that is no MCP server, one that is not there, one over HTTP+SSE', async () => {
  const page = await serve((_, response) => void response.writeHead(404).end('<html>not here</html>'));
  const events = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: endpoint\ndata: /messages\n\n');
  });
  const gone = `http://127.0.0.1:${await freePort()}/mcp`;
  const found = await look(
    `page: { http: { url: '${page}' } }, gone: { http: { url: '${gone}' } }, sse: { http: { url: '${events}', transport: sse } }`,
  );
  expect(found.probes.map(({ server, outcome }) => [server, outcome])).toEqual([
    ['page', 'unclear'],
    ['gone', 'unreachable'],
    ['sse', 'open'],
  ]);
});

test('a program: what can be seen of it, and whether somebody could put another in its place', async () => {
  const program = join(dir, 'server');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  const servers = `own: { stdio: { command: '${process.execPath}' } }, loose: { stdio: { command: '${program}' } }`;
  await chmod(program, 0o777);
  const { probes: found, exit } = await look(servers);
  expect(found[0]).toMatchObject({ server: 'own', transport: 'stdio', address: null });
  expect(found[0]?.says).toMatch(/cannot be seen from here|can replace the program/);
  expect(found[1]).toMatchObject({ outcome: 'open', says: `others than root can replace the program ${program}` });
  expect(exit).toBe(10);
});

test('beside a running gateway its records are written by the gateway', async () => {
  const url = await serve((_, response) => void response.writeHead(403).end());
  const config = await configure(`guarded: { http: { url: '${url}' } }`);
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const gateway = await startGateway(await loadSettings(config), { ...deps, log, version: 'test', gatewayKeys: null });
  try {
    expect(await tryBypass({ config }, deps)).toMatchObject({ recordedBy: 'gateway', exit: 0 });
  } finally {
    await gateway.close('test over');
  }
  expect(await probes()).toMatchObject([{ server: 'guarded', outcome: 'refused' }]);
});
