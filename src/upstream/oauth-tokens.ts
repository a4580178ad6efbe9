/**
 * Access tokens that the gateway itself gets for a server: by client credentials (RFC 6749 §4.4), one for all callers,
 * or in exchange for the token of a caller (RFC 8693), so that the server knows for whom it works. Held in memory alone.
 */
import { createHash } from 'node:crypto';
import type * as Oidc from 'openid-client';
import { type Clock, timestamp } from '../base/clock.js';
import type { KeyedDigester } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import { isLoopback } from '../base/loopback.js';
import { UpstreamError } from '../model/call.js';
import type { OAuthFacts } from '../model/credential-facts.js';
import type { OAuthSettings } from '../model/credential-settings.js';

export interface OAuthToken {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly facts: OAuthFacts;
}

/** Tokens for one server. */
export interface ServerTokens {
  /**
   * The token for a caller, fetched where none that is good is held.
   * @param bearer what the caller authenticated with; tokens that are exchanged are made of it
   * @throws UpstreamError refused
   */
  get(bearer: string | undefined): Promise<OAuthToken>;
  /** The server refused it: it is used no more. */
  drop(token: OAuthToken): void;
}

export interface TokensDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly digest: KeyedDigester;
  /** The secret of the gateway as a client, as its source has it now. */
  readonly secret: {
    /** @throws CountersignError where it cannot be had */
    get(): Promise<string>;
    /** The endpoint does not take it: it may have been replaced. */
    stale(): void;
  };
}

/** Longest wait for one answer of the token endpoint, seconds. */
const TIMEOUT = 10;
/** A token is renewed this long before its end at the latest, or in the last fifth of a shorter life; milliseconds. */
const EARLY = 60_000;
/** How long a token counts whose life the endpoint does not say (RFC 6749 §5.1), milliseconds. */
const UNSAID = 60_000;
/** The endpoint is not asked again for so long after a failure, milliseconds. */
const PAUSE = 5_000;
/** Callers whose tokens are held; the one that was used longest ago goes first. */
const MOST = 10_000;
const LONGEST_TOKEN = 16_384;

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

interface Entry {
  token: OAuthToken | undefined;
  /** When the token was got, milliseconds since 1970. */
  since: number;
  fetching: Promise<OAuthToken> | undefined;
  failure: { readonly error: UpstreamError; readonly at: number } | undefined;
}

/** An unknown client or a wrong secret (RFC 6749 §5.2), which may come with a challenge in its place. */
const refusesClient = (error: unknown, oidc: typeof Oidc): boolean =>
  (error instanceof oidc.ResponseBodyError && error.error === 'invalid_client') ||
  (error instanceof oidc.WWWAuthenticateChallengeError && error.status === 401);

/** The endpoint's words are a stranger's, and its answers hold tokens: an error code alone is repeated. */
const problemOf = (error: unknown, oidc: typeof Oidc): string => {
  if (refusesClient(error, oidc)) return 'its token endpoint does not accept the gateway as a client (invalid_client)';
  const code = error instanceof oidc.ResponseBodyError ? error.error : undefined;
  if (code !== undefined && /^[\w.:-]{1,64}$/.test(code)) return `its token endpoint answered ${code}`;
  const name = error instanceof Error ? error.name : '';
  return name === 'TimeoutError' || name === 'AbortError'
    ? 'its token endpoint gave no answer in time'
    : 'its token endpoint gave no answer that can be used';
};

const connect = async (settings: OAuthSettings, secret: string): Promise<Oidc.Configuration> => {
  const oidc = await import('openid-client');
  const { at, clientId, clientAuth } = settings;
  const address = at.kind === 'issuer' ? at.issuer : at.tokenUrl;
  const auth = clientAuth === 'post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
  const insecure = address.startsWith('http:') && isLoopback(new URL(address).hostname);
  const execute = insecure ? [oidc.allowInsecureRequests] : [];
  if (at.kind === 'issuer') {
    const found = await oidc.discovery(new URL(address), clientId, undefined, auth, { timeout: TIMEOUT, execute });
    if (found.serverMetadata().issuer !== address) throw new Error('the metadata names another issuer');
    return found;
  }
  const metadata = { issuer: new URL(address).origin, token_endpoint: address };
  const made = new oidc.Configuration(metadata, clientId, undefined, auth);
  made.timeout = TIMEOUT;
  if (insecure) oidc.allowInsecureRequests(made);
  return made;
};

const parametersOf = ({ scopes, resource, audience }: OAuthSettings): Record<string, string> => ({
  ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  ...(resource !== null && { resource }),
  ...(audience !== null && { audience }),
});

