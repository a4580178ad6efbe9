/**
 * The messages of a server that has one pipe for all of them: an answer goes to its call, progress to the call it
 * reports on, the rest to the listening stream.
 */
import { Channel } from '../base/channel.js';
import { type JsonNode, member, parseJson } from '../base/json.js';
import type { Outgoing, UpstreamMessage } from '../model/call.js';
import { UpstreamError } from '../model/call.js';

const HIGH_WATER = 64;
/** Messages kept for a client that has no stream open yet, and their bytes. */
const MAX_UNCLAIMED = 256;
const MAX_UNCLAIMED_BYTES = 1024 * 1024;

/** The text of an id or token, as written. */
const written = (bytes: Buffer, node: JsonNode | undefined): string | undefined =>
  node && (node.kind === 'string' || node.kind === 'number') ? bytes.toString('utf8', node.start, node.end) : undefined;

interface Addressing {
  /** The id this answers. */
  readonly answers: string | undefined;
  /** The progress token it reports on. */
  readonly token: string | undefined;
  /** The request it belongs to by name: a change that was listened for, or the end of listening (2026-07-28). */
  readonly belongs: string | undefined;
  /** An error to a request whose id the server could not read. */
  readonly nameless: boolean;
}

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

const addressing = (line: Buffer): Addressing => {
  try {
    const node = parseJson(line);
    const params = member(node, 'params');
    const method = member(node, 'method');
    const id = written(line, member(node, 'id'));
    const listened = member(member(params, '_meta'), SUBSCRIPTION) ?? member(params, 'requestId');
    return {
      answers: method === undefined ? id : undefined,
      token: written(line, member(params, 'progressToken')),
      belongs: written(line, listened),
      nameless: method === undefined && member(node, 'error') !== undefined && id === undefined,
    };
  } catch {
    // Not JSON: it belongs to no call. The gateway refuses the message and records that.
    return { answers: undefined, token: undefined, belongs: undefined, nameless: false };
  }
};

export interface PipeOptions {
  /** What is gone when the pipe has ended, such as "the server process". */
  readonly what: string;
  /** Writes one message. Rejects with an UpstreamError. */
  readonly write: (bytes: Buffer) => Promise<void>;
  /** Whether what the server says must wait, since a reader is slow. */
  readonly pause: (paused: boolean) => void;
}

export class Pipe {
  /** Messages lost because nobody listened. */
  dropped = 0;
  private readonly calls = new Map<
    string,
    { readonly stream: Channel<UpstreamMessage>; readonly token: string | undefined }
  >();
  private listener: Channel<UpstreamMessage> | undefined;
  private unclaimed: UpstreamMessage[] = [];
  private unclaimedBytes = 0;
  /** Streams that are full: the pipe is read on when none is. */
  private full = 0;
  private ended: string | undefined;
  private readonly endCallbacks: ((reason: string) => void)[] = [];
  private readonly options: PipeOptions;

  constructor(options: PipeOptions) {
    this.options = options;
  }

  private readonly flow = (paused: boolean): void => {
    this.full += paused ? 1 : -1;
    this.options.pause(this.full > 0);
  };

  /** The pipe has ended, and every call on it with it. */
  end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    for (const { stream } of this.calls.values()) stream.fail(this.gone());
    this.calls.clear();
    this.listener?.end();
    for (const callback of this.endCallbacks) callback(reason);
  }

  /** Why nothing can be said any more. */
  gone(): UpstreamError {
    const why = this.ended === undefined ? '' : `: ${this.ended}`;
    return new UpstreamError('lost', `${this.options.what} is gone${why}`);
  }

  /** Takes in one message of the server. */
  receive(line: Buffer): void {
    const to = addressing(line);
    const message: UpstreamMessage = { data: line, event: null };
    const call = this.calls.get(to.answers ?? '');
    if (to.answers !== undefined && call) {
      this.calls.delete(to.answers);
      call.stream.push(message);
      call.stream.end();
      return;
    }
    const stream = this.streamFor(to);
    if (stream) stream.push(message);
    else this.keep(message, line.length);
  }

  /**
   * A change goes to who listens for it, progress to the call it reports on, the rest to GET. Without that it goes to the
   * call that was made last; but an error to a request that could not be read may be of any of them, and is of none.
   */
  private streamFor({ belongs, token, nameless }: Addressing): Channel<UpstreamMessage> | undefined {
    const listens = this.calls.get(belongs ?? '')?.stream;
    const reported = token === undefined ? undefined : [...this.calls.values()].find((c) => c.token === token)?.stream;
    const last = nameless && this.calls.size > 1 ? undefined : [...this.calls.values()].at(-1)?.stream;
    return listens ?? reported ?? this.listener ?? last;
  }

  private keep(message: UpstreamMessage, bytes: number): void {
    if (this.unclaimed.length >= MAX_UNCLAIMED || this.unclaimedBytes + bytes > MAX_UNCLAIMED_BYTES) {
      this.dropped++;
      return;
    }
    this.unclaimed.push(message);
    this.unclaimedBytes += bytes;
  }

  /** As `Upstream.request`. */
  async *request({ message }: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const { id } = message;
    if (id === null || this.ended !== undefined) throw this.gone();
    const { bytes, node } = message;
    const stream = new Channel<UpstreamMessage>(HIGH_WATER, this.flow);
    const token = written(bytes, member(member(member(node, 'params'), '_meta'), 'progressToken'));
    const onAbort = (): void => {
      this.calls.delete(id);
      const cause: unknown = signal.reason;
      stream.fail(cause instanceof UpstreamError ? cause : new UpstreamError('cancelled', 'the call was cancelled'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.calls.set(id, { stream, token });
    try {
      if (signal.aborted) onAbort();
      // Not awaited: a server that no longer reads must not hold up the end of the call.
      else this.options.write(bytes).catch((error: Error) => stream.fail(error));
      yield* stream;
    } finally {
      this.calls.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** What belongs to no call, what was said before included, until the signal aborts or another listens. */
  listen(signal: AbortSignal): AsyncIterable<UpstreamMessage> {
    const listener = new Channel<UpstreamMessage>(HIGH_WATER, this.flow);
    this.listener?.end();
    this.listener = listener;
    for (const message of this.unclaimed) listener.push(message);
    this.unclaimed = [];
    this.unclaimedBytes = 0;
    const stop = (): void => {
      listener.end();
      if (this.listener === listener) this.listener = undefined;
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    return listener;
  }

  /** As `Upstream.onEnd`. */
  onEnd(callback: (reason: string) => void): void {
    if (this.ended === undefined) this.endCallbacks.push(callback);
    else callback(this.ended);
  }
}
