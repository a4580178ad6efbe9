import { type Clock, LONGEST_TIMER_MS } from '../../base/clock.js';
import { member } from '../../base/json.js';
import type { Answered, Intended, Message, UpstreamMessage } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { ResultStatus } from '../../model/record.js';
import type { MaskEvent } from '../event-fields.js';
import type { Reply } from '../pipeline.js';
import { readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import { errorBytes, Refusal } from '../refuse.js';
import { type Session, type Sessions, type Underway, underwayKey } from '../sessions.js';

const STATUS: Readonly<Record<UpstreamError['kind'], ResultStatus>> = {
  lost: 'upstream_lost',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
  session_lost: 'upstream_lost',
  too_large: 'upstream_lost',
  refused: 'upstream_lost',
};

/** The answer the gateway gives where the server gave none. */
const failed = (intended: Intended, problem: string, failure: ResultStatus): Answered => {
  const message = readUpstreamMessage(errorBytes(new Refusal('upstream', problem), intended.message.id));
  if (!message) throw new Error('the gateway made an answer that is no JSON-RPC');
  const { server, session } = intended;
  return { server, session, intended, message, event: null, failure, deliverable: true };
};

/** Requests of the server whose answers are awaited; a server that asks without end loses its oldest. */
const MAX_ASKED = 1_000;

const remember = (asked: Set<string>, id: string): void => {
  asked.add(id);
  if (asked.size <= MAX_ASKED) return;
  for (const oldest of asked) {
    asked.delete(oldest);
    return;
  }
};

/**
 * Places a message of the server: the answer of a call under way, a message beside it, or an answer to nothing,
 * which is recorded and goes no further.
 * @param stream the call on whose stream it came
 */
export const place = (
  session: Session,
  stream: Intended | null,
  message: Message,
  event: UpstreamMessage['event'],
): Answered => {
  const base = { server: session.server, session: session.id, message, event, failure: null };
  if (message.kind !== 'response') {
    if (message.kind === 'request' && message.id !== null) remember(session.asked, message.id);
    return { ...base, intended: stream, deliverable: true };
  }
  const key = session.era === 'legacy' ? message.id : message.id === stream?.message.id ? stream?.call : null;
  const underway = session.underway.get(key ?? '');
  if (!underway?.intended || underway.answered) return { ...base, intended: null, deliverable: false };
  underway.answered = true;
  return { ...base, intended: underway.intended, deliverable: true };
};

export interface ForwardDeps {
  readonly sessions: Pick<Sessions, 'get' | 'close'>;
  /** Longest time for one call, milliseconds. */
  readonly callTimeout: number;
  readonly maskEvent: MaskEvent;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * An error without id: the server could not read the id of the request (JSON-RPC 2.0 §5). There is only one call this
 * can be about, so it gets that call's id and is its answer.
 */
const adopt = (intended: Intended, message: Message): Message => {
  const id = message.id === null ? member(message.node, 'id') : undefined;
  if (!id || intended.message.id === null) return message;
  const { bytes } = message;
  const own = [bytes.subarray(0, id.start), Buffer.from(intended.message.id), bytes.subarray(id.end)];
  return readUpstreamMessage(Buffer.concat(own)) ?? message;
};

/** What one message on the stream of a call is; null for an event without content. */
const read = async (
  session: Session,
  intended: Intended,
  { data, event }: UpstreamMessage,
  reply: Pick<Reply, 'prime'>,
): Promise<Answered | null> => {
  if (data === null) {
    if (event) await reply.prime(event);
    return null;
  }
  const message = readUpstreamMessage(data);
  if (!message) throw new UpstreamError('lost', 'the server sent something that is not JSON-RPC');
  return place(session, intended, message.kind === 'response' ? adopt(intended, message) : message, event);
};

type StreamReply = Pick<Reply, 'prime' | 'end'>;

/** The messages of one call as the server gives them, and an end where it gives no answer. */
async function* exchange(
  session: Session,
  intended: Intended,
  underway: Underway,
  { reply, maskEvent }: { readonly reply: StreamReply; readonly maskEvent: MaskEvent },
): AsyncGenerator<Answered> {
  const resumes = session.era === 'legacy';
  let resumable = false;
  if (!session.upstream) throw session.failure ?? new UpstreamError('lost', 'the session has ended');
  for await (const message of session.upstream.request(intended, underway.abort.signal)) {
    // Streams of the newer revision are never resumed.
    const event = message.event && resumes ? await maskEvent(session.server, message.event) : null;
    const one = await read(session, intended, { ...message, event }, reply);
    resumable ||= event?.id !== undefined;
    if (!one) continue;
    yield one;
    if (one.message.kind === 'response' && one.intended === intended) return;
  }
  if (resumable) {
    // The client goes on with a listening stream, on which the answer is placed; until then the call is under way.
    reply.end();
    await underway.settled();
    return;
  }
  throw new UpstreamError('lost', 'the server ended the stream without an answer');
}

/** A call has its time; a stream of changes stays as long as the token it was opened with. */
const limitTime = (
  { message, principal }: Intended,
  { abort }: Underway,
  { callTimeout, clock }: ForwardDeps,
): NodeJS.Timeout => {
  const stays = message.method === 'subscriptions/listen';
  const ms = stays ? Math.min(principal.expiresAt * 1000 - clock.now(), LONGEST_TIMER_MS) : callTimeout;
  const end = (): UpstreamError =>
    stays
      ? new UpstreamError('cancelled', 'the token expired; listen again with another')
      : new UpstreamError('timed_out', `the server did not answer within ${callTimeout} ms`);
  return setTimeout(() => abort.abort(end()), ms);
};

/** To the server and back: what it says, or that it gave no answer. */
export const createForward = (deps: ForwardDeps) =>
  async function* forward(intended: Intended, reply: StreamReply): AsyncGenerator<Answered> {
    const session = deps.sessions.get(intended.session);
    const underway = session?.underway.get(underwayKey(intended));
    if (!session || !underway) {
      yield failed(intended, 'the session has ended', 'cancelled');
      return;
    }
    const timer = limitTime(intended, underway, deps);
    try {
      yield* exchange(session, intended, underway, { reply, maskEvent: deps.maskEvent });
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      // The answer may have come on another stream of the session: then that is the outcome, the only one.
      if (!underway.answered) {
        underway.answered = true;
        yield failed(intended, error.message, STATUS[error.kind]);
      }
      if (error.kind === 'session_lost') await deps.sessions.close(session, error.message);
    } finally {
      clearTimeout(timer);
      session.underway.delete(underwayKey(intended));
    }
  };
