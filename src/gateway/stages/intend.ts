import type { Clock } from '../../base/clock.js';
import type { Decided, Granted, Intended, Upstreams } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { Ledger } from '../../model/ports.js';
import type { Principal } from '../../model/principal.js';
import type { CallRecord, CredentialFacts, RecordDraft } from '../../model/record.js';
import { type MaskFor, redactionFacts, redactionPayload, sealedPayload } from '../../model/redaction.js';
import { maskedText } from '../masked-text.js';
import { revisionOf } from '../protocol/2025-11-25/message.js';
import { maskingRefusal, Refusal } from '../refuse.js';
import type { Session, Sessions } from '../sessions.js';

const callPrincipal = ({ principal }: Decided): CallRecord['principal'] => ({
  iss: principal.issuer,
  sub: principal.subject,
  kind: principal.kind,
  groups: principal.groups,
  client_id: principal.clientId,
  act: principal.actor,
  amr: principal.amr,
  acr: principal.acr,
  token: principal.tokenId,
  exp: principal.expiresAt,
});

/** What the token says of the person beside the key; nothing is written where it says nothing. */
const person = ({ name, email }: Principal): { readonly person?: string } =>
  name === null && email === null ? {} : { person: JSON.stringify({ name, email }) };

/** The `call` record of a request, forwarded or not. */
export const callDraft = (
  decided: Decided,
  outcome: {
    readonly forwarded: boolean;
    readonly approval: string | null;
    readonly credential: CredentialFacts | null;
    /** Replaces the reason of the decision where something after it ended the call. */
    readonly reason?: string;
  },
): RecordDraft => {
  const { decision, principal, arguments: args } = decided;
  return {
    type: 'call',
    d: {
      call: decided.call,
      session: decided.session,
      principal: callPrincipal(decided),
      server: decided.server.id,
      method: decided.message.method ?? '',
      target: decided.recordedTarget,
      forwarded: outcome.forwarded,
      args: args.digest,
      ...redactionFacts(args.redactions),
      definition: decided.definition,
      decision: {
        effect: decision.effect,
        rule: decision.rule,
        policy: decision.policy,
        reason: outcome.reason ?? decision.reason,
      },
      approval: outcome.approval,
      risk: decided.risk,
      credential: outcome.credential,
      trace: decided.trace,
    },
    payloads: {
      args: args.masked,
      ...person(principal),
      ...redactionPayload(args.redactions),
      ...sealedPayload(decided.sealed),
    },
  };
};

export interface IntendDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly sessions: Pick<Sessions, 'get' | 'begin' | 'close'>;
  readonly upstreams: Pick<Upstreams, 'open'>;
  readonly maskFor: MaskFor;
  readonly clock: Clock;
}

/**
 * Opens the conversation with the server at the first call of a session. A server that cannot be reached is found
 * out again in `forward`, after the intent, so that the failure is an outcome on record.
 */
const connect = async (deps: IntendDeps, granted: Granted, session: Session): Promise<void> => {
  if (session.upstream) return;
  try {
    session.upstream = await deps.upstreams.open(granted.server, { id: session.id, principal: granted.principal });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    session.failure = error;
    return;
  }
  if (deps.sessions.get(session.id) !== session) {
    // Ended while the conversation was opened: nobody else would close it.
    await session.upstream.close();
    throw new Refusal('session_unknown');
  }
  session.upstream.onEnd((reason) => {
    // Closing records the end; where that fails, the ledger has failed, and every further call is refused by that.
    deps.sessions.close(session, `the server ended: ${reason}`).catch(() => {});
  });
};

/** `session` opened: with what the client says of itself, which nobody has checked. */
const openedDraft = (granted: Granted, session: Session, userAgent: string | null): RecordDraft => ({
  type: 'session',
  d: {
    event: 'opened',
    session: session.id,
    principal: { iss: granted.principal.issuer, sub: granted.principal.subject },
    server: granted.server.id,
    revision: revisionOf(granted.message) ?? null,
    address: granted.client.address,
    reason: null,
    calls: 0,
    dropped: 0,
  },
  payloads: {
    client: `{"user_agent":${JSON.stringify(userAgent)},"initialize":${granted.arguments.masked.toString('utf8')}}`,
  },
});

/** What the client calls itself, as it may be recorded. */
const maskedUserAgent = async ({ maskFor }: IntendDeps, granted: Granted): Promise<string | null> => {
  const { server, principal, client } = granted;
  if (client.userAgent === null) return null;
  const about = { direction: 'to_server', tool: null, groups: principal.groups, base: '/user_agent' } as const;
  try {
    return await maskedText(maskFor(server, about), client.userAgent);
  } catch (error) {
    throw maskingRefusal(error, 'the name of the client could not be masked for the record');
  }
};

/** Appends the intent, after the opening of the session where this is its first call. */
const write = async (deps: IntendDeps, granted: Granted, session: Session): Promise<Intended> => {
  const credential = session.upstream?.credential ?? null;
  const approval = granted.grant?.approval ?? null;
  const opening =
    granted.message.method === 'initialize'
      ? [openedDraft(granted, session, await maskedUserAgent(deps, granted))]
      : [];
  const written = [...opening, callDraft(granted, { forwarded: true, approval, credential })].map((draft) =>
    deps.ledger.append(draft),
  );
  const intent = (await Promise.all(written)).at(-1);
  if (!intent) throw new Refusal('not_recorded');
  return { ...granted, intent, startedAt: deps.clock.monotonic() };
};

/** Puts the intent on disk. Where that fails nothing was forwarded, and the call is refused. */
export const createIntend =
  (deps: IntendDeps) =>
  async (granted: Granted): Promise<Intended> => {
    const session = deps.sessions.get(granted.session);
    const underway = session?.underway.get(granted.message.id ?? '');
    if (!session || !underway) throw new Refusal('session_unknown');
    try {
      await connect(deps, granted, session);
      underway.intended = await write(deps, granted, session);
      return underway.intended;
    } catch (error) {
      // The call ends here: its id is free again, and the session can become idle.
      session.underway.delete(granted.message.id ?? '');
      throw error;
    }
  };
