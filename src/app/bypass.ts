/**
 * `doctor --bypass`: tries every server as somebody would who goes around the gateway, without its credential, and has the
 * result recorded. It calls no tool: `initialize`, whose session it ends, and `server/discover` (2026-07-28) are all it says.
 */
import { hostname, userInfo } from 'node:os';
import { systemClock } from '../base/clock.js';
import { EXIT, type ExitCode } from '../base/errors.js';
import type { ProbeRecord } from '../model/probe.js';
import type { ServerSettings } from '../model/settings.js';
import { tryHttp } from './bypass/http.js';
import { lookAtProgram } from './bypass/program.js';
import { loadSettings } from './config.js';
import { askWriter, type CommandDeps } from './own-ledger.js';
import { recordProbes } from './probe-records.js';

export interface Bypass {
  readonly probes: readonly ProbeRecord[];
  /** Who wrote the records: a running gateway, or this process. */
  readonly recordedBy: 'gateway' | 'command';
  /** 10 where a server can be reached around the gateway, 11 where that is unclear, else 0. */
  readonly exit: ExitCode;
}

const probe = async ({ id: server, upstream }: ServerSettings, path: string, from: string): Promise<ProbeRecord> => {
  if (upstream.kind === 'stdio')
    return { server, transport: 'stdio', ...(await lookAtProgram(upstream, path)), address: null, from };
  const address = upstream.socket === undefined ? upstream.url : `unix:${upstream.socket}`;
  return { server, transport: 'http', ...(await tryHttp(upstream)), address, from };
};

const exitOf = (probes: readonly ProbeRecord[]): ExitCode => {
  if (probes.some(({ outcome }) => outcome === 'open')) return EXIT.exceptions;
  return probes.some(({ outcome }) => outcome === 'unclear') ? EXIT.incomplete : EXIT.ok;
};

/**
 * Tries every server and records what was seen, through the running gateway where there is one.
 * @throws CountersignError LEDGER_LOCKED, KEY_FILE, TLS_FILE, CONFIG_…
 */
export const tryBypass = async (
  { config }: { readonly config?: string | undefined },
  deps: CommandDeps = { clock: systemClock(), environment: process.env },
): Promise<Bypass> => {
  const settings = await loadSettings(config, deps.environment);
  const from = `${userInfo().username}@${hostname()}`;
  const path = deps.environment['PATH'] ?? '';
  const probes = await Promise.all(settings.servers.map((server) => probe(server, path, from)));
  const { by } = await askWriter(settings, deps, {
    action: 'probe',
    ask: { probes: probes.map((one) => ({ ...one })) },
    act: (ledger) => recordProbes(ledger, { probes: probes.map((one) => ({ ...one })) }),
  });
  return { probes, recordedBy: by, exit: exitOf(probes) };
};
