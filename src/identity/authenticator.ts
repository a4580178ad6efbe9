/** Bearer token -> Principal, or the reason why not. */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../base/clock.js';
import type { KeyedDigester } from '../base/digest.js';
import type { IssuerSettings } from '../model/identity-settings.js';
import type { Authenticator } from '../model/ports.js';
import type { Authentication, AuthRefusal, TokenUse } from '../model/principal.js';
import { readBearer, type UncheckedToken } from './bearer.js';
import {
  type Audiences,
  admit,
  audiencesOf,
  type Checked,
  CLOCK_TOLERANCE,
  readClaims,
  type VerifiedToken,
} from './claims.js';
import type { Fetch } from './fetch-json.js';
import type { GroupsOf } from './graph-groups.js';
import { ASYMMETRIC, checkIssuers } from './issuer.js';
import { createKeyStore, type KeyStore, type Keys } from './keys.js';
import type { Revocations } from './revoked.js';
import { createVerifiedCache, type VerifiedCache } from './verified-cache.js';

/** How often the keys are read again in the background, milliseconds. */
const REFRESH_INTERVAL = 300_000;

/** `typ` of an access token (RFC 9068 §2.1); issuers without that profile send `JWT` or none. */
const ACCESS_TOKEN_TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

export interface AuthenticatorDeps {
  readonly issuers: readonly IssuerSettings[];
  /** Oldest interactive login with which a person may approve, milliseconds. */
  readonly approvalMaxAge: number;
  readonly digest: KeyedDigester;
  readonly clock: Clock;
  readonly fetch?: Fetch;
  /** Allows http issuers on loopback. */
  readonly demo: boolean;
  /** Issuers, by name, whose tokens may leave groups out, and where they are read then. */
  readonly groups?: ReadonlyMap<string, GroupsOf>;
  /** Absent: nobody is revoked. */
  readonly revocations?: Pick<Revocations, 'has'>;
  /** Milliseconds; 0 turns the background reading of keys off. */
  readonly refreshInterval?: number;
}

interface IssuerProblem {
  readonly issuer: string;
  readonly problem: string;
}

export interface BearerAuthenticator extends Authenticator {
  /**
   * Reads every issuer's keys once and names the issuers whose keys could not be had. The gateway may start
   * all the same: their tokens are refused as `keys_unavailable` until the keys come.
   */
  ready(): Promise<readonly IssuerProblem[]>;
  /** Issuers whose keys could not be had so far: their tokens are refused. */
  readonly keyless: number;
  /** Ends the background reading and aborts what is under way. */
  close(): void;
}

interface Trusted {
  readonly settings: IssuerSettings;
  readonly keys: KeyStore;
}

const refused = (reason: AuthRefusal, unchecked?: UncheckedToken): Authentication => ({
  ok: false,
  reason,
  claimed: unchecked?.claimed ?? {},
});

/** The reason in jose's error; what it does not name is taken for a signature that does not verify. */
const reasonOf = (error: unknown): AuthRefusal => {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return reasonOfClaim(error);
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return 'unknown_key';
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return 'algorithm';
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'malformed';
  return 'bad_signature';
};

const reasonOfClaim = (error: errors.JWTClaimValidationFailed): AuthRefusal => {
  if (error.reason === 'missing') return 'missing_claim';
  if (error.claim === 'nbf') return 'not_yet_valid';
  return error.claim === 'iss' ? 'unknown_issuer' : 'malformed';
};

const createVerifier = (deps: AuthenticatorDeps, cache: VerifiedCache) => {
  /** With the groups from elsewhere, where the token leaves them out. */
  const readWhole = async (payload: JWTPayload, token: string, issuer: IssuerSettings, now: number) => {
    const read = readClaims(payload, token, issuer, deps.digest, now);
    const groupsOf = deps.groups?.get(issuer.issuer);
    if (read.ok || read.reason !== 'groups_left_out' || !groupsOf) return read;
    const groups = typeof payload['oid'] === 'string' ? await groupsOf(payload['oid']) : undefined;
    if (!groups) return { ok: false, reason: 'groups_unavailable' } as const;
    return readClaims(payload, token, issuer, deps.digest, now, groups);
  };
  const check = async ({ token }: UncheckedToken, issuer: IssuerSettings, keys: Keys, now: number) => {
    const { payload } = await jwtVerify(token, keys.resolve, {
      issuer: issuer.issuer,
      algorithms: [...issuer.algorithms],
      clockTolerance: CLOCK_TOLERANCE,
      currentDate: new Date(now * 1000),
      requiredClaims: ['iss', 'sub', 'aud', 'exp'],
    });
    const read = await readWhole(payload, token, issuer, now);
    if (read.ok) cache.put(token, keys.generation, read.value);
    return read;
  };
  return async (
    unchecked: UncheckedToken,
    { settings, keys }: Trusted,
    now: number,
  ): Promise<Checked<VerifiedToken>> => {
    const current = await keys.current();
    if (!current) return { ok: false, reason: 'keys_unavailable' };
    const cached = cache.get(unchecked.token, current.generation);
    if (cached) return { ok: true, value: cached };
    try {
      return await check(unchecked, settings, current, now);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) return { ok: false, reason: reasonOf(error) };
    }
    try {
      return await check(unchecked, settings, (await keys.renewed()) ?? current, now);
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
  };
};

