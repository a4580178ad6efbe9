/**
 * An echo call direct, through a bare pass-through, and through the gateway with everything on: OIDC tokens, policy,
 * masking, and a ledger with fdatasync before forward and before answer. Rounds alternate, so that a machine that
 * drifts drifts for all three; medians of the rounds are printed, and what each adds to the direct call.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createDigestKey, createSigningKey } from '../dist/ledger/keys.js';
import { load, open, rss } from './proxy/load.js';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const LOADS = [1, 16, 64];
const AUDIENCE = 'http://127.0.0.1/mcp';

const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
const children = [];
const start = (args) => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: dir });
  child.stdout.resume();
  children.push(child);
  return child.pid;
};

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const until = async (url) => {
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

const configuration = (ports, issuer) => `version: 1
demo: true
organization: { name: Bench }
gateway: { listen: '127.0.0.1:${ports.gateway}', admin: '127.0.0.1:${ports.admin}', publicUrl: 'http://127.0.0.1:${ports.gateway}', dataDir: ./data }
identity: { issuers: [ { issuer: '${issuer}', audience: '${AUDIENCE}' } ] }
servers: { echo: { http: { url: 'http://127.0.0.1:${ports.upstream}/mcp' } } }
policy: [ { id: all, allow: true, groups: [bench], servers: [echo], tools: ['*'] } ]
ledger: { origin: demo.invalid/bench, key: { file: ./data/keys/ledger.key }, digestKey: { file: ./data/keys/digest.key } }
`;

const prepare = async () => {
  const { issuer, token, server } = await issuerAndToken();
  const ports = {
    upstream: await freePort(),
    bare: await freePort(),
    gateway: await freePort(),
    admin: await freePort(),
  };
  mkdirSync(join(dir, 'data/keys'), { recursive: true, mode: 0o700 });
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
  writeFileSync(join(dir, 'countersign.yaml'), configuration(ports, issuer));
  const here = import.meta.dirname;
  const upstream = start([join(here, 'proxy/upstream.mjs'), String(ports.upstream)]);
  const bare = start([join(here, 'proxy/bare.mjs'), String(ports.bare), `http://127.0.0.1:${ports.upstream}`]);
  const gateway = start([join(here, '../bin/run.js'), 'proxy', '-c', join(dir, 'countersign.yaml')]);
  const at = (port, path) => `http://127.0.0.1:${port}${path}`;
  await Promise.all([until(at(ports.upstream, '/')), until(at(ports.bare, '/')), until(at(ports.admin, '/healthz'))]);
  return {
    issuer: server,
    targets: [
      { name: 'direct', pid: upstream, url: at(ports.upstream, '/mcp') },
      { name: 'bare pass-through', pid: bare, url: at(ports.bare, '/mcp') },
      { name: 'gateway', pid: gateway, url: at(ports.gateway, '/echo/mcp'), token },
    ],
  };
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const medians = (rounds) =>
  Object.fromEntries(['rate', 'p50', 'p99', 'cpu'].map((name) => [name, median(rounds.map((round) => round[name]))]));
const cell = (value, digits, width) => value.toFixed(digits).padStart(width);

const measure = async (targets, inFlight) => {
  const rounds = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) rounds.get(target.name).push(await load({ ...target, inFlight, seconds: SECONDS }));
  }
  const direct = medians(rounds.get('direct'));
  const bare = medians(rounds.get('bare pass-through'));
  for (const { name, pid } of targets) {
    const { rate, p50, p99, cpu } = medians(rounds.get(name));
    const added = name === 'direct' ? ['', ''] : [cell(p50 - direct.p50, 2, 0), cell(p99 - direct.p99, 2, 0)];
    const ratio = name === 'gateway' ? cell(rate / bare.rate, 2, 0) : '';
    console.log(
      `${String(inFlight).padStart(3)}  ${name.padEnd(18)}${cell(rate, 0, 8)}${cell(p50, 2, 8)}${cell(p99, 2, 8)}${added[0].padStart(10)}${added[1].padStart(10)}${cell(cpu, 0, 9)}${cell(rss(pid), 0, 9)}${ratio.padStart(10)}`,
    );
  }
};

try {
  const { targets, issuer } = await prepare();
  for (const target of targets) target.headers = await open(target.url, target.token);
  for (const target of targets) await load({ ...target, inFlight: 16, seconds: 1 });
  console.log(
    `node ${process.version}, ${cpus().length} × ${cpus()[0].model}; medians of ${ROUNDS} rounds of ${SECONDS} s, one after the other`,
  );
  console.log(' in  target               calls/s  p50 ms  p99 ms added p50 added p99  CPU us  RSS MiB   of bare');
  for (const inFlight of LOADS) await measure(targets, inFlight);
  issuer.close();
} finally {
  for (const child of children) child.kill();
  rmSync(dir, { recursive: true, force: true });
}
