/** Login on the command line: authorization code with PKCE through the person's browser (RFC 8252, RFC 7636). */
import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { CountersignError, reason } from '../base/errors.js';
import { isTrustworthyUrl } from '../identity/issuer.js';
import type { IssuerSettings } from '../model/identity-settings.js';
import type { TokenUse } from '../model/principal.js';
import type { Settings } from '../model/settings.js';
import { openBrowser } from './browser.js';
import { type Callback, listenForCallback } from './loopback.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** Longest time a person may take, milliseconds. */
const DEADLINE = 300_000;
/** Longest wait for one answer of the issuer, seconds. */
const TIMEOUT = 10;
const SCOPES = ['openid', 'profile', 'email', 'groups'];

export interface LoginAsk {
  /** One of the configured issuers; needed where there are several. */
  readonly issuer?: string;
  /** Absent: every use that the issuer has an audience for. */
  readonly uses?: readonly TokenUse[];
  /** Port of the loopback listener; 0 for a free one. */
  readonly port?: number;
}

export interface LoginDeps {
  readonly store: TokenStore;
  /** Tells the person the address to open. */
  readonly announce: (url: URL, use: TokenUse) => void;
  /** Opens the address; the default asks the desktop. */
  readonly open?: (url: URL) => void;
  readonly clock?: Clock;
  /** Milliseconds. */
  readonly deadline?: number;
}

/** A login without its token. */
export interface LoginSummary {
  readonly use: TokenUse;
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly audience: string;
  /** RFC 3339. */
  readonly loggedInAt: string | null;
  readonly expiresAt: string;
}

const seconds = (at: number): string => timestamp(at * 1000);

const summary = (use: TokenUse, token: StoredToken): LoginSummary => ({
  use,
  issuer: token.issuer,
  subject: token.subject,
  name: token.name,
  email: token.email,
  audience: token.audience,
  loggedInAt: token.authTime === null ? null : seconds(token.authTime),
  expiresAt: seconds(token.expiresAt),
});

const unavailable = (problem: string) => new CountersignError('LOGIN_UNAVAILABLE', { problem });
const failed = (problem: string) => new CountersignError('LOGIN_FAILED', { problem });

/** The issuer's words are a stranger's, and its answers hold tokens: only short, printable text is repeated. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 200);

const explain = (error: unknown): CountersignError => {
  if (error instanceof CountersignError) return error;
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    return failed(`the issuer answered ${printable(error.error)}`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${reason(error.cause)}` : '';
  return failed(printable(reason(error) + cause));
};

const chooseIssuer = ({ issuers }: Settings, wanted: string | undefined): IssuerSettings => {
  const found = wanted === undefined ? issuers : issuers.filter(({ issuer }) => issuer === wanted);
  const [first] = found;
  if (!first) throw unavailable(`${wanted ?? 'no issuer'} is not in the configuration`);
  if (found.length > 1) throw unavailable(`there are several issuers: ${found.map(({ issuer }) => issuer).join(', ')}`);
  return first;
};

interface Target {
  readonly use: TokenUse;
  readonly audience: string;
}

const audienceOf = ({ audience, approvalAudience }: IssuerSettings, use: TokenUse): string | null =>
  use === 'approval' ? approvalAudience : (audience[0] ?? null);

/** The approval first: it asks for the person anew, and the login for calls can then use that session. */
const targetsOf = (issuer: IssuerSettings, uses: readonly TokenUse[] | undefined): readonly Target[] =>
  (['approval', 'mcp'] as const).flatMap((use) => {
    const audience = audienceOf(issuer, use);
    if (audience !== null) return uses === undefined || uses.includes(use) ? [{ use, audience }] : [];
    if (uses?.includes(use)) throw unavailable(`${issuer.issuer} has no audience for ${use}`);
    return [];
  });

interface Session {
  readonly configuration: oidc.Configuration;
  readonly callback: Callback;
  readonly clientId: string;
  readonly issuer: string;
  /** Oldest login for approvals, seconds. */
  readonly maxAge: number;
  readonly signal: AbortSignal;
}

