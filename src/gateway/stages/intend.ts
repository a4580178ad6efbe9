import type { Clock } from '../../base/clock.js';
import { compactJson } from '../../base/json.js';
import type { Decided, Granted, Intended } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { CredentialFacts } from '../../model/credential-facts.js';
import type { Ledger } from '../../model/ports.js';
import type { Principal } from '../../model/principal.js';
import type { CallRecord, Receipt, RecordDraft } from '../../model/record.js';
import { type MaskFor, redactionFacts, redactionPayload, sealedPayload } from '../../model/redaction.js';
import type { Converse } from '../bridge/open.js';
import { maskingRefusal, Refusal } from '../refuse.js';
import { openedDraft } from '../session-record.js';
import { type Session, type Sessions, underwayKey } from '../sessions.js';

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
      ...(decided.resumed?.call && { continues: decided.resumed.call }),
      risk: decided.risk,
      credential: outcome.credential,
      trace: decided.trace,
    },
    payloads: {
      args: args.masked,
      ...(decided.traceState !== null && { tracestate: JSON.stringify(decided.traceState) }),
      ...person(principal),
      ...redactionPayload(args.redactions),
      ...sealedPayload(decided.sealed),
    },
  };
};

export interface IntendDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly sessions: Pick<Sessions, 'get' | 'begin' | 'close'>;
  readonly converse: Converse;
  readonly maskFor: MaskFor;
  readonly clock: Clock;
}

/** Appends records, that the session was opened first of all where that is not on record yet. */
const append = async (
  deps: IntendDeps,
  granted: Granted,
  session: Session,
  drafts: readonly RecordDraft[],
): Promise<readonly Receipt[]> => {
  const opened = session.recorded ? null : await openedDraft(deps.maskFor, granted);
  // Another call of a shared session may have recorded it meanwhile.
  const first = opened !== null && !session.recorded ? [opened] : [];
  session.recorded = true;
  try {
    return await Promise.all([...first, ...drafts].map((draft) => deps.ledger.append(draft)));
  } catch (error) {
    // The ledger may come back: whoever calls then records the opening.
    if (first.length > 0) session.recorded = false;
    throw error;
  }
};

const converse = async (deps: IntendDeps, granted: Granted, session: Session): Promise<void> => {
  // The gateway itself speaks with the server first, to learn its era, and what it says belongs to the session.
  if (granted.era === 'modern') await append(deps, granted, session, []);
  try {
    session.upstream = await deps.converse(granted);
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

/**
 * Opens the conversation with the server at the first call of a session, once for all that come meanwhile. A server
 * that cannot be reached is found out again in `forward`, after the intent, so that the failure is an outcome on record.
 */
const connect = async (deps: IntendDeps, granted: Granted, session: Session): Promise<void> => {
  if (session.upstream) return;
  session.opening ??= converse(deps, granted, session).finally(() => {
    session.opening = undefined;
  });
  await session.opening;
};

/** What a client sends in answer to what an earlier leg of its call asked for, masked. */
const responsesDraft = async (deps: IntendDeps, granted: Granted, responses: Buffer): Promise<RecordDraft> => {
  const { server, principal, session, call } = granted;
  const about = {
    direction: 'to_server',
    tool: null,
    groups: principal.groups,
    profile: granted.decision.masking ?? null,
    base: '/params/inputResponses',
  } as const;
  try {
    const { bytes, redactions } = await deps.maskFor(server, about)(compactJson(responses));
    return {
      type: 'message',
      d: {
        session,
        server: server.id,
        direction: 'to_server',
        kind: 'response',
        method: null,
        call,
        forwarded: true,
        ...redactionFacts(redactions),
      },
      payloads: { content: bytes, ...redactionPayload(redactions) },
    };
  } catch (error) {
    throw maskingRefusal(error, 'the responses could not be masked for the record');
  }
};

/** What the call goes out under. Where there is nothing, `forward` finds that out again, and it is the outcome. */
const credentialOf = async ({ upstream }: Session, { authorization }: Granted): Promise<CredentialFacts | null> => {
  try {
    return (await upstream?.credential(authorization)) ?? null;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return null;
  }
};

/** Appends the intent, after the opening of the session where this is its first call. */
const write = async (deps: IntendDeps, granted: Granted, session: Session): Promise<Intended> => {
  const credential = await credentialOf(session, granted);
  const approval = granted.grant?.approval ?? null;
  const responses = granted.resumed?.asked === 'server' ? granted.retry?.responses : null;
  const beside = responses ? [await responsesDraft(deps, granted, responses)] : [];
  const drafts = [...beside, callDraft(granted, { forwarded: true, approval, credential })];
  const intent = (await append(deps, granted, session, drafts)).at(-1);
  if (!intent) throw new Refusal('not_recorded');
  return { ...granted, intent, startedAt: deps.clock.monotonic() };
};

/** Puts the intent on disk. Where that fails nothing was forwarded, and the call is refused. */
export const createIntend =
  (deps: IntendDeps) =>
  async (granted: Granted): Promise<Intended> => {
    const session = deps.sessions.get(granted.session);
    const underway = session?.underway.get(underwayKey(granted));
    if (!session || !underway) throw new Refusal('session_unknown');
    try {
      await connect(deps, granted, session);
      underway.intended = await write(deps, granted, session);
      return underway.intended;
    } catch (error) {
      // The call ends here: its id is free again, and the session can become idle.
      session.underway.delete(underwayKey(granted));
      throw error;
    }
  };
