/** The HTTP listener for MCP clients: routes, and the one place where a refusal becomes an answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CountersignError } from '../base/errors.js';
import type { Authenticated, Received } from '../model/call.js';
import type { AuthRefusal, Principal } from '../model/principal.js';
import type { ServerSettings } from '../model/settings.js';
import { readBody } from './body.js';
import { checkHead, checkPost, checkVersion, type HeadRules, traceOf, traceStateOf } from './head.js';
import { Pending } from './pending.js';
import type { Reply } from './pipeline.js';
import { mirroredHeaders } from './protocol/2026-07-28/headers.js';
import { Refusal } from './refuse.js';
import { HttpReply } from './reply.js';
import { createHttpServer, type HttpServer, type ServerTls } from './server.js';
import type { Session, Sessions } from './sessions.js';
import { Unauthorized } from './stages/authenticate.js';
import type { Strangers } from './strangers.js';

export interface ListenerDeps {
  readonly servers: readonly ServerSettings[];
  readonly rules: HeadRules;
  readonly maxRequestBytes: number;
  readonly sessions: Sessions;
  readonly strangers: Pick<Strangers, 'note'>;
  /** One POST to its end. */
  readonly post: (received: Received, reply: Reply) => Promise<void>;
  readonly authenticate: (received: Received) => Promise<Authenticated>;
  readonly listen: (
    session: Session,
    lastEventId: string | undefined,
    reply: Reply,
    /** The client went away, or its token expires, seconds since 1970. */
    until: { readonly closed: AbortSignal; readonly tokenExpires: number },
  ) => Promise<void>;
  /** `WWW-Authenticate` for a server's path. */
  readonly challenge: (server: ServerSettings, reason: AuthRefusal) => string;
  /** Absent: plain HTTP. */
  readonly tls?: ServerTls | undefined;
  /** Protected-resource metadata (RFC 9728) of a server; undefined where there is none at this path. */
  readonly metadata: (path: string) => object | undefined;
  /** An unexpected failure: a defect of ours, for the log. */
  readonly onDefect: (error: unknown) => void;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const receivedOf = (request: IncomingMessage, server: ServerSettings, maxBytes: number): Received => ({
  server,
  client: {
    address: request.socket.remoteAddress ?? 'unknown',
    userAgent: request.headers['user-agent']?.slice(0, 512) ?? null,
  },
  authorization: request.headers.authorization,
  sessionId: single(request.headers['mcp-session-id']),
  trace: traceOf(request.headers),
  traceState: traceStateOf(request.headers),
  mirrored: mirroredHeaders(request.headers),
  body: () => readBody(request, maxBytes),
});

/** What the ledger says where it takes no record. */
const UNRECORDED: ReadonlySet<string> = new Set(['LEDGER_WRITE_FAILED', 'LEDGER_BUSY']);

/** A failure as the refusal a client is told. What is not known to be harmless is a defect, and refuses too. */
const asRefusal = (error: unknown, deps: ListenerDeps): Refusal => {
  if (error instanceof Refusal) return error;
  // What no record can hold, such as an endless name, is refused as too large, and that refusal fits a record.
  if (error instanceof CountersignError && error.code === 'RECORD_INVALID') return new Refusal('too_large');
  const code = error instanceof CountersignError ? error.code : undefined;
  if (code === 'LEDGER_UNANCHORED') return new Refusal('not_anchored');
  if (!UNRECORDED.has(code ?? '')) deps.onDefect(error);
  // A ledger that has failed holds no record of this either; in every other case one is written.
  return new Refusal('not_recorded', undefined, code === 'LEDGER_WRITE_FAILED');
};

interface Exchange {
  readonly address: string;
  readonly reply: HttpReply;
  server: ServerSettings | undefined;
}

/** Refusals are on record before they are told; where that fails too, the ledger is down and the answer says so. */
const recordRefusal = async (deps: ListenerDeps, refusal: Refusal, exchange: Exchange): Promise<Refusal> => {
  const { reply, server, address } = exchange;
  try {
    const session = deps.sessions.get(reply.session ?? '');
    if (session && !session.open) await deps.sessions.close(session, 'refused');
    if (refusal.recorded) return refusal;
    const principal = reply.principal ? { iss: reply.principal.issuer, sub: reply.principal.subject } : null;
    const d = { reason: refusal.reason, principal, address, server: server?.id ?? null, count: 1 };
    await deps.strangers.note({ type: 'refuse', d });
    return refusal;
  } catch (error) {
    return asRefusal(error, deps);
  }
};

