/**
 * The stages of one call. Each stage has its own type, so the compiler keeps their order:
 * `Received → Authenticated → Decided → Granted → Intended → Answered → Masked → Recorded`.
 * An upstream takes only an `Intended`, a client gets only a `Recorded`; both carry the receipt of a durable record.
 */
import type { JsonNode, JsonValue } from '../base/json.js';
import type { Ulid } from '../base/ulid.js';
import type { CredentialFacts } from './credential-facts.js';
import type { Decision, Grant } from './decision.js';
import type { Principal } from './principal.js';
import type { Receipt, ResultStatus } from './record.js';
import type { Redaction } from './redaction.js';
import type { ServerSettings } from './settings.js';
import type { CallSpan } from './trace.js';

/** One JSON-RPC 2.0 message: the inspected bytes, which are the forwarded bytes, and what they say. */
export interface Message {
  readonly bytes: Buffer;
  readonly node: JsonNode;
  readonly kind: 'request' | 'notification' | 'response';
  readonly method: string | null;
  /** The id as written, such as `7` or `"a"`; null for notifications. */
  readonly id: string | null;
}

/**
 * `legacy`: revisions up to 2025-11-25, whose clients open a session. `modern`: 2026-07-28, whose every request stands
 * for itself.
 */
export type Era = 'legacy' | 'modern';

/** Headers of revision 2026-07-28 that say again what the body says, by lower-case name. */
export type MirroredHeaders = Readonly<Record<string, string>>;

/** Who is at the other end of the connection. */
export interface Client {
  readonly address: string;
  readonly userAgent: string | null;
}

/** A request whose head passed: a known server, an allowed host and origin. Its body was not read yet. */
export interface Received {
  readonly server: ServerSettings;
  readonly client: Client;
  readonly authorization: string | undefined;
  /** `Mcp-Session-Id`, as sent. */
  readonly sessionId: string | undefined;
  /** W3C `traceparent` that goes upstream: the client's, or with traces the gateway's own. */
  readonly trace: string | null;
  /** W3C `tracestate` of the client, which goes upstream beside it; null where there is none that may. */
  readonly traceState: string | null;
  /** Absent where no traces are kept. */
  readonly span?: CallSpan;
  /** As sent; nobody has compared them with the body yet. */
  readonly mirrored: MirroredHeaders;
  /** Reads the body, bounded; only after authentication. */
  readonly body: () => Promise<Buffer>;
}

export interface Authenticated extends Received {
  readonly principal: Principal;
}

/** What a client sends when it makes a call once more because the answer asked for input (revision 2026-07-28). */
export interface Retry {
  /** `requestState`, as sent. */
  readonly state: string | null;
  /** `inputResponses`, JSON. */
  readonly responses: Buffer | null;
}

/** The gateway's own task whose poll runs a leg (extension for tasks of revision 2026-07-28). */
export interface CallTask {
  /** Takes the answer of the leg. @param id of the poll, as written @returns the answer to the poll */
  settle(answer: Buffer, id: string): Buffer;
  /** The call waits on. @returns the answer to the poll */
  waits(approval: Ulid, said: string, id: string): Buffer;
}

/** A message of an authenticated principal, in a session that is bound to that principal. */
export interface Addressed extends Authenticated {
  readonly session: Ulid;
  readonly era: Era;
  /** What the client says that it can do; null where it says nothing. */
  readonly capabilities: JsonValue;
  /** That go with the request to a server of the same era. */
  readonly headers: MirroredHeaders | null;
  /** Without what `retry` holds: neither policy nor an approval is about that. */
  readonly message: Message;
  /** Null for a call that is made for the first time. */
  readonly retry: Retry | null;
  /** Absent for a call that its own request makes. */
  readonly task?: CallTask;
}

/** What an earlier leg of a call left for this one (revision 2026-07-28). */
export interface Resumed {
  /** Who asked for input: the responses to what the gateway asked go no further. */
  readonly asked: 'server' | 'gateway';
  /** `requestState` of the server; null where it gave none. */
  readonly state: string | null;
  /** Approval that the earlier legs ran under. */
  readonly approval: Ulid | null;
  /** The leg before. */
  readonly call: Ulid | null;
}

/** A request that policy has judged. */
export interface Decided extends Addressed {
  readonly call: Ulid;
  /** Null for a first leg. */
  readonly resumed: Resumed | null;
  readonly target: string | null;
  /** The target as recorded: masked, since the address of a resource can hold a password. */
  readonly recordedTarget: string | null;
  readonly decision: Decision;
  readonly risk: 'high' | 'low';
  /** Digest of the tool's definition as last listed. */
  readonly definition: string | null;
  /** Why, in the caller's words (`_meta`, `countersign/reason`), masked; where the call said so. */
  readonly requestReason?: string | null;
  readonly arguments: {
    /** Keyed digest of the canonical arguments; null where there are none. */
    readonly digest: `hs256:${string}:${string}` | null;
    /** Masked, compact JSON. */
    readonly masked: Buffer;
    readonly redactions: readonly Redaction[];
  };
  /** The request in clear, sealed to an auditor (compact JWE), where that is configured. */
  readonly sealed?: string | null;
}

