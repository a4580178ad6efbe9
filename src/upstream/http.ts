/** Streamable HTTP to a server (MCP specification 2025-11-25, "Transports"), over `undici.dispatch`. */
import { type Dispatcher, Pool } from 'undici';
import { at, parseJson, stringOf } from '../base/json.js';
import type { Outgoing, Recorded, Upstream, UpstreamMessage } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { CredentialFacts } from '../model/credential-facts.js';
import { type Connector, createConnector } from './connector.js';
import type { HttpCredentials } from './credentials.js';
import { checkStatus, drain, Exchange, header, type Response } from './http-exchange.js';

export interface HttpUpstreamOptions {
  readonly url: URL;
  /** One pool per server, shared by its sessions. */
  readonly dispatcher: Dispatcher;
  /** The only credentials that go upstream. */
  readonly credentials: HttpCredentials;
  readonly maxResponseBytes: number;
  /** Longest time a server may take to accept a notification, milliseconds; 30 s where not given. */
  readonly deliveryTimeout?: number;
}

const DELIVERY_TIMEOUT_MS = 30_000;

/** Each open stream holds a connection: with fewer, streams that wait would keep calls of all sessions from the server. */
const MOST_CONNECTIONS = 8_192;

/** A pool for one server's origin. Streams stay open for hours, so undici's own time limits are off. */
export const createDispatcher = (
  origin: string,
  { connect }: Pick<Connector, 'connect'> = createConnector(null),
): Dispatcher =>
  new Pool(origin, { connections: MOST_CONNECTIONS, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect });

type Headers = Record<string, string>;

/** One conversation. The server's own session id, where it gives one, stays in here. */
class HttpUpstream implements Upstream {
  dropped = 0;
  private sessionId: string | undefined;
  private revision: string | undefined;
  private readonly open = new Set<Exchange>();
  private readonly options: HttpUpstreamOptions;

  constructor(options: HttpUpstreamOptions) {
    this.options = options;
  }

  credential(authorization: string | undefined): Promise<CredentialFacts | null> {
    return this.options.credentials.facts(authorization);
  }

  private async send(
    method: 'POST' | 'GET' | 'DELETE',
    body: Buffer | null,
    extra: Headers,
    signal?: AbortSignal,
    authorization?: string,
  ): Promise<Response> {
    const { url, dispatcher, maxResponseBytes } = this.options;
    const own = await this.options.credentials.headers(authorization);
    const exchange = new Exchange(maxResponseBytes, (ended) => this.open.delete(ended), signal);
    this.open.add(exchange);
    const headers = { ...this.headers(method), ...extra, ...own };
    dispatcher.dispatch({ origin: url.origin, path: url.pathname + url.search, method, body, headers }, exchange);
    return this.checked(await exchange.response);
  }

  private headers(method: string): Headers {
    const headers: Headers = {
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'user-agent': 'countersign',
    };
    if (method === 'POST') headers['content-type'] = 'application/json';
    if (this.sessionId !== undefined) headers['mcp-session-id'] = this.sessionId;
    if (this.revision !== undefined) headers['mcp-protocol-version'] = this.revision;
    return headers;
  }

  private checked(response: Response): Response {
    if (response.status === 401) this.options.credentials.refused();
    checkStatus(response);
    if (response.status === 404 && this.sessionId !== undefined)
      throw new UpstreamError('session_lost', 'the server ended the session');
    return response;
  }

  async *request(
    { message: { bytes, method }, trace, traceState = null, headers, authorization }: Outgoing,
    signal: AbortSignal,
  ): AsyncGenerator<UpstreamMessage> {
    const extra: Headers = { ...headers };
    if (trace !== null) extra['traceparent'] = trace;
    if (trace !== null && traceState !== null) extra['tracestate'] = traceState;
    const response = await this.send('POST', bytes, extra, signal, authorization);
    const opening = method === 'initialize';
    if (opening) this.sessionId = header(response.headers, 'mcp-session-id') || undefined;
    for await (const message of response.messages) {
      if (opening && message.data) this.revision = negotiated(message.data) ?? this.revision;
      yield message;
    }
  }

  async deliver(recorded: Recorded): Promise<void> {
    // Without a limit each notification to a server that hangs would hold a connection and the client's request.
    const signal = AbortSignal.timeout(this.options.deliveryTimeout ?? DELIVERY_TIMEOUT_MS);
    const response = await this.send('POST', recorded.bytes, {}, signal);
    const said = await drain(response);
    // A notification has no stream of the client on which this could go on.
    if (response.status < 400) this.dropped += said;
    else throw new UpstreamError('lost', `the server answered HTTP ${response.status}`);
  }

  async listen(
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<UpstreamMessage> | undefined> {
    const response = await this.send(
      'GET',
      null,
      lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
      signal,
    );
    const type = header(response.headers, 'content-type');
    if (response.status === 200 && type.startsWith('text/event-stream')) return response.messages;
    await drain(response);
    return undefined;
  }

  async close(): Promise<void> {
    if (this.sessionId !== undefined) {
      await this.send('DELETE', null, {}, AbortSignal.timeout(2_000)).then(drain).catch(ignoreLost);
    }
    for (const exchange of this.open) exchange.abort(new UpstreamError('cancelled', 'the session ended'));
  }

  onEnd(): void {
    // An HTTP conversation has no end of its own: a lost session shows at the next request.
  }
}

/** Opens a conversation with a server over Streamable HTTP. */
export const openHttpUpstream = (options: HttpUpstreamOptions): Upstream => new HttpUpstream(options);

/** A server that is gone has ended the session by that. */
const ignoreLost = (error: unknown): void => {
  if (!(error instanceof UpstreamError)) throw error;
};

const negotiated = (data: Buffer): string | undefined => {
  try {
    return stringOf(at(parseJson(data), 'result', 'protocolVersion'));
  } catch {
    // Not JSON: the gateway refuses this message itself.
    return undefined;
  }
};
