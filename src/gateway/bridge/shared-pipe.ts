/** A server of revision 2026-07-28 over stdio: all requests of a session share one pipe. */
import { at, stringOf } from '../../base/json.js';
import type { Ulid } from '../../base/ulid.js';
import type { Message, Outgoing, Upstream, UpstreamMessage } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import { readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import { Decorated } from './decorated.js';
import { type Link, ownMessage } from './link.js';
import { namesOf, renamed, restored } from './names.js';

const isEndOf = ({ method, node }: Message, call: string): boolean =>
  method === 'notifications/cancelled' && stringOf(at(node, 'params', 'requestId')) === call;

/** Withdraws a request at its server, which has no other way to know. */
export const cancelAt = (link: Link, upstream: Upstream, own: string, call: Ulid): Promise<void> =>
  link.tell(upstream, ownMessage({ method: 'notifications/cancelled', params: { requestId: own } }), call);

export class SharedPipe extends Decorated {
  private readonly link: Link;

  constructor(inner: Upstream, link: Link) {
    super(inner);
    this.link = link;
  }

  async *request(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const { message: asked, call } = outgoing;
    // Legs of one call are requests of their own, and no two requests may have one id.
    const own = this.link.newCall();
    const names = namesOf({ call: own, message: asked });
    let over = false;
    try {
      const sent = { ...outgoing, message: renamed(asked, names) };
      for await (const one of this.inner.request(sent, signal)) {
        const message = one.data === null ? undefined : readUpstreamMessage(one.data);
        // What cannot be read is the gateway's to refuse.
        if (!message) yield one;
        else {
          over = message.kind === 'response' || isEndOf(message, own);
          yield { data: restored(message, names), event: null };
        }
        if (over) return;
      }
      over = true;
    } catch (error) {
      // A process that is gone needs not be told.
      over = error instanceof UpstreamError && error.kind === 'lost';
      throw error;
    } finally {
      if (!over) await cancelAt(this.link, this.inner, own, call);
    }
  }
}
