/** Sessions: each is bound to one principal and one server, and owns one conversation upstream. */
import type { Clock } from '../base/clock.js';
import { sha256 } from '../base/digest.js';
import type { JsonValue } from '../base/json.js';
import { type Ulid, ulid } from '../base/ulid.js';
import type { Client, Decided, Era, Intended, Upstream } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import type { Ledger } from '../model/ports.js';
import { type Principal, type PrincipalKey, principalKey } from '../model/principal.js';
import type { ServerSettings } from '../model/settings.js';
import { REVISION } from './protocol/2026-07-28/envelope.js';
import { Refusal } from './refuse.js';

/** A request that is not answered yet. */
export interface Underway {
  readonly call: Ulid;
  readonly abort: AbortController;
  /** Set once the intent is on disk. */
  intended: Intended | undefined;
  /** Set once its one outcome is chosen, before it is on disk: whatever else answers this call answers nothing. */
  answered: boolean;
  /** Waits until the answer came on another stream; rejects when the call is aborted. */
  readonly settled: () => Promise<void>;
  readonly settle: () => void;
}

const begun = (call: Ulid): Underway => {
  const abort = new AbortController();
  let done = false;
  let tell: (() => void) | undefined;
  // Only a call whose stream broke off waits for this.
  const settled = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (done) return resolve();
      if (abort.signal.aborted) return reject(abort.signal.reason);
      tell = resolve;
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
    });
  const settle = (): void => {
    done = true;
    tell?.();
  };
  return { call, abort, intended: undefined, answered: false, settled, settle };
};

/** Capabilities that are kept as they were written, characters: they begin with a brace, a digest does not. */
const LONGEST_NAME = 512;

/** What a request is called while it is under way: ids of stateless requests are unique for one client only. */
export const underwayKey = ({ era, call, message }: Pick<Decided, 'era' | 'call' | 'message'>): string =>
  era === 'modern' ? call : (message.id ?? '');

export interface Session {
  readonly id: Ulid;
  readonly era: Era;
  readonly server: ServerSettings;
  readonly owner: PrincipalKey;
  readonly principal: Principal;
  readonly client: Client;
  /** What the client says that it can do; null where it says nothing. */
  readonly capabilities: JsonValue;
  /** Requests by `underwayKey`. */
  readonly underway: Map<string, Underway>;
  /** Ids of the server's requests that the client has not answered. */
  readonly asked: Set<string>;
  upstream: Upstream | undefined;
  /** Resolves when the conversation with the server is open, or cannot be. */
  opening: Promise<void> | undefined;
  /** Whether its opening is on record. */
  recorded: boolean;
  /** Why there is no conversation with the server. */
  failure: UpstreamError | undefined;
  /** Whether `initialize` was answered. */
  open: boolean;
  revision: string | null;
  /** The stream of what belongs to no call. */
  listening: AbortController | undefined;
  /** Streams that go on where another one broke. */
  readonly resumed: Set<AbortController>;
  calls: number;
  /** Monotonic milliseconds. */
  usedAt: number;
}

/** Who opens a session, and where. */
export interface Opener {
  readonly server: ServerSettings;
  readonly principal: Principal;
  readonly client: Client;
  readonly capabilities: JsonValue;
}

export interface SessionLimits {
  readonly sessions: number;
  readonly perPrincipal: number;
  readonly underway: number;
  /** Milliseconds. */
  readonly idle: number;
}

const facts = (principal: Principal) => ({ iss: principal.issuer, sub: principal.subject });

interface SessionDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: Clock;
}

export class Sessions {
  private readonly sessions = new Map<Ulid, Session>();
  /** Shared sessions, by what names them. */
  private readonly byName = new Map<string, Ulid>();
  private readonly deps: SessionDeps;
  private readonly limits: SessionLimits;
  /** Set when all sessions end: a connection that is still open must not start another. */
  private ended = false;

  constructor(deps: SessionDeps, limits: SessionLimits) {
    this.deps = deps;
    this.limits = limits;
  }

  get size(): number {
    return this.sessions.size;
  }

  get(id: Ulid): Session | undefined {
    return this.sessions.get(id);
  }

