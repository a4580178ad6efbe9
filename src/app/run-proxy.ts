import { pino } from 'pino';
import { systemClock } from '../base/clock.js';
import { loadSettings } from './config.js';
import { startGateway } from './proxy.js';
import { version } from './version.js';

export interface ProxyRun {
  readonly ledgerDir: string;
  readonly adminUrl: string;
  readonly servers: readonly { readonly id: string; readonly url: string }[];
  /** Resolves with the signal that ended it, once everything is closed. */
  readonly stopped: Promise<string>;
}

/** Loads the configuration, starts the gateway, and closes it when the process is told to end. */
export const runProxy = async (file: string | undefined): Promise<ProxyRun> => {
  const settings = await loadSettings(file);
  const log = pino({ name: 'countersign', base: null }, pino.destination({ fd: 2, sync: true }));
  const deps = { clock: systemClock(), log, version: version(), environment: process.env, gatewayKeys: null };
  const gateway = await startGateway(settings, deps);
  const stopped = new Promise<string>((resolve, reject) => {
    const stop = (signal: NodeJS.Signals): void => {
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
