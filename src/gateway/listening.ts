/** GET: the stream of messages that belong to no call, and of answers that come after a broken stream. */
import { type Clock, LONGEST_TIMER_MS } from '../base/clock.js';
import type { Answered, Masked, Recorded } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { MaskEvent } from './event-fields.js';
import type { Reply } from './pipeline.js';
import { readUpstreamMessage } from './protocol/2025-11-25/message.js';
import { Refusal } from './refuse.js';
import type { Session } from './sessions.js';
import { place } from './stages/forward.js';

export interface ListeningDeps {
  readonly mask: (answered: Answered) => Promise<Masked>;
  readonly maskEvent: MaskEvent;
  readonly record: (masked: Masked) => Promise<Recorded | undefined>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Streams of one session that go on after a broken one, at once: as many as calls of a client that lost them all. */
const MAX_RESUMED = 16;

/**
 * Takes a place for a listening stream. One carries what belongs to no call; those that name the last event they saw
 * go on where another one broke, and come beside it.
 * @returns gives the place back
 * @throws Refusal stream_open, too_many
 */
const takePlace = (session: Session, resumes: boolean, listening: AbortController): (() => void) => {
  if (resumes) {
    if (session.resumed.size >= MAX_RESUMED) throw new Refusal('too_many');
    session.resumed.add(listening);
    return () => session.resumed.delete(listening);
  }
  if (session.listening) throw new Refusal('stream_open');
  session.listening = listening;
  return () => {
    session.listening = undefined;
  };
};

/**
 * Serves one listening stream until the client or the server ends it, or its token expires (seconds since 1970): the
 * client then opens another with a token that is valid.
 */
export const createListening =
  ({ mask, maskEvent, record, clock }: ListeningDeps) =>
  async (
    session: Session,
    lastEventId: string | undefined,
    reply: Reply,
    until: { readonly closed: AbortSignal; readonly tokenExpires: number },
  ): Promise<void> => {
    const listening = new AbortController();
    const leave = takePlace(session, lastEventId !== undefined, listening);
    const stop = (): void => listening.abort();
    until.closed.addEventListener('abort', stop, { once: true });
    const expiry = setTimeout(stop, Math.min(until.tokenExpires * 1000 - clock.now(), LONGEST_TIMER_MS));
    try {
      const messages = await session.upstream?.listen(lastEventId, listening.signal);
      if (!messages) throw new Refusal('method_not_allowed', 'the server offers no event stream');
      reply.hold();
      for await (const { data, event: fields } of messages) {
        const event = fields && (await maskEvent(session.server, fields));
        if (data === null) {
          if (event) await reply.prime(event);
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
      clearTimeout(expiry);
      leave();
    }
    reply.end();
  };
