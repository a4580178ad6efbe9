import { unwatchFile, watchFile } from 'node:fs';
import { pino } from 'pino';
import { systemClock } from '../base/clock.js';
import { loadSettings } from './config.js';
import { startGateway } from './proxy.js';
import type { Reloaded } from './reload.js';
import { version } from './version.js';
import type { Log } from './wire-deps.js';

export interface ProxyRun {
  readonly ledgerDir: string;
  readonly adminUrl: string;
  readonly servers: readonly { readonly id: string; readonly url: string }[];
  /** Resolves with the signal that ended it, once everything is closed. */
  readonly stopped: Promise<string>;
}

/** How often the file of the configuration is looked at. */
const WATCH_MS = 2_000;

const tellReload = (log: Log, result: Reloaded): void => {
  if (result.outcome === 'loaded') log.info({ changes: result.changes }, 'the policy was read again and is in force');
  if (result.outcome === 'refused') log.error({ problem: result.problem }, 'the changed configuration is not in force');
};

/** Loads the configuration, starts the gateway, and closes it when the process is told to end. */
export const runProxy = async (file: string | undefined): Promise<ProxyRun> => {
  const settings = await loadSettings(file);
  const log = pino({ name: 'countersign', base: null }, pino.destination({ fd: 2, sync: true }));
  const deps = { clock: systemClock(), log, version: version(), environment: process.env, gatewayKeys: null };
  const gateway = await startGateway(settings, deps);
  const reload = (): void => void gateway.reload().then((result) => tellReload(log, result));
  process.on('SIGHUP', reload);
  const watched = [settings.file, ...(settings.pins ? [settings.pins.file] : [])];
  for (const path of watched) watchFile(path, { interval: WATCH_MS }, reload);
  const stopped = new Promise<string>((resolve, reject) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off('SIGHUP', reload);
      for (const path of watched) unwatchFile(path, reload);
      gateway.close(signal).then(() => resolve(signal), reject);
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  const { publicUrl } = settings.gateway;
  return {
    ledgerDir: gateway.ledgerDir,
    adminUrl: gateway.adminUrl,
    servers: settings.servers.map(({ id }) => ({ id, url: `${publicUrl}/${id}/mcp` })),
    stopped,
  };
};