class Tokens implements ServerTokens {
  private readonly entries = new Map<string, Entry>();
  private readonly what: string;
  private readonly settings: OAuthSettings;
  private readonly deps: TokensDeps;

  constructor(what: string, settings: OAuthSettings, deps: TokensDeps) {
    this.what = what;
    this.settings = settings;
    this.deps = deps;
  }

  private entry(bearer: string | undefined): Entry {
    // The caller's token itself is not kept, only what it is recognised by.
    const key = bearer === undefined ? '' : createHash('sha256').update(bearer).digest('base64');
    const entry = this.entries.get(key) ?? { token: undefined, since: 0, fetching: undefined, failure: undefined };
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size > MOST) this.entries.delete(this.entries.keys().next().value ?? '');
    return entry;
  }

  async get(bearer: string | undefined): Promise<OAuthToken> {
    const exchanges = this.settings.grant === 'token_exchange';
    if (exchanges && bearer === undefined) throw new UpstreamError('refused', 'there is no token to exchange');
    const entry = this.entry(exchanges ? bearer : undefined);
    const now = this.deps.clock.now();
    const { token, failure } = entry;
    if (token && token.expires > now) {
      const early = Math.min(EARLY, (token.expires - entry.since) / 5);
      // Serves on while the next one is fetched, and where that fails until its end.
      if (token.expires - now < early && !failed(failure, now)) this.fetch(entry, bearer).catch(() => undefined);
      return token;
    }
    if (failure && failed(failure, now)) throw failure.error;
    return this.fetch(entry, bearer);
  }

  drop(token: OAuthToken): void {
    for (const entry of this.entries.values()) if (entry.token === token) entry.token = undefined;
  }

  /** One request at a time for an entry, whoever waits for it. */
  private fetch(entry: Entry, bearer: string | undefined): Promise<OAuthToken> {
    entry.fetching ??= this.ask(bearer)
      .then(
        (token) => {
          Object.assign(entry, { token, since: this.deps.clock.now(), failure: undefined });
          return token;
        },
        (error: unknown) => {
          if (error instanceof UpstreamError) entry.failure = { error, at: this.deps.clock.now() };
          throw error;
        },
      )
      .finally(() => {
        entry.fetching = undefined;
      });
    return entry.fetching;
  }

  private async ask(bearer: string | undefined): Promise<OAuthToken> {
    const oidc = await import('openid-client');
    const { settings } = this;
    try {
      const configuration = await connect(settings, await this.deps.secret.get());
      const parameters = parametersOf(settings);
      const answer =
        settings.grant === 'client_credentials'
          ? await oidc.clientCredentialsGrant(configuration, parameters)
          : await oidc.genericGrantRequest(configuration, EXCHANGE, {
              ...parameters,
              subject_token: bearer ?? '',
              subject_token_type: ACCESS_TOKEN,
              requested_token_type: ACCESS_TOKEN,
            });
      return this.tokenOf(answer);
    } catch (error) {
      const problem = error instanceof CountersignError ? error.message : problemOf(error, oidc);
      if (refusesClient(error, oidc)) this.deps.secret.stale();
      throw new UpstreamError('refused', `the gateway got no token for ${this.what}: ${problem}`);
    }
  }

  private tokenOf(answer: Oidc.TokenEndpointResponse): OAuthToken {
    const { access_token: value, token_type: type, expires_in: life } = answer;
    // Anything else could not stand in the header (RFC 6750 §2.1).
    const isToken = /^[\w\-.~+/]+=*$/.test(value) && value.length <= LONGEST_TOKEN;
    if (!isToken || type.toLowerCase() !== 'bearer') throw new Error('no bearer token');
    const { settings, deps } = this;
    const expires = deps.clock.now() + (life === undefined ? UNSAID : life * 1000);
    const facts: OAuthFacts = {
      kind: 'oauth',
      grant: settings.grant,
      issuer: settings.at.kind === 'issuer' ? settings.at.issuer : settings.at.tokenUrl,
      client_id: settings.clientId,
      token: deps.digest('token-id', value),
      expires: timestamp(expires),
    };
    return { value, expires, facts };
  }
}

const failed = (failure: Entry['failure'], now: number): boolean => failure !== undefined && now - failure.at < PAUSE;

/** @param what the tokens are for, in what is said of failures */
export const createTokens = (what: string, settings: OAuthSettings, deps: TokensDeps): ServerTokens =>
  new Tokens(what, settings, deps);
