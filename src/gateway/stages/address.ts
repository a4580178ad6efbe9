import { at, type JsonNode, toValue } from '../../base/json.js';
import type { Addressed, Authenticated, Message } from '../../model/call.js';
import type { Eras } from '../bridge/eras.js';
import { readMessage } from '../protocol/2025-11-25/message.js';
import type { Envelope } from '../protocol/2026-07-28/envelope.js';
import { eraOf } from '../protocol/2026-07-28/era.js';
import { headersFor } from '../protocol/2026-07-28/headers.js';
import { partRetry } from '../protocol/2026-07-28/retry.js';
import { Refusal } from '../refuse.js';
import type { Session, Sessions } from '../sessions.js';

export interface AddressDeps {
  readonly sessions: Sessions;
  readonly eras: Pick<Eras, 'last'>;
}

const valueOf = (node: JsonNode | undefined) => (node ? toValue(node) : null);

/** A session is opened by `initialize` without a session id; everything else names one of the principal's own. */
const sessionFor = (sessions: Sessions, authenticated: Authenticated, message: Message): Session => {
  const { server, principal, sessionId } = authenticated;
  const opening = message.kind === 'request' && message.method === 'initialize';
  if (sessionId === undefined) {
    if (!opening) throw new Refusal('session_required');
    return sessions.create({ ...authenticated, capabilities: valueOf(at(message.node, 'params', 'capabilities')) });
  }
  const session = sessions.find(sessionId, server, principal);
  if (!session) throw new Refusal('session_unknown');
  if (opening) throw new Refusal('session_initialized');
  if (!session.open) throw new Refusal('session_unknown');
  return session;
};

/** Methods of older revisions that this one does not have: a lenient server would run them all the same. */
const REMOVED: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/list',
  'tasks/result',
]);

/** A request that stands for itself. */
const addressModern = (
  { sessions, eras }: AddressDeps,
  authenticated: Authenticated,
  sent: Message,
  envelope: Envelope | null,
): Addressed => {
  if (sent.kind === 'request' && REMOVED.has(sent.method ?? '')) throw new Refusal('unknown_method');
  const { message, retry } = partRetry(sent);
  const node = envelope?.capabilities;
  const capabilities = valueOf(node);
  // Servers of the older revisions are told the capabilities when their session opens; others with each request.
  const declared = node ? sent.bytes.toString('utf8', node.start, node.end) : '';
  const apart = eras.last(authenticated.server.id) === 'modern' ? '' : declared;
  const { id } = sessions.shared({ ...authenticated, capabilities }, apart, declared);
  const headers = headersFor(message, authenticated.mirrored);
  return { ...authenticated, era: 'modern', session: id, capabilities, headers, message, retry };
};

const addressed = (deps: AddressDeps, authenticated: Authenticated, message: Message): Addressed => {
  const found = eraOf(message, authenticated.mirrored);
  if (found.era === 'modern') return addressModern(deps, authenticated, message, found.envelope);
  const { id, capabilities } = sessionFor(deps.sessions, authenticated, message);
  return { ...authenticated, era: 'legacy', session: id, capabilities, headers: null, message, retry: null };
};

/** Reads the one message of the body, strictly, and finds its session. */
export const createAddress =
  (deps: AddressDeps) =>
  async (authenticated: Authenticated): Promise<Addressed> => {
    const message = readMessage(await authenticated.body());
    try {
      return addressed(deps, authenticated, message);
    } catch (error) {
      if (error instanceof Refusal) error.id = message.id;
      throw error;
    }
  };
