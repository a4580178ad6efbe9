/** An upstream that stands before another one: what it does not change goes through. */
import type { Outgoing, Recorded, Upstream, UpstreamMessage } from '../../model/call.js';
import type { CredentialFacts } from '../../model/credential-facts.js';

export abstract class Decorated implements Upstream {
  protected readonly inner: Upstream;

  constructor(inner: Upstream) {
    this.inner = inner;
  }

  credential(authorization: string | undefined): Promise<CredentialFacts | null> {
    return this.inner.credential(authorization);
  }

  get dropped(): number {
    return this.inner.dropped;
  }

  abstract request(outgoing: Outgoing, signal: AbortSignal): AsyncIterable<UpstreamMessage>;

  deliver(recorded: Recorded): Promise<void> {
    return this.inner.deliver(recorded);
  }

  listen(lastEventId: string | undefined, signal: AbortSignal): Promise<AsyncIterable<UpstreamMessage> | undefined> {
    return this.inner.listen(lastEventId, signal);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  onEnd(callback: (reason: string) => void): void {
    this.inner.onEnd(callback);
  }
}