const discover = async (issuer: string, clientId: string, demo: boolean): Promise<oidc.Configuration> => {
  if (!isTrustworthyUrl(issuer, demo)) throw unavailable(`${issuer} is no https address`);
  const execute = demo && issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  const options = { timeout: TIMEOUT, execute };
  const configuration = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), options);
  const metadata = configuration.serverMetadata();
  if (metadata.issuer !== issuer) throw failed('the metadata names another issuer');
  if (!isTrustworthyUrl(metadata.authorization_endpoint ?? '', demo)) {
    throw failed('the issuer has no https address for logins');
  }
  return configuration;
};

const obtain = async ({ use, audience }: Target, session: Session, deps: LoginDeps): Promise<StoredToken> => {
  const { configuration, callback, maxAge } = session;
  const supported = configuration.serverMetadata().scopes_supported ?? SCOPES.slice(0, 3);
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: callback.redirectUri,
    scope: SCOPES.filter((scope) => supported.includes(scope)).join(' '),
    resource: audience,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...(use === 'approval' && { prompt: 'login', max_age: String(maxAge) }),
  });
  deps.announce(url, use);
  (deps.open ?? openBrowser)(url);
  const response = await callback.next(expectedState, session.signal);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, ...(use === 'approval' && { maxAge }) };
  const tokens = await oidc.authorizationCodeGrant(configuration, response, checks, { resource: audience });
  return toStored(tokens, audience, session);
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Refuses at once what the gateway would refuse later: a token that is no JWT, or is for another audience. */
const toStored = (
  tokens: Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>,
  audience: string,
  { issuer, clientId }: Session,
): StoredToken => {
  const person = tokens.claims();
  const claims = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(tokens.access_token) ? decodeJwt(tokens.access_token) : undefined;
  if (!person || claims?.exp === undefined) throw failed('the issuer gave no access token that the gateway can check');
  if (![claims.aud].flat().includes(audience)) throw failed(`the issuer gave a token that is not for ${audience}`);
  return {
    issuer,
    clientId,
    audience,
    accessToken: tokens.access_token,
    expiresAt: Math.floor(claims.exp),
    subject: person.sub,
    name: text(person['name']),
    email: text(person['email']),
    authTime: typeof person.auth_time === 'number' ? Math.floor(person.auth_time) : null,
  };
};

/**
 * Logs a person in at a configured issuer and stores one token per use. Nothing returned or announced is a secret.
 * @throws CountersignError LOGIN_UNAVAILABLE, LOGIN_FAILED, TOKEN_STORE
 */
export const logIn = async (settings: Settings, ask: LoginAsk, deps: LoginDeps): Promise<readonly LoginSummary[]> => {
  const issuer = chooseIssuer(settings, ask.issuer);
  const targets = targetsOf(issuer, ask.uses);
  if (issuer.clientId === null) throw unavailable(`${issuer.issuer} has no clientId`);
  const callback = await listenForCallback(ask.port ?? 0);
  try {
    const session: Session = {
      configuration: await discover(issuer.issuer, issuer.clientId, settings.demo),
      callback,
      clientId: issuer.clientId,
      issuer: issuer.issuer,
      maxAge: Math.floor(settings.approvalMaxAge / 1000),
      signal: AbortSignal.timeout(deps.deadline ?? DEADLINE),
    };
    const done: LoginSummary[] = [];
    for (const target of targets) {
      const token = await obtain(target, session, deps);
      await deps.store.put(target.use, token);
      done.push(summary(target.use, token));
    }
    return done;
  } catch (error) {
    throw explain(error);
  } finally {
    callback.close();
  }
};

/**
 * The logins that are good now.
 * @throws CountersignError NOT_LOGGED_IN where none is; TOKEN_STORE
 */
export const whoAmI = (store: TokenStore, clock: Clock = systemClock()): readonly LoginSummary[] => {
  const logins = (['mcp', 'approval'] as const).flatMap((use) => {
    const token = store.get(use);
    return token && token.expiresAt * 1000 > clock.now() ? [summary(use, token)] : [];
  });
  if (logins.length > 0) return logins;
  throw new CountersignError('NOT_LOGGED_IN', {
    use: 'calls or approvals',
    problem: 'no login is stored that is still good',
  });
};
