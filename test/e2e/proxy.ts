/** The real `countersign proxy` as a process of its own, with a real OpenID provider and an upstream in this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { tokenStore } from '../../src/app/token-store.js';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { freePort } from '../gateway/harness.js';

const CLIENT = 'countersign-cli';
const root = join(import.meta.dirname, '../..');

/** An MCP server over HTTP that echoes, after `delay` ms, and notes every call that reaches it. */
export const startEcho = async (reached: Set<string>, delay: number): Promise<{ server: Server; url: string }> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (chunks.length === 0) return response.writeHead(405).end();
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      if (id === undefined) return response.writeHead(202).end();
      const answer = (result: object): void => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      };
      if (method === 'initialize') {
        answer({
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'echo', version: '1' },
        });
        return undefined;
      }
      const message = String(params.arguments.message);
      reached.add(message);
      setTimeout(() => answer({ content: [{ type: 'text', text: `Echo: ${message}` }] }), delay);
      return undefined;
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${port}/mcp` };
};

export interface ProxyWorld {
  readonly dir: string;
  readonly config: string;
  /** Base address of the gateway; a server's path is `/<id>/mcp`. */
  readonly gateway: string;
  /** The address of the server `echo`. */
  readonly url: string;
  readonly adminUrl: string;
  readonly ledger: string;
  readonly idp: IdentityProvider;
  /** A person's token for MCP paths; Jane's where nobody is named. */
  token(person?: string): Promise<string>;
  /** Stores a login as `countersign login` does, good for so many seconds, and gives its file. */
  logIn(expiresIn?: number): Promise<string>;
  /** Starts the process and waits until it serves. */
  start(nodeArgs?: readonly string[], env?: Record<string, string>): Promise<ChildProcess>;
}

export interface ProxyPlan {
  /** `servers` of the configuration, in YAML's flow style. */
  readonly servers: string;
  /** `policy` of the configuration. */
  readonly policy: string;
  /** More of `gateway`, such as `allowedHosts: [a]`. */
  readonly gateway?: string;
  /** Further parts of the configuration, a line each. */
  readonly more?: string;
  /** Further people than Jane, engineers too. */
  readonly people?: readonly string[];
  /** The signing key of the provider; absent: a new one. */
  readonly key?: JWK | undefined;
}

/** A folder with a configuration for one upstream server named `echo`. */
export const prepareProxy = (upstream: string, key?: JWK): Promise<ProxyWorld> =>
  prepareWorld({
    servers: `{ echo: { http: { url: '${upstream}' } } }`,
    policy: "[ { id: all, allow: true, groups: [engineering], servers: [echo], tools: ['*'] } ]",
    key,
  });

/** A folder with a configuration, keys, and an OpenID provider. */
export const prepareWorld = async ({
  servers,
  policy,
  gateway,
  more = '',
  people = [],
  key,
}: ProxyPlan): Promise<ProxyWorld> => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-proxy-'));
  const ports = { gateway: await freePort(), admin: await freePort() };
  const url = `http://127.0.0.1:${ports.gateway}`;
  const adminUrl = `http://127.0.0.1:${ports.admin}`;
  const idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: ['jane', ...people].map((id) => ({
      id,
      name: `${id.charAt(0).toUpperCase()}${id.slice(1)} Doe`,
      email: `${id}@demo.invalid`,
      groups: ['engineering'],
    })),
    clients: [{ id: CLIENT, secret: null, groups: [] }],
    audience: [url],
    approvalAudience: `${url}/approvals`,
    ...(key ? { key } : {}),
  });
  mkdirSync(join(dir, 'data/keys'), { recursive: true, mode: 0o700 });
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
  const config = join(dir, 'countersign.yaml');
  writeFileSync(
    config,
    `version: 1
demo: true
organization: { name: Test }
gateway: { listen: '127.0.0.1:${ports.gateway}', admin: '127.0.0.1:${ports.admin}', publicUrl: '${url}', dataDir: ./data${gateway === undefined ? '' : `, ${gateway}`} }
identity: { issuers: [ { issuer: '${idp.issuer}', audience: '${url}', approvalAudience: '${url}/approvals', clientId: ${CLIENT} } ] }
servers: ${servers}
policy: ${policy}
ledger: { origin: demo.invalid/test, key: { file: ./data/keys/ledger.key }, digestKey: { file: ./data/keys/digest.key } }
${more}`,
  );
  const token = async (person = 'jane'): Promise<string> => (await idp.loginAs(person, url, CLIENT)).accessToken;
  const serving = async (): Promise<boolean> => {
    try {
      return (await fetch(`${adminUrl}/healthz`)).ok;
    } catch {
      return false;
    }
  };
  return {
    dir,
    config,
    gateway: url,
    url: `${url}/echo/mcp`,
    adminUrl,
    ledger: join(dir, 'data/ledger/demo.invalid_test'),
    idp,
    token,
    async logIn(expiresIn = 3_600) {
      const store = tokenStore(join(dir, 'login/tokens.json'));
      await store.put('mcp', {
        issuer: idp.issuer,
        clientId: CLIENT,
        audience: url,
        accessToken: await token(),
        expiresAt: Math.floor(Date.now() / 1000) + expiresIn,
        subject: 'jane',
        name: null,
        email: null,
        authTime: null,
      });
      return store.file;
    },
    async start(nodeArgs = [], env = {}) {
      const child = spawn(process.execPath, [...nodeArgs, join(root, 'bin/run.js'), 'proxy', '-c', config], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      // Read, so that the pipe never fills; whoever wants the text listens too.
      child.stdout.resume();
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString('utf8');
      });
      for (let i = 0; i < 2_400; i++) {
        if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}: ${stderr}`);
        if (await serving()) return child;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      child.kill('SIGKILL');
      throw new Error(`the proxy does not serve: ${stderr}`);
    },
  };
};
