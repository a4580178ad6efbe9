import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSocket, type Server as Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CheckupAsk, checkUp } from '../../src/app/doctor.js';
import Doctor from '../../src/commands/doctor.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

let dir: string;
let ports: { listen: number; admin: number };
const running: (Server | Socket)[] = [];

const portOf = (server: Server | Socket): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return address.port;
};

const start = async <T extends Server | Socket>(server: T): Promise<T> => {
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  running.push(server);
  return server;
};

const stop = (server: Server | Socket): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

const freePort = async (): Promise<number> => {
  const server = await start(createSocket());
  const port = portOf(server);
  await stop(server);
  return port;
};

const serve = async (answer: RequestListener): Promise<string> =>
  `http://127.0.0.1:${portOf(await start(createServer(answer)))}`;

/** A provider; `document` replaces parts of its metadata, `keys` its keys. */
const provider = async (document: object = {}, keys: readonly object[] = [jwk]): Promise<string> => {
  const base: string = await serve((request, response) => {
    response.setHeader('content-type', 'application/json');
    const isKeys = request.url === '/jwks';
    response.end(JSON.stringify(isKeys ? { keys } : { issuer: base, jwks_uri: `${base}/jwks`, ...document }));
  });
  return base;
};

const configure = async (issuer: string, servers: string, more = ''): Promise<void> => {
  const { listen, admin } = ports;
  await writeFile(
    join(dir, 'countersign.yaml'),
    `version: 1
demo: true
organization: { name: Example Inc }
gateway: { listen: '127.0.0.1:${listen}', admin: '127.0.0.1:${admin}' }
identity: { issuers: [{ issuer: '${issuer}', audience: a, approvalAudience: b }] }
servers: ${servers}
policy: [{ id: all, allow: true, tools: ['*'] }]
ledger: { origin: demo.invalid/gw }
collect: { cloudtrail: [{ dir: ./trail }] }
${more}`,
  );
};

const look = async (ask: CheckupAsk = {}) => {
  const env = { PATH: process.env['PATH'], ...ask.env };
  const { checks, exit } = await checkUp({ config: join(dir, 'countersign.yaml'), ...ask, env });
  for (const { state, mend } of checks) expect(mend === null).toBe(state === 'pass');
  const wrong = checks.filter(({ state }) => state !== 'pass');
  return { checks, exit, wrong, said: wrong.map(({ what, message }) => `${what} ${message}`).join('\n') };
};

const NODE = '{ files: { stdio: { command: node } } }';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-checkup-'));
  ports = { listen: await freePort(), admin: await freePort() };
  await mkdir(join(dir, 'trail'));
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createSigningKey(join(dir, 'data/keys/report.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await Promise.all(
    running
      .splice(0)
      .filter(({ listening }) => listening)
      .map(stop),
  );
  await rm(dir, { recursive: true });
});

