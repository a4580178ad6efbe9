/** A server over HTTP, asked as a stranger would ask: without the gateway's headers, tokens and certificate. */
import type { RequestInit, Response } from 'undici';
import { reason } from '../../base/errors.js';
import { isLoopback } from '../../base/loopback.js';
import { discoverMessage } from '../../gateway/bridge/eras.js';
import { LEGACY_REVISION } from '../../gateway/bridge/translate.js';
import { headersFor } from '../../gateway/protocol/2026-07-28/headers.js';
import { type HttpServerSettings, openServerFetch, type ServerFetch } from '../server-fetch.js';
import type { Seen } from './seen.js';
import { lookAtSocket } from './socket.js';

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

const NO_CERTIFICATE: Seen = { outcome: 'refused', says: 'it asks for a client certificate' };

/** How nginx says the same, in an answer with status 400. */
const NGINX = 'No required SSL certificate was sent';

/** A connection that was made, and ended by the other side before it said anything. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

const failed = (error: unknown): Seen => {
  if (wantsCertificate(error)) return NO_CERTIFICATE;
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const name = cause instanceof Error && 'code' in cause ? String(cause.code) : reason(error);
  const problem = CLOSED.has(name) ? 'it ends the connection without an answer' : 'no connection from here';
  return { outcome: 'unreachable', says: `${problem} (${name.slice(0, 100)})` };
};

interface Asked {
  readonly url: URL;
  readonly send: ServerFetch;
  /** Whom it would answer. */
  readonly who: string;
}

/** What an answer shows of who may ask. */
const judge = async (response: Response, who: string): Promise<Seen> => {
  const { status } = response;
  if (status === 401 || status === 403 || status === 407) {
    await response.body?.cancel();
    return { outcome: 'refused', says: `it refuses requests without a credential (HTTP ${status})` };
  }
  const text = await beginning(response);
  if (text.includes(NGINX)) return NO_CERTIFICATE;
  if (!isRpc(text) && !text.startsWith('event: endpoint'))
    return { outcome: 'unclear', says: `it answers HTTP ${status}, and not as an MCP server does` };
  return { outcome: 'open', says: `it answers ${who} without the gateway's credential (HTTP ${status})` };
};

/** A server that opened a session to a stranger is rid of it. */
const endSession = async ({ url, send }: Asked, session: string): Promise<void> => {
  const ended = send(url, {
    method: 'DELETE',
    headers: { 'mcp-session-id': session },
    signal: AbortSignal.timeout(2_000),
  });
  await ended.then((response) => response.body?.cancel()).catch(() => undefined);
};

const ask = async (asked: Asked, init: RequestInit): Promise<Seen> => {
  try {
    const response = await asked.send(asked.url, { ...init, signal: AbortSignal.timeout(TIMEOUT) });
    const seen = await judge(response, asked.who);
    const session = response.headers.get('mcp-session-id');
    if (session !== null) await endSession(asked, session);
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
const askBoth = async (asked: Asked): Promise<Seen> => {
  const modern = discoverMessage('bypass');
  return worst([
    await ask(asked, { method: 'POST', headers: HEADERS, body: initialize() }),
    await ask(asked, { method: 'POST', headers: { ...HEADERS, ...headersFor(modern) }, body: modern.bytes }),
  ]);
};

const whoOf = ({ socket }: HttpServerSettings, { hostname }: URL): string => {
  if (socket !== undefined) return 'every user of this machine';
  return isLoopback(hostname) ? 'every process of this machine' : 'whoever reaches this address';
};

/** @throws CountersignError TLS_FILE */
export const tryHttp = async (upstream: HttpServerSettings): Promise<Seen> => {
  const guarded = upstream.socket === undefined ? undefined : await lookAtSocket(upstream.socket);
  if (guarded) return guarded;
  const url = new URL(upstream.url);
  const send = await openServerFetch(upstream, 'stranger');
  try {
    const asked = { url, send, who: whoOf(upstream, url) };
    return upstream.transport === 'sse'
      ? await ask(asked, { headers: { accept: 'text/event-stream' } })
      : await askBoth(asked);
  } finally {
    await send.close();
  }
};