const serveMetadata = (deps: ListenerDeps, path: string, response: ServerResponse): boolean => {
  if (!path.startsWith(WELL_KNOWN)) return false;
  const document = deps.metadata(path.slice(WELL_KNOWN.length));
  if (!document) return false;
  const bytes = Buffer.from(JSON.stringify(document));
  response.writeHead(200, {
    'content-type': 'application/json',
    'access-control-allow-origin': '*',
    'cache-control': 'max-age=300',
  });
  response.end(bytes);
  return true;
};

/** A GET before any session is how the transport of 2024-11-05 opens. */
const withoutSession = (method: 'GET' | 'DELETE'): Refusal =>
  method === 'GET' ? new Refusal('sse_transport') : new Refusal('session_required');

/** The session of a GET or DELETE. */
const ownSession = async (
  deps: ListenerDeps,
  received: Received,
  reply: HttpReply,
  method: 'GET' | 'DELETE',
): Promise<{ readonly session: Session; readonly principal: Principal }> => {
  const { principal } = await deps.authenticate(received);
  reply.identified(principal);
  if (received.sessionId === undefined) throw withoutSession(method);
  const session = deps.sessions.find(received.sessionId, received.server, principal);
  if (!session?.open) throw new Refusal('session_unknown');
  return { session, principal };
};

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? '';

const serve = async (deps: ListenerDeps, request: IncomingMessage, exchange: Exchange): Promise<void> => {
  const { reply } = exchange;
  const server = deps.servers.find(({ id }) => pathOf(request) === `/${id}/mcp`);
  if (!server) throw new Refusal('not_found');
  exchange.server = server;
  const received = receivedOf(request, server, deps.maxRequestBytes);
  if (request.method === 'POST') {
    checkPost(request.headers);
    return deps.post(received, reply);
  }
  checkVersion(request.headers);
  if (request.method === 'GET') {
    const { session, principal } = await ownSession(deps, received, reply, 'GET');
    const closed = new AbortController();
    reply.onClose(() => closed.abort());
    return deps.listen(session, single(request.headers['last-event-id']), reply, {
      closed: closed.signal,
      tokenExpires: principal.expiresAt,
    });
  }
  if (request.method !== 'DELETE') throw new Refusal('method_not_allowed');
  const { session } = await ownSession(deps, received, reply, 'DELETE');
  await deps.sessions.close(session, 'ended by the client');
  return reply.ended();
};

const refusalHeaders = (
  deps: ListenerDeps,
  refusal: Refusal,
  server: ServerSettings | undefined,
): Record<string, string> => {
  if (refusal instanceof Unauthorized && server) return { 'www-authenticate': deps.challenge(server, refusal.why) };
  return refusal.http === 405 ? { allow: 'GET, POST, DELETE' } : {};
};

const handle = async (deps: ListenerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const reply = new HttpReply(response);
  const exchange: Exchange = { address: request.socket.remoteAddress ?? 'unknown', reply, server: undefined };
  try {
    checkHead(request.headers, deps.rules);
    if (request.method === 'GET' && serveMetadata(deps, pathOf(request), response)) return;
    await serve(deps, request, exchange);
  } catch (error) {
    if (error instanceof Pending) {
      await reply.send(error.answer);
      return reply.end();
    }
    const refusal = await recordRefusal(deps, asRefusal(error, deps), exchange);
    reply.refuse(refusal, refusalHeaders(deps, refusal, exchange.server));
  }
};

/** What Node could not read as HTTP: the answer, and the reason on record. */
const UNREADABLE: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'head_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'slow_head'],
};

/** Bytes that are no HTTP request never reach `handle`; they are refused and recorded here. */
const refuseUnreadable = async (deps: ListenerDeps, error: Error, socket: Duplex): Promise<void> => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A client that went away has sent nothing that could be answered.
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, reason] = UNREADABLE[code] ?? ['400 Bad Request', 'malformed_http'];
  const address = socket instanceof Socket ? (socket.remoteAddress ?? 'unknown') : 'unknown';
  try {
    await deps.strangers.note({ type: 'refuse', d: { reason, principal: null, address, server: null, count: 1 } });
  } finally {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
};

/** Limits against slow and large heads; bodies have their own. Streams may stay open for hours. */
export const createListener = (deps: ListenerDeps): HttpServer => {
  const server = createHttpServer(
    { maxHeaderSize: 32_768, headersTimeout: 15_000, requestTimeout: 60_000, keepAliveTimeout: 65_000 },
    deps.tls,
    (request, response) => {
      handle(deps, request, response).catch((error: unknown) => {
        deps.onDefect(error);
        response.destroy();
      });
    },
  );
  server.on('clientError', (fault, socket) => {
    socket.on('error', () => socket.destroy());
    refuseUnreadable(deps, fault, socket).catch(deps.onDefect);
  });
  return server;
};
