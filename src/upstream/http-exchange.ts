/** One HTTP exchange with a server, over `undici.dispatch`. */
import type { Dispatcher } from 'undici';
import { Channel } from '../base/channel.js';
import type { UpstreamMessage } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import { SseParser } from './sse.js';

/** The head of an answer, and its messages as they come. */
export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly messages: Channel<UpstreamMessage>;
}

const HIGH_WATER = 64;

/** One header of an answer, empty where there is none. */
export const header = (headers: Response['headers'], name: string): string => {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
};

const cancelled = (reason: unknown): UpstreamError =>
  reason instanceof UpstreamError ? reason : new UpstreamError('cancelled', 'the call was cancelled');

/** Collects one exchange: a JSON body becomes one message, an event stream becomes many. */
export class Exchange implements Dispatcher.DispatchHandler {
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

/** Reads an answer to its end, so that its connection can be used again. */
export const drain = async (response: Response): Promise<number> => {
  let count = 0;
  for await (const { data } of response.messages) if (data !== null) count++;
  return count;
};

/**
 * What an answer's status says of the server, where it says that nothing can come of it.
 * @throws UpstreamError refused, lost
 */
export const checkStatus = ({ status }: Response): void => {
  if (status === 401 || status === 403) {
    throw new UpstreamError('refused', `the server refused the gateway's own credentials (HTTP ${status})`);
  }
  if (status >= 300 && status < 400) throw new UpstreamError('lost', 'the server answered with a redirect');
};
