/**
 * HTTP+SSE to a server, the transport of revision 2024-11-05: one event stream bears all that the server says, and names
 * the address to post to. It was replaced in 2025-03-26, but servers that speak nothing else are still about.
 */
import type { Dispatcher } from 'undici';
import type { Outgoing, Recorded, Upstream, UpstreamMessage } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { CredentialFacts } from '../model/credential-facts.js';
import type { HttpCredentials } from './credentials.js';
import { checkStatus, drain, Exchange, header, type Response } from './http-exchange.js';
import { Pipe } from './pipe.js';

export interface HttpSseOptions {
  /** Of the event stream. */
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  /** The only credentials that go upstream. */
  readonly credentials: HttpCredentials;
  readonly maxResponseBytes: number;
  /** Longest time until the server has named its address, and until it has taken a message, milliseconds. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 30_000;

/** The address to post to: of the same origin, since the gateway's credentials go there. */
const endpointOf = (data: Buffer | null, url: URL): URL => {
  const text = data?.toString('utf8') ?? '';
  const endpoint = URL.canParse(text, url.href) ? new URL(text, url) : undefined;
  if (endpoint?.origin !== url.origin)
    throw new UpstreamError('lost', 'the server named an address to post to that is not its own');
  return endpoint;
};

class HttpSseUpstream implements Upstream {
  private readonly options: HttpSseOptions;
  private readonly pipe: Pipe;
  private readonly stream: Exchange;
  private readonly underway = new Set<Exchange>();
  private endpoint: URL | undefined;
  /** Resolves when what the server says may be read on. */
  private open: Promise<void> = Promise.resolve();
  private goOn: (() => void) | undefined;

  constructor(options: HttpSseOptions) {
    this.options = options;
    this.pipe = new Pipe({
      what: 'the event stream of the server',
      write: (bytes) => this.post(bytes),
      pause: (paused) => this.pause(paused),
    });
    this.stream = new Exchange(options.maxResponseBytes, () => undefined, undefined);
  }

  get dropped(): number {
    return this.pipe.dropped;
  }

  private pause(paused: boolean): void {
    if (!paused) return this.goOn?.();
    this.open = new Promise((resolve) => {
      this.goOn = resolve;
    });
    return undefined;
  }

  credential(authorization: string | undefined): Promise<CredentialFacts | null> {
    return this.options.credentials.facts(authorization);
  }

  private async dispatch(method: 'GET' | 'POST', url: URL, body: Buffer | null, exchange: Exchange): Promise<Response> {
    const own = await this.options.credentials.headers();
    const headers = {
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'user-agent': 'countersign',
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...own,
    };
    const { origin, pathname, search } = url;
    this.options.dispatcher.dispatch({ origin, path: pathname + search, method, body, headers }, exchange);
    const response = await exchange.response;
    if (response.status === 401) this.options.credentials.refused();
    checkStatus(response);
    return response;
  }

  /**
   * Opens the stream and waits for the address to post to.
   * @throws UpstreamError lost, refused
   */
  async connect(): Promise<void> {
    const { url, timeout = TIMEOUT_MS } = this.options;
    const late = setTimeout(
      () => this.stream.abort(new UpstreamError('lost', `the server named no address to post to within ${timeout} ms`)),
      timeout,
    );
    try {
      const response = await this.dispatch('GET', url, null, this.stream);
      const isStream = header(response.headers, 'content-type').startsWith('text/event-stream');
      if (response.status !== 200 || !isStream)
        throw new UpstreamError('lost', `the server offers no event stream there (HTTP ${response.status})`);
      const messages = response.messages[Symbol.asyncIterator]();
      const first = await messages.next();
      if (first.done || first.value.event?.event !== 'endpoint')
        throw new UpstreamError('lost', 'the server did not begin with the address to post to');
      this.endpoint = endpointOf(first.value.data, url);
      void this.read(messages);
    } catch (error) {
      this.stream.abort(new UpstreamError('cancelled', 'the conversation was not opened'));
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  private async read(messages: AsyncIterator<UpstreamMessage>): Promise<void> {
    try {
      for (let one = await messages.next(); !one.done; one = await messages.next()) {
        if (one.value.data) this.pipe.receive(one.value.data);
        await this.open;
      }
      this.pipe.end('the server closed it');
    } catch (error) {
      this.pipe.end(error instanceof UpstreamError ? error.message : 'it could not be read');
    }
  }

  private async post(bytes: Buffer): Promise<void> {
    if (!this.endpoint) throw this.pipe.gone();
    const { maxResponseBytes, timeout = TIMEOUT_MS } = this.options;
    const exchange = new Exchange(
      maxResponseBytes,
      (ended) => this.underway.delete(ended),
      AbortSignal.timeout(timeout),
    );
    this.underway.add(exchange);
    const response = await this.dispatch('POST', this.endpoint, bytes, exchange);
    await drain(response);
    if (response.status >= 400) throw new UpstreamError('lost', `the server answered HTTP ${response.status}`);
  }

  request(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    return this.pipe.request(outgoing, signal);
  }

  deliver(recorded: Recorded): Promise<void> {
    return this.post(recorded.bytes);
  }

  listen(_lastEventId: string | undefined, signal: AbortSignal): Promise<AsyncIterable<UpstreamMessage>> {
    return Promise.resolve(this.pipe.listen(signal));
  }

  close(): Promise<void> {
    const over = new UpstreamError('cancelled', 'the session ended');
    for (const exchange of [this.stream, ...this.underway]) exchange.abort(over);
    this.goOn?.();
    return Promise.resolve();
  }

  onEnd(callback: (reason: string) => void): void {
    this.pipe.onEnd(callback);
  }
}

/**
 * Opens a conversation with a server over HTTP+SSE.
 * @throws UpstreamError where the server names no address to post to
 */
export const openHttpSseUpstream = async (options: HttpSseOptions): Promise<Upstream> => {
  const upstream = new HttpSseUpstream(options);
  await upstream.connect();
  return upstream;
};