/** How clients write it; every other spelling of the scheme takes the long way. */
const SCHEME = 'Bearer ';

/** What can be refused without keys. */
const refusalOfHeader = (unchecked: UncheckedToken, settings: IssuerSettings): AuthRefusal | undefined => {
  const { algorithm, type } = unchecked;
  if (algorithm === undefined) return 'malformed';
  if (!ASYMMETRIC.has(algorithm) || !settings.algorithms.includes(algorithm)) return 'algorithm';
  return ACCESS_TOKEN_TYPES.has(type) ? undefined : 'malformed';
};

/**
 * A token that was verified under the keys of now and is admitted still, without reading it again. Whatever does
 * not pass here takes the long way, which says why.
 */
const createRemembered =
  (
    { clock, approvalMaxAge, revocations }: AuthenticatorDeps,
    cache: VerifiedCache,
    trusted: ReadonlyMap<string, Trusted>,
    audiences: Audiences,
  ) =>
  async (authorization: string | undefined, use: TokenUse): Promise<Authentication | undefined> => {
    const entry = authorization?.startsWith(SCHEME) ? cache.find(authorization.slice(SCHEME.length)) : undefined;
    const issuer = entry && trusted.get(entry.verified.principal.issuer);
    if (!entry || !issuer) return undefined;
    const current = await issuer.keys.current();
    if (current?.generation !== entry.generation) return undefined;
    const now = Math.floor(clock.now() / 1000);
    const refusal = admit(entry.verified, use, issuer.settings, audiences, now, approvalMaxAge / 1000);
    if (refusal !== undefined || revocations?.has(entry.verified.principal)) return undefined;
    return { ok: true, principal: entry.verified.principal };
  };

const trustedIssuers = (deps: AuthenticatorDeps, closed: AbortSignal): ReadonlyMap<string, Trusted> => {
  const { issuers, clock, demo, fetch = globalThis.fetch } = deps;
  const keysOf = (issuer: string): KeyStore => createKeyStore({ issuer, demo, fetch, clock, closed });
  return new Map(issuers.map((settings) => [settings.issuer, { settings, keys: keysOf(settings.issuer) }]));
};

const keylessOf = (trusted: ReadonlyMap<string, Trusted>): number =>
  [...trusted.values()].filter(({ keys }) => !keys.known).length;

/** @param interval milliseconds; 0: never */
const every = (interval: number, run: () => void): NodeJS.Timeout | undefined =>
  interval > 0 ? setInterval(run, interval).unref() : undefined;

/**
 * Checks bearer tokens against the configured issuers.
 * @throws CountersignError ISSUER_INVALID where the issuers' settings are not safe. `authenticate` never throws.
 */
export const createAuthenticator = (deps: AuthenticatorDeps): BearerAuthenticator => {
  const { issuers, clock, demo } = deps;
  checkIssuers(issuers, demo);
  const closing = new AbortController();
  const trusted = trustedIssuers(deps, closing.signal);
  const audiences = audiencesOf(issuers);
  const cache = createVerifiedCache();
  const verify = createVerifier(deps, cache);

  const authenticateToken = async (unchecked: UncheckedToken, use: TokenUse): Promise<Authentication> => {
    if (unchecked.issuer === undefined) return refused('missing_claim', unchecked);
    const issuer = trusted.get(unchecked.issuer);
    if (!issuer) return refused('unknown_issuer', unchecked);
    const early = refusalOfHeader(unchecked, issuer.settings);
    if (early) return refused(early, unchecked);
    const now = Math.floor(clock.now() / 1000);
    const verified = await verify(unchecked, issuer, now);
    if (!verified.ok) return refused(verified.reason, unchecked);
    const refusal = admit(verified.value, use, issuer.settings, audiences, now, deps.approvalMaxAge / 1000);
    if (refusal === 'expired') cache.drop(unchecked.token);
    if (refusal) return refused(refusal, unchecked);
    const { principal } = verified.value;
    return deps.revocations?.has(principal) ? refused('revoked', unchecked) : { ok: true, principal };
  };

  const remembered = createRemembered(deps, cache, trusted, audiences);
  const readAll = async (): Promise<readonly IssuerProblem[]> => {
    const read = [...trusted].map(async ([issuer, { keys }]) => ({ issuer, problem: await keys.refresh() }));
    return (await Promise.all(read)).flatMap(({ issuer, problem }) =>
      problem === undefined ? [] : [{ issuer, problem }],
    );
  };
  const timer = every(deps.refreshInterval ?? REFRESH_INTERVAL, () => void readAll());

  return {
    async authenticate(authorization, use) {
      const known = await remembered(authorization, use);
      if (known) return known;
      const bearer = readBearer(authorization);
      if (bearer.kind === 'none') return refused('no_token');
      if (bearer.kind === 'malformed') return refused('malformed');
      return authenticateToken(bearer.unchecked, use);
    },
    ready: readAll,
    get keyless() {
      return keylessOf(trusted);
    },
    close() {
      clearInterval(timer);
      closing.abort();
    },
  };
};
