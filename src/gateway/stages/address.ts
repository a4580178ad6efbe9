import { at, stringOf } from '../../base/json.js';
import type { Addressed, Authenticated, Message } from '../../model/call.js';
import { REVISIONS, readMessage } from '../protocol/2025-11-25/message.js';
import { Refusal } from '../refuse.js';
import type { Session, Sessions } from '../sessions.js';

/** A session is opened by `initialize` without a session id; everything else names one of the principal's own. */
const sessionFor = (sessions: Sessions, authenticated: Authenticated, message: Message): Session => {
  const { server, principal, client, sessionId } = authenticated;
  const opening = message.kind === 'request' && message.method === 'initialize';
  if (sessionId === undefined) {
    if (!opening) throw new Refusal('session_required');
    return sessions.create(server, principal, client);
  }
  const session = sessions.find(sessionId, server, principal);
  if (!session) throw new Refusal('session_unknown');
  if (opening) throw new Refusal('session_initialized');
  if (!session.open) throw new Refusal('session_unknown');
  return session;
};

/**
 * A message can name its revision in `_meta` (2026-07-28), whatever its header says. One that claims a revision not
 * served is no legacy message, although a lenient server would run it as one.
 */
const checkClaim = ({ node }: Message): void => {
  const claimed = stringOf(at(node, 'params', '_meta', 'io.modelcontextprotocol/protocolVersion'));
  if (claimed === undefined || REVISIONS.includes(claimed)) return;
  const requested = /^[\w.-]{1,32}$/.test(claimed) ? claimed : 'unreadable';
  throw new Refusal('protocol_version', undefined, false, { supported: REVISIONS, requested });
};

/** Reads the one message of the body, strictly, and finds its session. */
export const createAddress =
  (sessions: Sessions) =>
  async (authenticated: Authenticated): Promise<Addressed> => {
    const message = readMessage(await authenticated.body());
    checkClaim(message);
    return { ...authenticated, message, session: sessionFor(sessions, authenticated, message).id };
  };
