import type { Authenticated, Received } from '../../model/call.js';
import type { Authenticator } from '../../model/ports.js';
import type { AuthRefusal } from '../../model/principal.js';
import { Refusal } from '../refuse.js';
import type { Strangers } from '../strangers.js';

/** A request without a valid token; the listener answers with the challenge for this reason (RFC 6750 §3). */
export class Unauthorized extends Refusal {
  readonly why: AuthRefusal;
  constructor(why: AuthRefusal) {
    super(why === 'insufficient_scope' ? why : 'unauthorized', undefined, true);
    this.why = why;
  }
}

export interface AuthenticateDeps {
  readonly authenticator: Authenticator;
  readonly strangers: Pick<Strangers, 'note'>;
}

/** Bearer token to principal. What was refused is on record before the client hears of it. */
export const createAuthenticate =
  ({ authenticator, strangers }: AuthenticateDeps) =>
  async (received: Received): Promise<Authenticated> => {
    const outcome = await authenticator.authenticate(received.authorization, 'mcp');
    if (outcome.ok) return { ...received, principal: outcome.principal };
    const { claimed, reason } = outcome;
    await strangers.note({
      type: 'auth',
      d: {
        reason,
        use: 'mcp',
        iss: claimed.issuer ?? null,
        sub: claimed.subject ?? null,
        kid: claimed.keyId ?? null,
        address: received.client.address,
        server: received.server.id,
        count: 1,
      },
    });
    throw new Unauthorized(reason);
  };