/** A call that may go ahead: allowed, or with a grant that was consumed for it. */
export interface Granted extends Decided {
  readonly grant: Grant | null;
}

/** A request on its way to a server. */
export interface Outgoing {
  readonly call: Ulid;
  /** The bytes that go out. */
  readonly message: Message;
  readonly trace: string | null;
  /** Absent: none. */
  readonly traceState?: string | null;
  /** What its caller authenticated with, for tokens that are exchanged; it never goes upstream itself. */
  readonly authorization?: string | undefined;
  /** That go with it over HTTP; null where the server is spoken to in the older revisions. */
  readonly headers: MirroredHeaders | null;
  /** Of the record that the request goes out. */
  readonly intent: Receipt;
}

/** A call whose intent is on disk. */
export interface Intended extends Granted {
  readonly intent: Receipt;
  /** Monotonic milliseconds at the intent. */
  readonly startedAt: number;
}

/** One message of the server, or what the gateway says in its place when it gave none. */
export interface Answered {
  readonly server: ServerSettings;
  readonly session: Ulid;
  /** The call on whose stream it came, or that it answers. */
  readonly intended: Intended | null;
  readonly message: Message;
  /** Fields of the server-sent event that carried it. */
  readonly event: EventFields | null;
  /** Set where the gateway made the answer because the server gave none. */
  readonly failure: ResultStatus | null;
  /** False for what must not reach the client, such as an answer to nothing; it is recorded all the same. */
  readonly deliverable: boolean;
}

export interface Masked extends Answered {
  /** What may leave and what is recorded. */
  readonly masked: Buffer;
  /** What leaves in its place, where the record must not hold what the client needs: a sealed state. */
  readonly outgoing?: Buffer;
  readonly redactions: readonly Redaction[];
  /** For answers of calls. */
  readonly status: ResultStatus | null;
  /** The message in clear, sealed to an auditor (compact JWE), where that is configured. */
  readonly sealed?: string | null;
  /** Why the message was blocked, where masking blocked it. */
  readonly problem?: string;
}

/** A message that is on disk, and may be sent. */
export interface Recorded {
  readonly bytes: Buffer;
  readonly receipt: Receipt;
  readonly event: EventFields | null;
  /** Whether this is the answer, after which the stream of the call ends. */
  readonly final: boolean;
  /** Set where the bytes are the answer to a poll already. */
  readonly told?: true;
  /** Status of the HTTP response where the answer is all there is. Absent: 200. */
  readonly http?: number;
}

/** Fields of a server-sent event beside its data (HTML standard §9.2). */
export interface EventFields {
  readonly id?: string;
  readonly event?: string;
  readonly retry?: number;
}

/** A message as an upstream delivers it; `data` is null for an event that only sets an id or a retry time. */
export interface UpstreamMessage {
  readonly data: Buffer | null;
  readonly event: EventFields | null;
}

/** Why an upstream gave no answer. */
export class UpstreamError extends Error {
  readonly kind: 'lost' | 'timed_out' | 'cancelled' | 'session_lost' | 'too_large' | 'refused';
  constructor(kind: UpstreamError['kind'], message: string) {
    super(message);
    this.name = 'UpstreamError';
    this.kind = kind;
  }
}

/** One conversation with a server, on behalf of one session of one principal. */
export interface Upstream {
  /**
   * Makes sure of the credential that a call goes out under, and names it for the record; null where there is none.
   * @param authorization of the call
   * @throws UpstreamError where there is no credential to go out under; so will `request`
   */
  credential(authorization: string | undefined): Promise<CredentialFacts | null>;
  /** Messages lost so far because no stream of the client was open for them. */
  readonly dropped: number;
  /**
   * Sends a request and yields the messages of its stream in order, the answer last. Ends without an
   * answer only where the server closed a stream that can be resumed. Throws UpstreamError.
   */
  request(outgoing: Outgoing, signal: AbortSignal): AsyncIterable<UpstreamMessage>;
  /** Sends a notification, or the client's answer to a request of the server. */
  deliver(recorded: Recorded): Promise<void>;
  /**
   * Messages that belong to no call, until the signal aborts. Undefined where the server offers no such stream.
   * @param lastEventId resumes after this event
   */
  listen(lastEventId: string | undefined, signal: AbortSignal): Promise<AsyncIterable<UpstreamMessage> | undefined>;
  /** Ends the conversation and frees what it holds. Never throws. */
  close(): Promise<void>;
  /** Calls back once when the conversation ended by itself. */
  onEnd(callback: (reason: string) => void): void;
}

/** Whose conversation is opened. */
export interface OpeningSession {
  readonly id: Ulid;
  readonly principal: Principal;
  /** What the call that opens it authenticated with. */
  readonly authorization?: string | undefined;
}

/** Opens conversations with the configured servers. */
export interface Upstreams {
  /** @throws UpstreamError where the conversation cannot be opened */
  open(server: ServerSettings, session: OpeningSession): Promise<Upstream>;
  close(): Promise<void>;
}
