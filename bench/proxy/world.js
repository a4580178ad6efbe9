/** A gateway as it is used, with everything on, and what it needs: an issuer, keys, a configuration. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createDigestKey, createSigningKey } from '../../dist/ledger/keys.js';

const AUDIENCE = 'http://127.0.0.1/mcp';

const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
const children = [];

/** Starts a program of Node.js and gives its process id. */
export const start = (args, env = {}) => {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: dir,
    env: { ...process.env, ...env },
  });
  child.stdout.resume();
  children.push(child);
  return child.pid;
};

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export const until = async (url) => {
  for (let i = 0; i < 200; i++) {
    const up = await fetch(url).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens at ${url}`);
};

/** An issuer with one key, and a token of it. */
const issuerAndToken = async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const server = createServer((request, response) => {
    const metadata = { issuer, jwks_uri: `${issuer}/jwks` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : metadata));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const token = await new SignJWT({ groups: ['bench'], client_id: 'bench' })
    .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setSubject('bench-person')
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(privateKey);
  return { issuer, token, server };
};

const configuration = (ports, issuer, servers) => `version: 1
demo: true
organization: { name: Bench }
gateway: { listen: '127.0.0.1:${ports.gateway}', admin: '127.0.0.1:${ports.admin}', publicUrl: 'http://127.0.0.1:${ports.gateway}', dataDir: ./data }
identity: { issuers: [ { issuer: '${issuer}', audience: '${AUDIENCE}' } ] }
servers: ${servers}
policy: [ { id: all, allow: true, groups: [bench], tools: ['*'] } ]
ledger: { origin: demo.invalid/bench, key: { file: ./data/keys/ledger.key }, digestKey: { file: ./data/keys/digest.key } }
`;

/**
 * Starts a gateway.
 * @param servers of the configuration, in YAML's flow style
 * @returns its process, its address, a token that is good for all its servers, and how to end all that was started
 */
export const startGateway = async (servers) => {
  const { issuer, token, server } = await issuerAndToken();
  const ports = { gateway: await freePort(), admin: await freePort() };
  mkdirSync(join(dir, 'data/keys'), { recursive: true, mode: 0o700 });
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
  writeFileSync(join(dir, 'countersign.yaml'), configuration(ports, issuer, servers));
  const pid = start([join(import.meta.dirname, '../../bin/run.js'), 'proxy', '-c', join(dir, 'countersign.yaml')]);
  await until(`http://127.0.0.1:${ports.admin}/healthz`);
  return { pid, url: `http://127.0.0.1:${ports.gateway}`, token, close: () => server.close() };
};

/** Ends all that was started, and removes what it wrote. */
export const end = async () => {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  const ended = running.map((child) => once(child, 'exit'));
  for (const child of running) child.kill();
  await Promise.all(ended);
  rmSync(dir, { recursive: true, force: true });
};
