/**
 * `doctor --bypass`: tries every server as somebody would who goes around the gateway, without its credential, and has the
 * result recorded. It calls no tool: `initialize`, whose session it ends, and `server/discover` (2026-07-28) are all it says.
 */
import { access, constants, stat } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { systemClock } from '../base/clock.js';
import { EXIT, type ExitCode, reason } from '../base/errors.js';
import { isLoopback } from '../base/loopback.js';
import { discoverMessage } from '../gateway/bridge/eras.js';
import { LEGACY_REVISION } from '../gateway/bridge/translate.js';
import { headersFor } from '../gateway/protocol/2026-07-28/headers.js';
import type { ProbeRecord } from '../model/probe.js';
import type { ServerSettings } from '../model/settings.js';
import { loadSettings } from './config.js';
import { findProgram } from './doctor/upstreams.js';
import { askWriter, type CommandDeps } from './own-ledger.js';
import { recordProbes } from './probe-records.js';

type Seen = Pick<ProbeRecord, 'outcome' | 'says'>;

export interface Bypass {
  readonly probes: readonly ProbeRecord[];
  /** Who wrote the records: a running gateway, or this process. */
  readonly recordedBy: 'gateway' | 'command';
  /** 10 where a server can be reached around the gateway, 11 where that is unclear, else 0. */
  readonly exit: ExitCode;
}

/** For one answer, milliseconds. */
const TIMEOUT = 5_000;
/** Enough of an answer to see whether it is a server's, bytes. */
const ENOUGH = 65_536;

/** Marks of an answer that an MCP server made, whatever it says. */
const isRpc = (text: string): boolean => /"jsonrpc"\s*:\s*"2\.0"/.test(text);

const beginning = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.byteLength;
    const text = Buffer.concat(chunks).toString('utf8');
    if (length > ENOUGH || isRpc(text) || text.startsWith('event: endpoint')) return text;
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** A client certificate that is asked for and missing ends the connection with an alert of TLS (RFC 8446 §6). */
const wantsCertificate = (error: unknown): boolean =>
  /ALERT|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/i.test(
    error instanceof Error && error.cause instanceof Error
      ? `${error.cause.message} ${'code' in error.cause ? String(error.cause.code) : ''}`
      : '',
  );

const failed = (error: unknown): Seen => {
  if (wantsCertificate(error)) return { outcome: 'refused', says: 'it asks for a client certificate' };
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const name = cause instanceof Error && 'code' in cause ? String(cause.code) : reason(error);
  return { outcome: 'unreachable', says: `no connection from here (${name.slice(0, 100)})` };
};

/** What an answer shows of who may ask. */
const judge = async (response: Response, url: URL): Promise<Seen> => {
  const { status } = response;
  if (status === 401 || status === 403 || status === 407) {
    await response.body?.cancel();
    return { outcome: 'refused', says: `it refuses requests without a credential (HTTP ${status})` };
  }
  const text = await beginning(response);
  if (!isRpc(text) && !text.startsWith('event: endpoint'))
    return { outcome: 'unclear', says: `it answers HTTP ${status}, and not as an MCP server does` };
  const who = isLoopback(url.hostname) ? 'every process of this machine' : 'whoever reaches this address';
  return { outcome: 'open', says: `it answers ${who} without the gateway's credential (HTTP ${status})` };
};

/** A server that opened a session to a stranger is rid of it. */
const endSession = async (url: URL, session: string): Promise<void> => {
  const ended = fetch(url, {
    method: 'DELETE',
    headers: { 'mcp-session-id': session },
    signal: AbortSignal.timeout(2_000),
  });
  await ended.then((response) => response.body?.cancel()).catch(() => undefined);
};

const send = async (url: URL, init: RequestInit): Promise<Seen> => {
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(url, { ...init, redirect: 'manual', signal });
    const seen = await judge(response, url);
    const session = response.headers.get('mcp-session-id');
    if (session !== null) await endSession(url, session);
    return seen;
  } catch (error) {
    return failed(error);
  }
};

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const initialize = (): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'bypass',
    method: 'initialize',
    params: { protocolVersion: LEGACY_REVISION, capabilities: {}, clientInfo: { name: 'countersign', version: '1' } },
  });

const worst = (seen: readonly [Seen, ...Seen[]]): Seen =>
  seen.find(({ outcome }) => outcome === 'open') ??
  seen.find(({ outcome }) => outcome === 'unclear') ??
  seen.find(({ outcome }) => outcome === 'refused') ??
  seen[0];

/** Both eras: one may be guarded and the other forgotten. */
const tryHttp = async ({ url: address, transport }: Extract<ServerSettings['upstream'], { kind: 'http' }>) => {
  const url = new URL(address);
  if (transport === 'sse') return send(url, { headers: { accept: 'text/event-stream' } });
  const modern = discoverMessage('bypass');
  return worst([
    await send(url, { method: 'POST', headers: HEADERS, body: initialize() }),
    await send(url, { method: 'POST', headers: { ...HEADERS, ...headersFor(modern) }, body: modern.bytes }),
  ]);
};

const isWritable = (path: string): Promise<boolean> =>
  access(path, constants.W_OK).then(
    () => true,
    () => false,
  );

/**
 * A process of the gateway has pipes that nobody else has. Whether others can start the program, with credentials of their
 * own, cannot be seen from here; whether somebody could put another in its place can.
 */
const lookAtProgram = async (
  upstream: Extract<ServerSettings['upstream'], { kind: 'stdio' }>,
  path: string,
): Promise<Seen> => {
  const program = await findProgram(upstream, path);
  if (program === undefined) return { outcome: 'unclear', says: `there is no program ${upstream.command}` };
  const { mode } = await stat(program);
  const root = userInfo().uid === 0;
  const open = (mode & 0o022) !== 0 || (!root && (await isWritable(program)) && (await isWritable(dirname(program))));
  if (open) return { outcome: 'open', says: `others than root can replace the program ${program}` };
  const says =
    'its process has pipes that only the gateway holds; whether others can start the program with credentials of ' +
    'their own cannot be seen from here';
  return { outcome: 'unseen', says };
};

const probe = async ({ id: server, upstream }: ServerSettings, path: string, from: string): Promise<ProbeRecord> => {
  if (upstream.kind === 'http')
    return { server, transport: 'http', ...(await tryHttp(upstream)), address: upstream.url, from };
  return { server, transport: 'stdio', ...(await lookAtProgram(upstream, path)), address: null, from };
};

const exitOf = (probes: readonly ProbeRecord[]): ExitCode => {
  if (probes.some(({ outcome }) => outcome === 'open')) return EXIT.exceptions;
  return probes.some(({ outcome }) => outcome === 'unclear') ? EXIT.incomplete : EXIT.ok;
};

/**
 * Tries every server and records what was seen, through the running gateway where there is one.
 * @throws CountersignError LEDGER_LOCKED, KEY_FILE, CONFIG_…
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
