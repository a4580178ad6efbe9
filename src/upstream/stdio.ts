/** A server over stdio (MCP specification 2025-11-25, "Transports"): one process per session, one message a line. */
import { compactJson } from '../base/json.js';
import type { Outgoing, Recorded, Upstream, UpstreamMessage } from '../model/call.js';
import type { CredentialFacts } from '../model/credential-facts.js';
import type { AwsSession } from './aws-credentials.js';
import { type Child, type ChildOptions, startChild } from './child.js';
import { Pipe } from './pipe.js';

export type StdioUpstreamOptions = Omit<ChildOptions, 'onLine' | 'onEnd'>;

class StdioUpstream implements Upstream {
  private readonly child: Child;
  private readonly pipe: Pipe;
  private readonly aws: AwsSession | null;

  constructor(options: StdioUpstreamOptions, aws: AwsSession | null) {
    this.aws = aws;
    this.pipe = new Pipe({
      what: 'the server process',
      write: (bytes) => this.write(bytes),
      pause: (paused) => this.child.pause(paused),
    });
    this.child = startChild({
      ...options,
      onLine: (line) => this.pipe.receive(Buffer.from(line)),
      onEnd: (reason) => this.pipe.end(reason),
    });
  }

  /** Renewed credentials have other names, so this is read at each call. */
  credential(): Promise<CredentialFacts | null> {
    return Promise.resolve(this.aws?.facts ?? null);
  }

  get dropped(): number {
    return this.pipe.dropped;
  }

  request(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    return this.pipe.request(outgoing, signal);
  }

  private async write(bytes: Buffer): Promise<void> {
    try {
      await this.child.write(bytes.includes(0x0a) || bytes.includes(0x0d) ? compactJson(bytes) : bytes);
    } catch {
      throw this.pipe.gone();
    }
  }

  deliver(recorded: Recorded): Promise<void> {
    return this.write(recorded.bytes);
  }

  listen(_lastEventId: string | undefined, signal: AbortSignal): Promise<AsyncIterable<UpstreamMessage>> {
    return Promise.resolve(this.pipe.listen(signal));
  }

  async close(): Promise<void> {
    await this.child.stop();
    await this.aws?.close();
  }

  onEnd(callback: (reason: string) => void): void {
    this.pipe.onEnd(callback);
  }
}

/**
 * Starts a server process for one session.
 * @param aws the session's credentials, which end with the process
 */
export const openStdioUpstream = (options: StdioUpstreamOptions, aws: AwsSession | null): Upstream =>
  new StdioUpstream(options, aws);
