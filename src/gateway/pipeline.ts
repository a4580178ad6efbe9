/**
 * The path of one call, as code. Each stage takes what the one before it made, so their order is checked by the
 * compiler; a stage that throws a `Refusal` ends the path, and nothing further has happened.
 */
import type { JsonNode } from '../base/json.js';
import type {
  Addressed,
  Answered,
  Authenticated,
  Decided,
  EventFields,
  Granted,
  Intended,
  Masked,
  Received,
  Recorded,
} from '../model/call.js';
import type { Principal } from '../model/principal.js';

/** What sends to the client. It can only send what is on record. */
export interface Reply {
  /**
   * Tells the client that the answer takes a while, so that the connection stays.
   * @param progressToken of the request, while it waits for a person: the client is sent progress
   */
  hold(progressToken?: JsonNode): void;
  /** Passes on an event without content, which only gives the client an id to resume from. */
  prime(event: EventFields): Promise<void>;
  send(recorded: Recorded): Promise<void>;
  /** Nothing to answer: the message was taken. */
  accepted(): void;
  /** No more messages on this exchange. */
  end(): void;
  /** Who asks, once it is known. */
  identified(principal: Principal): void;
  /** What is asked, once it is known: errors name the request, and only the older revisions name sessions. */
  known(addressed: Pick<Addressed, 'message' | 'session' | 'era' | 'task'>): void;
  /** Calls back when the response is over, or its client went away. */
  onClose(callback: () => void): void;
}

export interface Stages {
  /** Bearer token to principal. Refuses with a challenge. */
  authenticate(received: Received): Promise<Authenticated>;
  /** Reads the one message of the body and finds its session. */
  address(authenticated: Authenticated): Promise<Addressed>;
  /** The request itself, or the kept call that it polls. A poll that runs nothing is answered and ends here. */
  unfold(addressed: Addressed): Promise<Addressed>;
  /** Counts a request of a principal; gives back what ends it. Refuses those that are too many. */
  enter(addressed: Addressed): () => void;
  /** Policy, over the very bytes that will be forwarded. */
  decide(addressed: Addressed): Promise<Decided>;
  /** Lets an allowed call pass, holds one that needs approval; a denial is recorded and ends here. */
  grant(decided: Decided, reply: Reply): Promise<Granted>;
  /** The intent is on disk when this resolves. */
  intend(granted: Granted): Promise<Intended>;
  /** To the server and back: what it says, or that it said nothing. */
  forward(intended: Intended, reply: Pick<Reply, 'prime' | 'end'>): AsyncIterable<Answered>;
  mask(answered: Answered): Promise<Masked>;
  /** The message, or the outcome of the call, is on disk when this resolves; undefined for what must not be sent. */
  record(masked: Masked): Promise<Recorded | undefined>;
  /** Notifications, and answers to requests of the server. */
  relay(addressed: Addressed): Promise<void>;
}

/** @returns handles one POST to its end; throws `Refusal` */
export const createPipeline =
  (stages: Stages) =>
  async (received: Received, reply: Reply): Promise<void> => {
    const authenticated = await stages.authenticate(received);
    reply.identified(authenticated.principal);
    const asked = await stages.address(authenticated);
    reply.known(asked);

    if (asked.message.kind !== 'request') {
      await stages.relay(asked);
      return reply.accepted();
    }

    const addressed = await stages.unfold(asked);
    reply.known(addressed);
    const leave = stages.enter(addressed);
    try {
      const decided = await stages.decide(addressed);
      const granted = await stages.grant(decided, reply);
      const intended = await stages.intend(granted);

      for await (const answered of stages.forward(intended, reply)) {
        const masked = await stages.mask(answered);
        const recorded = await stages.record(masked);
        // An answer to another call of the session does not end this one.
        if (recorded) await reply.send(answered.intended === intended ? recorded : { ...recorded, final: false });
      }
      reply.end();
    } finally {
      leave();
    }
  };
