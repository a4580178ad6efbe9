/** Notifications of the client, and its answers to requests of the server. They are never answered. */
import type { Addressed, Message, Recorded } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { Ledger } from '../../model/ports.js';
import {
  type MaskAbout,
  type MaskedBytes,
  type MaskFor,
  redactionFacts,
  redactionPayload,
} from '../../model/redaction.js';
import { oneLine } from '../one-line.js';
import type { Judge } from '../policy-call.js';
import { cancelledId } from '../protocol/2025-11-25/message.js';
import { maskingRefusal, Refusal } from '../refuse.js';
import type { Session, Sessions } from '../sessions.js';

export interface RelayDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly judge: Judge;
  readonly maskFor: MaskFor;
  readonly sessions: Pick<Sessions, 'get'>;
}

const allowed = (deps: RelayDeps, addressed: Addressed, session: Session): boolean => {
  const { message } = addressed;
  if (message.kind === 'response') return session.asked.delete(message.id ?? '');
  return deps.judge(addressed).effect === 'allow';
};

const maskedMessage = async (
  deps: RelayDeps,
  { message, server }: Addressed,
  about: MaskAbout,
): Promise<MaskedBytes> => {
  try {
    return await deps.maskFor(server, about)(message.bytes);
  } catch (error) {
    throw maskingRefusal(error, 'the message could not be masked for the record');
  }
};

/** What is forwarded stays as sent; the recorded copy is masked. */
const record = async (deps: RelayDeps, addressed: Addressed, forwarded: boolean): Promise<Recorded> => {
  const { message, server, session, principal } = addressed;
  const about = { direction: 'to_server', tool: null, groups: principal.groups, base: '' } as const;
  const { bytes, redactions } = await maskedMessage(deps, addressed, about);
  const receipt = await deps.ledger.append({
    type: 'message',
    d: {
      session,
      server: server.id,
      direction: 'to_server',
      kind: message.kind,
      method: message.method,
      call: null,
      forwarded,
      ...redactionFacts(redactions),
    },
    payloads: { content: oneLine(bytes), ...redactionPayload(redactions) },
  });
  return { bytes: message.bytes, receipt, event: null, final: false };
};

/** A cancelled call is withdrawn from approval, and never runs afterwards. */
const cancel = (session: Session, message: Message): void => {
  const id = cancelledId(message);
  if (id === undefined) return;
  session.underway.get(id)?.abort.abort(new UpstreamError('cancelled', 'the client cancelled the call'));
};

export const createRelay =
  (deps: RelayDeps) =>
  async (addressed: Addressed): Promise<void> => {
    const session = deps.sessions.get(addressed.session);
    if (!session) throw new Refusal('session_unknown');
    const passes = allowed(deps, addressed, session);
    const recorded = await record(deps, addressed, passes);
    if (!passes) return;
    const delivered = session.upstream?.deliver(recorded).catch((error: unknown) => {
      // The sender of a notification expects no answer; a server that is gone shows at the next request.
      if (!(error instanceof UpstreamError)) throw error;
    });
    if (session.era === 'legacy') cancel(session, addressed.message);
    await delivered;
  };
