/** The fixture over HTTP, stdio and HTTP+SSE, behind a real gateway: OIDC tokens, default-deny policy, masking, ledger. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type ProxyWorld, prepareWorld } from '../e2e/proxy.js';
import { freePort } from '../gateway/harness.js';
import { startFront } from './front.js';

const FIXTURE = join(import.meta.dirname, 'fixture');

/** Only what the suite uses; whatever else it asked for would be denied. */
const POLICY = `[ { id: tools, allow: true, groups: [engineering], tools: ['test_*', json_schema_2020_12_tool] },
  { id: resources, allow: true, groups: [engineering], resources: ['test://**'] },
  { id: prompts, allow: true, groups: [engineering], prompts: ['test_*'] } ]`;

/** What lies behind the gateway. */
const TRANSPORTS = ['http', 'stdio', 'sse'] as const;
export type UpstreamTransport = (typeof TRANSPORTS)[number];

/** The fixture over one of the transports that have an address. */
const startFixture = async (
  program: 'http.mjs' | 'sse.mjs',
): Promise<{ readonly url: string; readonly process: ChildProcess }> => {
  const port = await freePort();
  const child = spawn(process.execPath, [join(FIXTURE, program), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Also where the world is never whole.
  process.once('exit', () => child.kill());
  await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${port}/${program === 'sse.mjs' ? 'sse' : 'mcp'}`, process: child };
};

export interface ConformanceWorld {
  readonly direct: string;
  /** The same server through the gateway, by the transport behind it. */
  readonly through: Readonly<Record<UpstreamTransport, string>>;
  readonly proxy: ProxyWorld;
  /** The store of a login. */
  readonly login: string;
  /** Ends the gateway in order, so that its ledger is whole. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export const startWorld = async (): Promise<ConformanceWorld> => {
  const fixture = await startFixture('http.mjs');
  const events = await startFixture('sse.mjs');
  const ports = { http: await freePort(), stdio: await freePort(), sse: await freePort() };
  const hosts = Object.values(ports).flatMap((port) => [`127.0.0.1:${port}`, `localhost:${port}`]);
  const stdio = `{ command: '${process.execPath}', args: ['${join(FIXTURE, 'stdio.mjs')}'] }`;
  const proxy = await prepareWorld({
    servers: `{ http: { http: { url: '${fixture.url}' } }, stdio: { stdio: ${stdio} },
      sse: { http: { url: '${events.url}', transport: sse } } }`,
    policy: POLICY,
    gateway: `allowedHosts: ${JSON.stringify(hosts)}, allowedOrigins: ${JSON.stringify(hosts.map((host) => `http://${host}`))}`,
  });
  const gateway = await proxy.start();
  const token = await proxy.token();
  const fronts = await Promise.all(
    TRANSPORTS.map((id) => startFront(ports[id], { url: () => `${proxy.gateway}/${id}/mcp`, token })),
  );
  return {
    direct: fixture.url,
    through: {
      http: `http://127.0.0.1:${ports.http}/mcp`,
      stdio: `http://127.0.0.1:${ports.stdio}/mcp`,
      sse: `http://127.0.0.1:${ports.sse}/mcp`,
    },
    proxy,
    login: await proxy.logIn(),
    async stop() {
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
    },
    async close() {
      for (const front of fronts) {
        front.close();
        front.closeAllConnections();
      }
      gateway.kill('SIGKILL');
      fixture.process.kill();
      events.process.kill();
      await proxy.idp.close();
    },
  };
};