describe('doctor', () => {
  it('finds nothing where all is well: 0', async () => {
    const upstream = await serve((_, response) => response.writeHead(405).end());
    await configure(
      await provider(),
      `{ files: { stdio: { command: node } }, web: { http: { url: '${upstream}/mcp' } } }`,
    );
    const { said, exit, checks } = await look();
    expect(said).toBe('');
    expect(exit).toBe(0);
    expect(checks.map(({ what }) => what.split(' ')[0])).toEqual([
      'node',
      'configuration',
      'gateway.listen',
      'gateway.admin',
      'ledger.key',
      'ledger.digestKey',
      'evidence.key',
      'issuer',
      'clock',
      'server',
      'server',
      'gateway.dataDir',
      'collect.cloudtrail',
    ]);
  });

  it('an old Node.js, and a configuration that does not load: nothing more is looked at', async () => {
    await writeFile(join(dir, 'countersign.yaml'), 'version: 2\n');
    const { wrong, exit } = await look({ node: '18.20.0' });
    expect(wrong.map(({ what }) => what)).toEqual(['node', 'configuration']);
    expect(exit).toBe(2);
  });

  it('a port that another program holds; a gateway that runs is no fault', async () => {
    const issuer = await provider();
    const taken = await start(createSocket((socket) => socket.destroy()));
    ports = { listen: portOf(taken), admin: await freePort() };
    await configure(issuer, NODE);
    expect((await look()).said).toMatch(/^gateway\.listen \S+ is in use by another program$/);
    const admin = await start(createServer((_, response) => response.end('{}')));
    ports = { listen: portOf(taken), admin: portOf(admin) };
    await configure(issuer, NODE);
    expect(await look()).toMatchObject({ said: '', exit: 0 });
  });

  it('keys that are missing, open to others, of the wrong kind, or one for two uses', async () => {
    await configure(await provider(), NODE);
    await rm(join(dir, 'data/keys/ledger.key'));
    await chmod(join(dir, 'data/keys/digest.key'), 0o644);
    await writeFile(join(dir, 'data/keys/report.key'), 'hush-hush');
    const { said, exit, wrong } = await look();
    expect(said).toMatch(/no such file[\s\S]*others than its owner[\s\S]*PKCS#8/);
    expect(JSON.stringify(wrong)).not.toContain('hush');
    expect(exit).toBe(2);
  });

  it('one key for ledger and report, and a secret that is not set', async () => {
    const servers = '{ files: { stdio: { command: node, secretEnv: { K: { env: FILES_KEY } } } } }';
    await configure(await provider(), servers, 'evidence: { key: { file: ./data/keys/ledger.key } }\n');
    expect((await look()).said).toMatch(/evidence\.key is the key of the ledger\n.*FILES_KEY is not set/);
    const { checks } = await look({ env: { FILES_KEY: 'hush-hush' } });
    expect(JSON.stringify(checks)).not.toContain('hush');
  });

  it.each([
    ['names another issuer', () => provider({ issuer: 'http://127.0.0.1:1' })],
    ['no asymmetric key', () => provider({}, [{ kty: 'oct', k: 'AA' }])],
    ['cannot be read', async () => `http://127.0.0.1:${await freePort()}`],
    ['status 404', () => serve((_, response) => response.writeHead(404).end())],
  ])('an issuer: %s', async (problem, make) => {
    await configure(await make(), NODE);
    const { wrong, said, exit } = await look();
    expect(wrong[0]?.what).toMatch(/^issuer /);
    expect(said).toContain(problem);
    expect(exit).toBe(2);
  });

  it.each([
    [60_000, 'ahead'],
    [-60_000, 'behind'],
  ])('a clock that is %d ms off', async (off, word) => {
    await configure(await provider(), NODE);
    const { said, exit } = await look({ now: () => Date.now() + off });
    expect(said).toMatch(new RegExp(`^clock against \\S+ (?:59|60)\\.\\d s ${word}$`));
    expect(exit).toBe(2);
  });

  it('servers that are not there, and one that answers something else', async () => {
    const other = await serve((_, response) => response.writeHead(404).end());
    const gone = `http://127.0.0.1:${await freePort()}/mcp`;
    const servers = `{ a: { stdio: { command: no-such-program } }, b: { stdio: { command: ./countersign.yaml } },
      c: { stdio: { command: node, cwd: ./nowhere } }, d: { http: { url: '${gone}' } }, e: { http: { url: '${other}/mcp' } } }`;
    await configure(await provider(), servers);
    const { wrong } = await look();
    expect(wrong.map(({ what, state }) => `${what} ${state}`)).toEqual([
      'server a fail',
      'server b fail',
      'server c fail',
      'server d fail',
      'server e open',
    ]);
  });

  it('a trail folder that is not there: 11', async () => {
    await configure(await provider(), NODE);
    await rm(join(dir, 'trail'), { recursive: true });
    const { said, exit } = await look();
    expect(said).toMatch(/^collect\.cloudtrail \S+\/trail is no folder$/);
    expect(exit).toBe(11);
  });

  it('is printed line by line, each fault with its mend', async () => {
    let out = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      out += String(chunk);
      return true;
    });
    await configure(await provider(), '{ a: { stdio: { command: no-such-program } } }');
    await Doctor.run(['-c', join(dir, 'countersign.yaml')], root);
    expect(out).toMatch(/✗ fails {2}server a {2}there is no program no-such-program\n {2}mend: install it/);
    expect(process.exitCode).toBe(2);
  });
});
