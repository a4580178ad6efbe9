/** A server over stdio (MCP specification 2025-11-25, "Transports"): one process per session, one message a line. */
import { Channel } from '../base/channel.js';
import { compactJson, type JsonNode, member, parseJson } from '../base/json.js';
import type { Outgoing, Recorded, Upstream, UpstreamMessage } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { CredentialFacts } from '../model/record.js';
import type { AwsSession } from './aws-credentials.js';
import { type Child, type ChildOptions, startChild } from './child.js';

export type StdioUpstreamOptions = Omit<ChildOptions, 'onLine' | 'onEnd'>;

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

class StdioUpstream implements Upstream {
  dropped = 0;
  private readonly child: Child;
  private readonly calls = new Map<
    string,
    { readonly stream: Channel<UpstreamMessage>; readonly token: string | undefined }
  >();
  private listener: Channel<UpstreamMessage> | undefined;
  private unclaimed: UpstreamMessage[] = [];
  private unclaimedBytes = 0;
  /** Streams that are full: the process reads on when none is. */
  private full = 0;
  private ended: string | undefined;
  private readonly endCallbacks: ((reason: string) => void)[] = [];
  private readonly aws: AwsSession | null;

  constructor(options: StdioUpstreamOptions, aws: AwsSession | null) {
    this.aws = aws;
    this.child = startChild({
      ...options,
      onLine: (line) => this.receive(Buffer.from(line)),
      onEnd: (reason) => this.end(reason),
    });
  }

  /** Renewed credentials have other names, so this is read at each call. */
  get credential(): CredentialFacts | null {
    return this.aws?.facts ?? null;
  }

  private readonly flow = (paused: boolean): void => {
    this.full += paused ? 1 : -1;
    this.child.pause(this.full > 0);
  };

  private end(reason: string): void {
    this.ended = reason;
    for (const { stream } of this.calls.values())
      stream.fail(new UpstreamError('lost', `the server process is gone: ${reason}`));
    this.calls.clear();
    this.listener?.end();
    for (const callback of this.endCallbacks) callback(reason);
  }

  private receive(line: Buffer): void {
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

  async *request({ message }: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const { id } = message;
    if (id === null || this.ended !== undefined) throw new UpstreamError('lost', 'the server process is gone');
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
      // Not awaited: a process that no longer reads its input must not hold up the end of the call.
      else this.write(bytes).catch((error: Error) => stream.fail(error));
      yield* stream;
    } finally {
      this.calls.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  private async write(bytes: Buffer): Promise<void> {
    try {
      await this.child.write(bytes.includes(0x0a) || bytes.includes(0x0d) ? compactJson(bytes) : bytes);
    } catch {
      throw new UpstreamError('lost', `the server process is gone${this.ended === undefined ? '' : `: ${this.ended}`}`);
    }
  }

  deliver(recorded: Recorded): Promise<void> {
    return this.write(recorded.bytes);
  }

  listen(_lastEventId: string | undefined, signal: AbortSignal): Promise<AsyncIterable<UpstreamMessage> | undefined> {
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
    return Promise.resolve(listener);
  }

  async close(): Promise<void> {
    await this.child.stop();
    await this.aws?.close();
  }

  onEnd(callback: (reason: string) => void): void {
    if (this.ended === undefined) this.endCallbacks.push(callback);
    else callback(this.ended);
  }
}

/**
 * Starts a server process for one session.
 * @param aws the session's credentials, which end with the process
 */
export const openStdioUpstream = (options: StdioUpstreamOptions, aws: AwsSession | null): Upstream =>
  new StdioUpstream(options, aws);
