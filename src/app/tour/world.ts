/** Starts what the demo needs, all of it on loopback: identity provider, sample account, servers, gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.js';
import { CountersignError } from '../../base/errors.js';
import { type SampleAccount, startSampleAccount } from '../../demo/aws/account.js';
import { type IdentityProvider, startIdentityProvider } from '../../demo/idp.js';
import type { Plan } from '../../demo/plan-model.js';
import { seededRandom } from '../../demo/random.js';
import { GATEWAY_ROLE, SAMPLE_ACCOUNT, SAMPLE_BUCKET, SAMPLE_REGION, SAMPLE_ROLE } from '../../demo/world.js';
import type { Settings } from '../../model/settings.js';
import { loadSettings } from '../config.js';
import { type RunningGateway, startGateway } from '../proxy.js';
import type { Log } from '../wire-deps.js';
import {
  approvalAudience,
  type DemoPorts,
  demoConfiguration,
  PAGE_CLIENT,
  PEOPLE_CLIENT,
  publicUrl,
  sampleServer,
} from './configuration.js';
import { type DemoFolder, writeFiles } from './folder.js';

export interface World {
  readonly plan: Plan;
  readonly ports: DemoPorts;
  readonly idp: IdentityProvider;
  readonly account: SampleAccount;
  readonly settings: Settings;
  readonly gateway: RunningGateway;
  /** Runs the gateway once more, after it was closed. */
  startAgain(): Promise<RunningGateway>;
  close(): Promise<void>;
}

export interface WorldDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** `process.env`. */
  readonly environment: Record<string, string | undefined>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    () => true,
    () => false,
  );

/** The official sample server over HTTP. It would listen on all interfaces; a preload keeps it on loopback. */
const startEverything = async ({ environment }: WorldDeps): Promise<{ url: string; child: ChildProcess }> => {
  const port = await freePort();
  const preload = fileURLToPath(new URL('../../demo/loopback.cjs', import.meta.url));
  const { PATH = '', HOME = '' } = environment;
  const child = spawn(process.execPath, ['--require', preload, sampleServer('everything'), 'streamableHttp'], {
    env: { PATH, HOME, PORT: String(port) },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  for (let tries = 0; tries < 200; tries++) {
    if (await answers(url)) return { url, child };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill();
  throw new CountersignError('DEMO_FAILED', { problem: 'the sample server did not start' });
};

/** Where the page of approvals is sent back to after a login. */
const pageCallback = ({ admin }: DemoPorts): string => `http://localhost:${admin}/login/callback`;

const startProvider = (plan: Plan, ports: DemoPorts): Promise<IdentityProvider> =>
  startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: plan.people,
    clients: [
      { id: PEOPLE_CLIENT, secret: null, groups: [] },
      { id: PAGE_CLIENT, secret: null, groups: [], redirectUris: [pageCallback(ports)] },
      { id: plan.agent.id, secret: randomBytes(24).toString('base64url'), groups: plan.agent.groups },
    ],
    audience: [publicUrl(ports)],
    approvalAudience: approvalAudience(ports),
  });

const startAccount = (plan: Plan, outDir: string, clock: Clock): Promise<SampleAccount> =>
  startSampleAccount({
    host: '127.0.0.1',
    port: 0,
    accountId: SAMPLE_ACCOUNT,
    region: SAMPLE_REGION,
    bucket: SAMPLE_BUCKET,
    outDir,
    clock,
    random: seededRandom(plan.seed, 'account'),
    roleName: SAMPLE_ROLE,
    users: plan.users,
    instances: plan.instances,
    secrets: plan.vault,
  });

/** Starts everything, in the order in which it is needed; what was started is stopped when a later part fails. */
export const startWorld = async (plan: Plan, folder: DemoFolder, deps: WorldDeps): Promise<World> => {
  const stops: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const ports = { gateway: await freePort(), admin: await freePort() };
    await writeFiles(folder.files, plan.files);
    const account = await startAccount(plan, folder.trail, deps.clock);
    stops.push(() => account.close());
    const idp = await startProvider(plan, ports);
    stops.push(() => idp.close());
    const everything = await startEverything(deps);
    stops.push(async () => everything.child.kill());
    const { issuer } = idp;
    await writeFile(folder.config, demoConfiguration({ plan, ports, issuer, everything: everything.url, account }), {
      mode: 0o600,
    });
    const settings = await loadSettings(folder.config, deps.environment);
    const start = async (): Promise<RunningGateway> => {
      const started = await startGateway(settings, { ...deps, gatewayKeys: account.machine(GATEWAY_ROLE).keys });
      stops.push(() => started.close('the demo is over'));
      return started;
    };
    return { plan, ports, idp, account, settings, gateway: await start(), startAgain: start, close };
  } catch (error) {
    await close();
    throw error;
  }
};
