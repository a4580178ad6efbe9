/** Runs the gateway: opens, listens, beats, and closes in the right order. */
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { CountersignError, reason } from '../base/errors.js';
import type { HttpServer } from '../gateway/server.js';
import type { Settings } from '../model/settings.js';
import { startCanaries } from './canary.js';
import { resolveSecret } from './config.js';
import { controlActions } from './control-actions.js';
import { gitState } from './git-state.js';
import { type Control, serveControl } from './ledger-control.js';
import { pushMetrics } from './otlp-metrics.js';
import type { Reloaded } from './reload.js';
import { readServersTls, renewListenersTls } from './tls.js';
import { type Wired, wire } from './wire.js';
import type { Log, WireDeps } from './wire-deps.js';

export interface RunningGateway {
  /** Base address of the MCP listener; a server's path is `/<id>/mcp`. */
  readonly url: string;
  readonly adminUrl: string;
  /** C2SP verifier key of the ledger. */
  readonly ledgerKey: string;
  readonly ledgerDir: string;
  readonly healthy: boolean;
  /** Reads the policy of the configuration again, see `createReloader`. */
  reload(): Promise<Reloaded>;
  /** Ends sessions, writes what is left and the `stop` record. */
  close(why: string): Promise<void>;
}

const SWEEP_MS = 1_000;

const listen = (server: HttpServer, { host, port }: { host: string; port: number }): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new CountersignError('LISTEN_FAILED', { address: `${host}:${port}`, problem: reason(error) })),
    );
    server.listen({ host, port }, () => {
      const { address, port: bound } = addressOf(server);
      const scheme = 'setSecureContext' in server ? 'https' : 'http';
      resolve(`${scheme}://${address.includes(':') ? `[${address}]` : address}:${bound}`);
    });
  });

const addressOf = (server: HttpServer): Pick<AddressInfo, 'address' | 'port'> => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address : { address: 'unknown', port: 0 };
};

const closeServer = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 500).unref();
  });

/** What is on record before the first call: what runs, and under which configuration. */
const recordStart = async ({ ledger, policy }: Wired, settings: Settings, { version }: WireDeps): Promise<void> => {
  const { provenance, demo, file } = settings;
  await Promise.all([
    ledger.append({
      type: 'start',
      d: {
        version,
        host: hostname(),
        pid: process.pid,
        config: provenance.digest,
        demo,
        heartbeat: settings.ledger.heartbeat,
      },
    }),
    ledger.append({
      type: 'config',
      d: {
        outcome: 'loaded',
        digest: provenance.digest,
        policy: policy.digest,
        files: provenance.files,
        git: gitState(file),
        reason: null,
      },
    }),
  ]);
};

/** Without the socket commands cannot ask the gateway; calls are served all the same. */
const openControl = async (wired: Wired, log: Log): Promise<Control | null> => {
  try {
    return await serveControl(wired.ledger.dir, controlActions(wired));
  } catch (error) {
    log.warn({ problem: reason(error) }, 'commands cannot ask this gateway to rotate or anchor its ledger');
    return null;
  }
};

/** Metrics to the collector that the settings name. */
const startPushing = async (
  { metrics }: Wired,
  { otlp, ledger }: Settings,
  { clock, environment, log, version }: WireDeps,
): Promise<() => Promise<void>> => {
  if (!otlp) return () => Promise.resolve();
  const headers = Object.entries(otlp.headers).map(
    async ([name, source]) => [name, await resolveSecret(source, environment)] as const,
  );
  return pushMetrics(metrics, {
    ...otlp,
    headers: Object.fromEntries(await Promise.all(headers)),
    service: { version, origin: ledger.origin },
    clock,
    fetch,
    onProblem: (problem) => log.warn({ problem }, 'metrics do not reach the collector; it is tried again'),
  });
};

/** What runs beside the listeners: the socket for commands, canaries, pushes of metrics. Gives what ends it. */
const startBeside = async (wired: Wired, settings: Settings, deps: WireDeps): Promise<() => Promise<void>> => {
  const { maskFor, records } = wired;
  const stopPushing = await startPushing(wired, settings, deps);
  const control = await openControl(wired, deps.log);
  const stopCanaries = startCanaries({ settings, maskFor, ledger: records, log: deps.log });
  return async () => {
    stopCanaries();
    await control?.close();
    await stopPushing();
  };
};

/** Reads certificates and policy again. A certificate that does not hold leaves the one in use. */
const reload = async (
  { gateway, admin, upstreams, reloader }: Wired,
  settings: Settings,
  log: Log,
): Promise<Reloaded> => {
  try {
    await renewListenersTls(settings, { clients: gateway.server, admin });
    upstreams.renewTls(await readServersTls(settings.servers));
  } catch (error) {
    log.error({ problem: reason(error) }, 'the renewed certificate is not in use');
  }
  return reloader.reload();
};

/**
 * Starts the gateway. When this resolves it serves, and its start is on record.
 * @throws CountersignError LEDGER_LOCKED, LEDGER_DAMAGED, KEY_FILE, LISTEN_FAILED …
 */
export const startGateway = async (settings: Settings, deps: WireDeps): Promise<RunningGateway> => {
  const wired = await wire(settings, deps);
  const { gateway, admin, ledger, approvals, authenticator, webhooks, log } = { ...wired, log: deps.log };
  const sweep = setInterval(() => {
    Promise.all([gateway.sweep(), approvals.sweep()]).catch((error: unknown) =>
      log.warn({ problem: reason(error) }, 'a sweep failed'),
    );
  }, SWEEP_MS);
  let endBeside = (): Promise<void> => Promise.resolve();
  const end = async (why: string): Promise<void> => {
    clearInterval(sweep);
    const closing = [closeServer(gateway.server), closeServer(admin)];
    await gateway
      .close(why)
      .catch((error: unknown) => log.error({ problem: reason(error) }, 'closing the sessions failed'));
    await Promise.all(closing);
    await endBeside();
    authenticator.close();
    await wired.traces?.close();
    await webhooks.close();
    await wired.anchoring.close();
    await ledger.close(why);
  };
  let ending: Promise<void> | undefined;
  const close = (why: string): Promise<void> => (ending ??= end(why));
  try {
    for (const problem of await authenticator.ready())
      log.warn(problem, 'the keys of an issuer cannot be read; its tokens are refused until they can');
    await recordStart(wired, settings, deps);
    endBeside = await startBeside(wired, settings, deps);
    const url = await listen(gateway.server, settings.gateway.listen);
    const adminUrl = await listen(admin, settings.gateway.admin);
    return {
      reload: () => reload(wired, settings, log),
      url,
      adminUrl,
      ledgerKey: ledger.key,
      ledgerDir: ledger.dir,
      get healthy() {
        return ledger.healthy;
      },
      close,
    };
  } catch (error) {
    await close('the start failed');
    throw error;
  }
};
