import type { Addressed, Authenticated, Message } from '../../model/call.js';
import { readMessage } from '../protocol/2025-11-25/message.js';
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

/** Reads the one message of the body, strictly, and finds its session. */
export const createAddress =
  (sessions: Sessions) =>
  async (authenticated: Authenticated): Promise<Addressed> => {
    const message = readMessage(await authenticated.body());
    return { ...authenticated, message, session: sessionFor(sessions, authenticated, message).id };
  };
