/** A gateway with a real ledger, real policy, approvals, masking and upstreams; only tokens are stand-ins. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createApprovals } from '../../src/approval/workflow.js';
import { systemClock } from '../../src/base/clock.js';
import { createKeyedDigester } from '../../src/base/digest.js';
import { createGateway, type GatewayDeps } from '../../src/gateway/gateway.js';
import { openLedger } from '../../src/ledger/append.js';
import { type LedgerEntry, readLedger } from '../../src/ledger/read.js';
import { createMasker } from '../../src/masking/mask.js';
import type { PolicyRule } from '../../src/model/policy-settings.js';
import type { Principal } from '../../src/model/principal.js';
import type { ApprovalRule, ServerSettings, Settings } from '../../src/model/settings.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { createUpstreams } from '../../src/upstream/open.js';

const ISSUER = 'https://idp.test';
const digest = createKeyedDigester(Buffer.alloc(32, 7));

export const principalOf = (subject: string, groups: readonly string[] = ['engineering']): Principal => ({
  issuer: ISSUER,
  subject,
  kind: 'human',
  groups,
  clientId: 'test',
  actor: null,
  amr: ['pwd'],
  acr: null,
  authTime: Math.floor(Date.now() / 1000),
  tokenId: digest('token-id', subject),
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
  name: subject,
  email: `${subject}@example.test`,
});

export const rule = (over: Partial<PolicyRule> & Pick<PolicyRule, 'id'>): PolicyRule => ({
  effect: 'allow',
  approval: null,
  groups: [],
  servers: [],
  tools: [],
  methods: [],
  risk: null,
  ...over,
});

export const stdioServer = (
  id: string,
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ServerSettings => ({
  id,
  upstream: { kind: 'stdio', command: process.execPath, args: [script, ...args], env, cwd: null },
  aws: null,
  data: null,
  masking: 'default',
});

export const httpServer = (id: string, url: string): ServerSettings => ({
  id,
  upstream: { kind: 'http', url, headers: {} },
  aws: null,
  data: null,
  masking: 'default',
});

export interface HarnessOptions {
  readonly servers: readonly ServerSettings[];
  readonly policy?: readonly PolicyRule[];
  readonly approvals?: readonly ApprovalRule[];
  readonly gateway?: Partial<Settings['gateway']>;
  readonly deps?: Partial<GatewayDeps>;
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Tokens are `Bearer <subject>` or `Bearer <subject>:<group>,<group>`. */
const authenticator: GatewayDeps['authenticator'] = {
  authenticate: (authorization) => {
    const found = /^Bearer ([a-z]+)(?::(.*))?$/.exec(authorization ?? '');
    if (!found?.[1]) {
      return Promise.resolve({
        ok: false,
        reason: authorization === undefined ? 'no_token' : 'malformed',
        claimed: {},
      });
    }
    return Promise.resolve({ ok: true, principal: principalOf(found[1], found[2]?.split(',')) });
  },
};

export const startHarness = async (options: HarnessOptions) => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-gateway-'));
  const clock = systemClock();
  const origin = 'test.invalid/gw';
  const { privateKey } = generateKeyPairSync('ed25519');
  const ledger = await openLedger({ dir, origin, key: privateKey, clock, heartbeat: 0 });
  const rules = options.approvals ?? [];
  const policy = compilePolicy(
    options.policy ?? [rule({ id: 'all' })],
    options.servers.map(({ id }) => id),
    rules,
  );
  const approvals = createApprovals({ ledger, clock, rules, people: [], policy: policy.digest });
  const masker = createMasker({
    name: 'default',
    detectors: ['secrets', 'personal'],
    keys: ['password', 'token', 'secret'],
  });
  const stderr: string[] = [];
  const defects: unknown[] = [];
  const upstreams = createUpstreams({
    clock,
    maxResponseBytes: 1 << 20,
    secrets: new Map(),
    environment: process.env,
    gatewayKeys: null,
    onStderr: (server, line) => stderr.push(`${server}: ${line}`),
  });
  const gatewaySettings: Settings['gateway'] = {
    listen: { host: '127.0.0.1', port: await freePort() },
    admin: { host: '127.0.0.1', port: 0 },
    publicUrl: 'http://gateway.test',
    dataDir: dir,
    maxRequestBytes: 1 << 20,
    maxResponseBytes: 1 << 20,
    allowedHosts: [],
    allowedOrigins: ['https://good.test'],
    approvalHold: 400,
    callTimeout: 10_000,
    sessionIdle: 60_000,
    ...options.gateway,
  };
  const gateway = createGateway({
    settings: { gateway: gatewaySettings, servers: options.servers },
    ledger,
    authenticator,
    policy,
    approvals,
    upstreams,
    maskFor: () => masker,
    digest,
    clock,
    challenge: (server, reason) =>
      `Bearer error="${reason}", resource_metadata="http://gateway.test/.well-known/${server.id}"`,
    metadata: (path) => (path === `/${options.servers[0]?.id}/mcp` ? { resource: path } : undefined),
    onDefect: (error) => defects.push(error),
    ...options.deps,
  });
  const port = await listen(gateway.server, gatewaySettings.listen.port);
  const url = `http://127.0.0.1:${port}`;

  const connect = async (server: string, token: string): Promise<Client> => {
    const client = new Client({ name: 'test-client', version: '1.0.0' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/${server}/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      }),
    );
    return client;
  };
  const entries = async (): Promise<LedgerEntry[]> => {
    const found: LedgerEntry[] = [];
    for await (const entry of readLedger(dir)) found.push(entry);
    return found;
  };
  const close = async (): Promise<void> => {
    gateway.server.close();
    await gateway.close('test over');
    gateway.server.closeAllConnections();
    await ledger.close('test over');
  };
  return { url, dir, gateway, ledger, approvals, policy, connect, entries, close, stderr, defects };
};

export type Harness = Awaited<ReturnType<typeof startHarness>>;
