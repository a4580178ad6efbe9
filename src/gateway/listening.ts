/** GET: the stream of messages that belong to no call, and of answers that come after a broken stream. */
import type { Answered, Masked, Recorded } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { Reply } from './pipeline.js';
import { readUpstreamMessage } from './protocol/2025-11-25/message.js';
import { Refusal } from './refuse.js';
import type { Session } from './sessions.js';
import { place } from './stages/forward.js';

export interface ListeningDeps {
  readonly mask: (answered: Answered) => Promise<Masked>;
  readonly record: (masked: Masked) => Promise<Recorded | undefined>;
}

/** Serves one listening stream until the client or the server ends it. */
export const createListening =
  ({ mask, record }: ListeningDeps) =>
  async (session: Session, lastEventId: string | undefined, reply: Reply, closed: AbortSignal): Promise<void> => {
    if (session.listening) throw new Refusal('stream_open');
    const listening = new AbortController();
    session.listening = listening;
    const stop = (): void => listening.abort();
    closed.addEventListener('abort', stop, { once: true });
    try {
      const messages = await session.upstream?.listen(lastEventId, listening.signal);
      if (!messages) throw new Refusal('method_not_allowed', 'the server offers no event stream');
      reply.hold();
      for await (const { data, event } of messages) {
        if (data === null) {
          if (event) reply.prime(event);
          continue;
        }
        const message = readUpstreamMessage(data);
        if (!message) throw new UpstreamError('lost', 'the server sent something that is not JSON-RPC');
        const recorded = await record(await mask(place(session, null, message, event)));
        if (recorded) await reply.send({ ...recorded, final: false });
      }
    } catch (error) {
      // The stream ends; the client opens another, or finds the server gone at its next request.
      if (!(error instanceof UpstreamError)) throw error;
    } finally {
      session.listening = undefined;
    }
    reply.end();
  };
