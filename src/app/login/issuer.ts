/** An issuer as a login speaks with it: its metadata, its tokens, and its failures in words. */
import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { CountersignError, reason } from '../../base/errors.js';
import { isTrustworthyUrl } from '../../identity/issuer.js';
import type { StoredToken } from '../token-store.js';

/** Longest wait for one answer of the issuer, seconds. */
const TIMEOUT = 10;
const SCOPES = ['openid', 'profile', 'email', 'groups'];

export const unavailable = (problem: string) => new CountersignError('LOGIN_UNAVAILABLE', { problem });
export const failed = (problem: string) => new CountersignError('LOGIN_FAILED', { problem });

/** The issuer's words are a stranger's, and its answers hold tokens: only short, printable text is repeated. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 200);

/** A failure of a login in words. */
export const explain = (error: unknown): CountersignError => {
  if (error instanceof CountersignError) return error;
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    return failed(`the issuer answered ${printable(error.error)}`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${reason(error.cause)}` : '';
  return failed(printable(reason(error) + cause));
};

/**
 * Reads the issuer's metadata.
 * @throws CountersignError LOGIN_UNAVAILABLE, LOGIN_FAILED
 */
export const discover = async (issuer: string, clientId: string, demo: boolean): Promise<oidc.Configuration> => {
  if (!isTrustworthyUrl(issuer, demo)) throw unavailable(`${issuer} is no https address`);
  const execute = demo && issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  const options = { timeout: TIMEOUT, execute };
  const configuration = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), options);
  const metadata = configuration.serverMetadata();
  if (metadata.issuer !== issuer) throw failed('the metadata names another issuer');
  return configuration;
};

/**
 * Scopes to ask for, of those the issuer says it has.
 * @param renewable whether the login shall be renewed without the person (OpenID Connect Core §11)
 */
export const scopeOf = (configuration: oidc.Configuration, renewable: boolean): string => {
  const supported = configuration.serverMetadata().scopes_supported ?? SCOPES.slice(0, 3);
  const wanted = renewable ? [...SCOPES, 'offline_access'] : SCOPES;
  return wanted.filter((scope) => supported.includes(scope)).join(' ');
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Expiry of an access token, seconds since 1970, where the gateway would take it for this audience (RFC 8707). */
export const expiryOf = (accessToken: string, audience: string): number => {
  const claims = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(accessToken) ? decodeJwt(accessToken) : undefined;
  if (claims?.exp === undefined) throw failed('the issuer gave no access token that the gateway can check');
  if (![claims.aud].flat().includes(audience)) throw failed(`the issuer gave a token that is not for ${audience}`);
  return Math.floor(claims.exp);
};

/** What is stored of a login. Refuses at once what the gateway would refuse later. */
export const toStored = (
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  audience: string,
  { issuer, clientId, renewable }: { readonly issuer: string; readonly clientId: string; readonly renewable: boolean },
): StoredToken => {
  const person = tokens.claims();
  if (!person) throw failed('the issuer does not say who logged in');
  return {
    issuer,
    clientId,
    audience,
    accessToken: tokens.access_token,
    expiresAt: expiryOf(tokens.access_token, audience),
    subject: person.sub,
    name: text(person['name']),
    email: text(person['email']),
    authTime: typeof person.auth_time === 'number' ? Math.floor(person.auth_time) : null,
    ...(renewable && tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
  };
};
