/** TLS of both listeners with certificates of openssl; clients are Node's own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { type RunningGateway, startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { freePort } from '../gateway/harness.js';
import { certificatesIn } from '../upstream/certificates.js';

let dir: string;
const path = (name: string): string => join(dir, name);
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-tls-'));
  const certificate = certificatesIn(dir);
  certificate('authority', 'Test authority', null);
  certificate('stranger', 'Another authority', null);
  certificate('server', 'gateway', 'authority');
  certificate('renewed', 'renewed', 'authority');
  certificate('client', 'client', 'authority');
  certificate('impostor', 'client', 'stranger');
  await createSigningKey(path('ledger.key'));
  await createDigestKey(path('digest.key'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const start = async (tls: string): Promise<RunningGateway> => {
  const [port, admin] = [await freePort(), await freePort()];
  await writeFile(
    path('countersign.yaml'),
    `version: 1
organization: { name: Test }
gateway:
  listen: '127.0.0.1:${port}'
  admin: '127.0.0.1:${admin}'
  publicUrl: 'https://mcp.example.com'
  tls: ${tls}
  adminTls: { cert: server.pem, key: server.key }
identity: { issuers: [ { issuer: 'https://127.0.0.1:1', audience: 'https://mcp.example.com' } ] }
servers: { files: { http: { url: 'http://127.0.0.1:1/mcp' } } }
policy: [ { id: all, allow: true } ]
ledger: { origin: example.com/gw, key: { file: ledger.key }, digestKey: { file: digest.key } }
`,
  );
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = { clock: systemClock(), log, version: 'test', environment: {}, gatewayKeys: null };
  return startGateway(await loadSettings(path('countersign.yaml')), deps);
};

/** Status of the answer and name of the server, or what the handshake failed with. */
const ask = async (url: string, client: string | null): Promise<string> => {
  const pair =
    client === null ? {} : { cert: await readFile(path(`${client}.pem`)), key: await readFile(path(`${client}.key`)) };
  const ca = await readFile(path('authority.pem'));
  return new Promise((resolve) => {
    const asked = request(url, { ca, agent: false, ...pair }, (response) => {
      const { socket } = response;
      const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : '';
      response.resume().on('end', () => resolve(`${response.statusCode} ${String(subject)}`));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
};

test('both listeners speak TLS, and a renewed certificate is in use without a restart', async () => {
  const gateway = await start('{ cert: server.pem, key: server.key }');
  try {
    expect(gateway.url).toMatch(/^https:/);
    expect(await ask(`${gateway.adminUrl}/healthz`, null)).toBe('200 gateway');
    expect(await ask(`${gateway.url}/files/mcp`, null)).toBe('401 gateway');
    await writeFile(path('server.pem'), 'no certificate');
    await gateway.reload();
    expect(await ask(`${gateway.adminUrl}/healthz`, null)).toBe('200 gateway');
    await writeFile(path('server.pem'), await readFile(path('renewed.pem')));
    await writeFile(path('server.key'), await readFile(path('renewed.key')));
    await gateway.reload();
    expect(await ask(`${gateway.adminUrl}/healthz`, null)).toBe('200 renewed');
    expect(await ask(`${gateway.url}/files/mcp`, null)).toBe('401 renewed');
  } finally {
    await gateway.close('test over');
  }
});

test('with an authority of clients, nobody else gets a connection', async () => {
  const gateway = await start('{ cert: renewed.pem, key: renewed.key, clientCa: authority.pem }');
  try {
    const url = `${gateway.url}/files/mcp`;
    expect(await ask(url, 'client')).toBe('401 renewed');
    expect(await ask(url, 'impostor')).toMatch(/ECONNRESET|EPIPE|SSL/);
    expect(await ask(url, null)).toMatch(/ECONNRESET|EPIPE|SSL/);
    expect(await ask(`${gateway.adminUrl}/healthz`, null)).toBe('200 renewed');
  } finally {
    await gateway.close('test over');
  }
});

test.each(['{ cert: server.pem, key: client.key }', '{ cert: none.pem, key: server.key }'])(
  'files that do not belong together are refused at start: %s',
  async (tls) => {
    await expect(start(tls)).rejects.toMatchObject({ code: 'TLS_FILE', exit: 2 });
  },
);
