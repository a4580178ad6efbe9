/** Streamable HTTP to a server (MCP specification 2025-11-25, "Transports"), over `undici.dispatch`. */
import { type Dispatcher, Pool } from 'undici';
import { Channel } from '../base/channel.js';
import { at, parseJson, stringOf } from '../base/json.js';
import type { Outgoing, Recorded, Upstream, UpstreamMessage } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import { SseParser } from './sse.js';

export interface HttpUpstreamOptions {
  readonly url: URL;
  /** One pool per server, shared by its sessions. */
  readonly dispatcher: Dispatcher;
  /** Headers of the configuration, resolved; the only credentials that go upstream. */
  readonly headers: Readonly<Record<string, string>>;
  readonly maxResponseBytes: number;
  /** Longest time a server may take to accept a notification, milliseconds; 30 s where not given. */
  readonly deliveryTimeout?: number;
}

const DELIVERY_TIMEOUT_MS = 30_000;

/** Each open stream holds a connection: with fewer, streams that wait would keep calls of all sessions from the server. */
const MOST_CONNECTIONS = 8_192;

/** A pool for one server's origin. Streams stay open for hours, so undici's own time limits are off. */
export const createDispatcher = (origin: string): Dispatcher =>
  new Pool(origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
  });

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly messages: Channel<UpstreamMessage>;
}

const HIGH_WATER = 64;

const header = (headers: Response['headers'], name: string): string => {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
};

const cancelled = (reason: unknown): UpstreamError =>
  reason instanceof UpstreamError ? reason : new UpstreamError('cancelled', 'the call was cancelled');

type Headers = Record<string, string>;

/** Collects one exchange: a JSON body becomes one message, an event stream becomes many. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<Response>;
  private settle!: { resolve: (response: Response) => void; reject: (error: Error) => void };
  private controller: Dispatcher.DispatchController | undefined;
  private readonly messages = new Channel<UpstreamMessage>(HIGH_WATER, (paused) =>
    paused ? this.controller?.pause() : this.controller?.resume(),
  );
  private sse: SseParser | undefined;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private stopped: UpstreamError | undefined;
  private readonly maxBytes: number;
  private readonly onEnded: (exchange: Exchange) => void;
  private readonly signal: AbortSignal | undefined;
  private readonly onAbort = (): void => this.abort(cancelled(this.signal?.reason));

  constructor(maxBytes: number, onEnded: (exchange: Exchange) => void, signal: AbortSignal | undefined) {
    this.maxBytes = maxBytes;
    this.onEnded = onEnded;
    this.signal = signal;
    this.response = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (signal?.aborted) this.onAbort();
  }

  /** Ends the exchange with this error, also before its request has started. */
  abort(error: UpstreamError): void {
    this.stopped = error;
    this.controller?.abort(error);
  }

  private ended(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
    this.onEnded(this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.stopped) controller.abort(this.stopped);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    if (header(headers, 'content-type').startsWith('text/event-stream')) this.sse = new SseParser(this.maxBytes);
    this.settle.resolve({ status, headers, messages: this.messages });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    try {
      if (this.sse) for (const event of this.sse.push(chunk)) this.messages.push(event);
      else this.collect(chunk);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      controller.abort(new UpstreamError('too_large', `the server's answer is over ${this.maxBytes} bytes`));
    }
  }

  private collect(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.maxBytes) throw new RangeError('too large');
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.ended();
    if (!this.sse && this.size > 0) this.messages.push({ data: Buffer.concat(this.chunks), event: null });
    this.messages.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.ended();
    const known =
      error instanceof UpstreamError ? error : new UpstreamError('lost', 'the connection to the server broke');
    this.settle.reject(known);
    this.messages.fail(known);
  }
}

/** One conversation. The server's own session id, where it gives one, stays in here. */
class HttpUpstream implements Upstream {
  /** A server that sessions share runs under credentials of its own. */
  readonly credential = null;
  dropped = 0;
  private sessionId: string | undefined;
  private revision: string | undefined;
  private readonly open = new Set<Exchange>();
  private readonly options: HttpUpstreamOptions;

  constructor(options: HttpUpstreamOptions) {
    this.options = options;
  }

  private async send(
    method: 'POST' | 'GET' | 'DELETE',
    body: Buffer | null,
    extra: Headers,
    signal?: AbortSignal,
  ): Promise<Response> {
    const { url, dispatcher, maxResponseBytes } = this.options;
    const exchange = new Exchange(maxResponseBytes, (ended) => this.open.delete(ended), signal);
    this.open.add(exchange);
    const headers = { ...this.headers(method), ...extra, ...this.options.headers };
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
    const { status } = response;
    if (status === 401 || status === 403) {
      throw new UpstreamError('refused', `the server refused the gateway's own credentials (HTTP ${status})`);
    }
    if (status === 404 && this.sessionId !== undefined)
      throw new UpstreamError('session_lost', 'the server ended the session');
    if (status >= 300 && status < 400) throw new UpstreamError('lost', 'the server answered with a redirect');
    return response;
  }

  async *request(
    { message: { bytes, method }, trace, headers }: Outgoing,
    signal: AbortSignal,
  ): AsyncGenerator<UpstreamMessage> {
    const traced: Headers = trace === null ? {} : { traceparent: trace };
    const response = await this.send('POST', bytes, { ...traced, ...headers }, signal);
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

/** @returns how many messages nobody takes */
const drain = async (response: Response): Promise<number> => {
  let count = 0;
  for await (const { data } of response.messages) if (data !== null) count++;
  return count;
};

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