  /**
   * A new session of this principal, not yet open.
   * @throws Refusal too_many
   */
  create(opener: Opener): Session {
    return this.add(opener, 'legacy');
  }

  /**
   * The session of this principal and server, for requests that stand for themselves; a new one where there is none.
   * @param apart what else keeps sessions apart: the capabilities, where the server must be told them once for all
   * @param before what kept them apart before the server's era was known
   * @throws Refusal too_many
   */
  shared(opener: Opener, apart: string, before = apart): Session {
    const owner = principalKey(opener.principal);
    // Long capabilities are named by their digest; a server's id has no space, so no two names are one.
    const nameOf = (what: string): string =>
      `${opener.server.id} ${what.length > LONGEST_NAME ? sha256(what) : what} ${owner}`;
    const known = this.byName.get(nameOf(apart)) ?? this.byName.get(nameOf(before)) ?? '';
    const session = this.sessions.get(known) ?? this.add(opener, 'modern');
    this.byName.set(nameOf(apart), session.id);
    session.usedAt = this.deps.clock.monotonic();
    return session;
  }

  private add({ server, principal, client, capabilities }: Opener, era: Era): Session {
    const owner = principalKey(principal);
    const owned = [...this.sessions.values()].filter((session) => session.owner === owner).length;
    if (this.ended || this.sessions.size >= this.limits.sessions || owned >= this.limits.perPrincipal)
      throw new Refusal('too_many');
    const session: Session = {
      id: ulid(this.deps.clock.now()),
      era,
      server,
      owner,
      principal,
      client,
      capabilities,
      underway: new Map(),
      asked: new Set(),
      upstream: undefined,
      opening: undefined,
      recorded: false,
      failure: undefined,
      open: era === 'modern',
      revision: era === 'modern' ? REVISION : null,
      listening: undefined,
      resumed: new Set(),
      calls: 0,
      usedAt: this.deps.clock.monotonic(),
    };
    this.sessions.set(session.id, session);
    return session;
  }

  /** The session with this id, if it is this principal's and this server's. Possession of an id proves nothing. */
  find(id: string, server: ServerSettings, principal: Principal): Session | undefined {
    const session = this.sessions.get(id);
    if (session?.server.id !== server.id || session.owner !== principalKey(principal)) return undefined;
    if (session.era !== 'legacy') return undefined;
    session.usedAt = this.deps.clock.monotonic();
    return session;
  }

  /**
   * Adds a request to those under way.
   * @param id its `underwayKey`
   * @throws Refusal id_in_use, too_many
   */
  begin(session: Session, id: string, call: Ulid): Underway {
    if (session.underway.has(id)) throw new Refusal('id_in_use');
    if (session.underway.size >= this.limits.underway) throw new Refusal('too_many');
    const underway = begun(call);
    session.underway.set(id, underway);
    session.calls++;
    return underway;
  }

  /** Ends a session and what it holds, and records it where its opening is on record. */
  async close(session: Session, reason: string): Promise<void> {
    if (!this.sessions.delete(session.id)) return;
    for (const [name, id] of this.byName) if (id === session.id) this.byName.delete(name);
    session.listening?.abort();
    for (const stream of session.resumed) stream.abort();
    for (const { abort } of session.underway.values()) abort.abort(new UpstreamError('cancelled', 'the session ended'));
    await session.upstream?.close();
    if (!session.recorded) return;
    await this.deps.ledger.append({
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
  }

  /** Ends sessions that were idle too long. */
  async sweep(): Promise<void> {
    const oldest = this.deps.clock.monotonic() - this.limits.idle;
    const idle = [...this.sessions.values()].filter(
      ({ usedAt, underway, listening, resumed }) =>
        usedAt < oldest && underway.size === 0 && listening === undefined && resumed.size === 0,
    );
    await Promise.all(idle.map((session) => this.close(session, 'idle')));
  }

  /** Ends all sessions, for good. */
  async closeAll(reason: string): Promise<void> {
    this.ended = true;
    await Promise.all([...this.sessions.values()].map((session) => this.close(session, reason)));
  }
}
