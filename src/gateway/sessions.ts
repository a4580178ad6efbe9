/** Sessions: each is bound to one principal and one server, and owns one conversation upstream. */
import type { Clock } from '../base/clock.js';
import { type Ulid, ulid } from '../base/ulid.js';
import type { Client, Intended, Upstream } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { Ledger } from '../model/ports.js';
import { type Principal, type PrincipalKey, principalKey } from '../model/principal.js';
import type { ServerSettings } from '../model/settings.js';
import { Refusal } from './refuse.js';

/** A request that is not answered yet. */
export interface Underway {
  readonly call: Ulid;
  readonly abort: AbortController;
  /** Set once the intent is on disk. */
  intended: Intended | undefined;
}

export interface Session {
  readonly id: Ulid;
  readonly server: ServerSettings;
  readonly owner: PrincipalKey;
  readonly principal: Principal;
  readonly client: Client;
  /** Requests by their id, as written. */
  readonly underway: Map<string, Underway>;
  /** Ids of the server's requests that the client has not answered. */
  readonly asked: Set<string>;
  upstream: Upstream | undefined;
  /** Whether `initialize` was answered. */
  open: boolean;
  revision: string | null;
  listening: AbortController | undefined;
  calls: number;
  /** Monotonic milliseconds. */
  usedAt: number;
}

export interface SessionLimits {
  readonly sessions: number;
  readonly perPrincipal: number;
  readonly underway: number;
  /** Milliseconds. */
  readonly idle: number;
}

export interface Sessions {
  /** A new session of this principal, not yet open. @throws Refusal too_many */
  create(server: ServerSettings, principal: Principal, client: Client): Session;
  /** The session with this id, if it is this principal's and this server's. Possession of an id proves nothing. */
  find(id: string, server: ServerSettings, principal: Principal): Session | undefined;
  get(id: Ulid): Session | undefined;
  /** Adds a request to those under way. @throws Refusal id_in_use, too_many */
  begin(session: Session, id: string, call: Ulid): Underway;
  /** Ends a session and what it holds; records it where it had been opened. */
  close(session: Session, reason: string): Promise<void>;
  /** Ends sessions that were idle too long. */
  sweep(): Promise<void>;
  closeAll(reason: string): Promise<void>;
  readonly size: number;
}

const facts = (principal: Principal) => ({ iss: principal.issuer, sub: principal.subject });

export const createSessions = (
  deps: { readonly ledger: Pick<Ledger, 'append'>; readonly clock: Clock },
  limits: SessionLimits,
): Sessions => {
  const { ledger, clock } = deps;
  const sessions = new Map<Ulid, Session>();

  const create: Sessions['create'] = (server, principal, client) => {
    const owner = principalKey(principal);
    const owned = [...sessions.values()].filter((session) => session.owner === owner).length;
    if (sessions.size >= limits.sessions || owned >= limits.perPrincipal) throw new Refusal('too_many');
    const session: Session = {
      id: ulid(clock.now()),
      server,
      owner,
      principal,
      client,
      underway: new Map(),
      asked: new Set(),
      upstream: undefined,
      open: false,
      revision: null,
      listening: undefined,
      calls: 0,
      usedAt: clock.monotonic(),
    };
    sessions.set(session.id, session);
    return session;
  };

  const close: Sessions['close'] = async (session, reason) => {
    if (!sessions.delete(session.id)) return;
    session.listening?.abort();
    for (const { abort } of session.underway.values()) abort.abort(new UpstreamError('cancelled', 'the session ended'));
    await session.upstream?.close();
    await ledger.append({
      type: 'session',
      d: {
        event: 'closed',
        session: session.id,
        principal: facts(session.principal),
        server: session.server.id,
        revision: session.revision,
        address: session.client.address,
        reason,
        calls: session.calls,
        dropped: session.upstream?.dropped ?? 0,
      },
    });
  };

  return {
    create,
    close,
    get: (id) => sessions.get(id),
    find(id, server, principal) {
      const session = sessions.get(id);
      if (session?.server.id !== server.id || session.owner !== principalKey(principal)) return undefined;
      session.usedAt = clock.monotonic();
      return session;
    },
    begin(session, id, call) {
      if (session.underway.has(id)) throw new Refusal('id_in_use');
      if (session.underway.size >= limits.underway) throw new Refusal('too_many');
      const underway: Underway = { call, abort: new AbortController(), intended: undefined };
      session.underway.set(id, underway);
      session.calls++;
      return underway;
    },
    async sweep() {
      const oldest = clock.monotonic() - limits.idle;
      const idle = [...sessions.values()].filter(
        (session) => session.usedAt < oldest && session.underway.size === 0 && session.listening === undefined,
      );
      await Promise.all(idle.map((session) => close(session, 'idle')));
    },
    async closeAll(reason) {
      await Promise.all([...sessions.values()].map((session) => close(session, reason)));
    },
    get size() {
      return sessions.size;
    },
  };
};
