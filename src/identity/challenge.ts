/** What a client without a valid token is told: RFC 6750 §3, RFC 9470 §3 and RFC 9728. Pure. */
import type { AuthRefusal } from '../model/principal.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const DESCRIPTIONS: Readonly<Record<Exclude<AuthRefusal, 'no_token'>, string>> = {
  malformed: 'the token is not a well-formed access token',
  unknown_issuer: 'the token is from an issuer that is not trusted here',
  algorithm: 'the signature algorithm of the token is not allowed',
  unknown_key: 'the key of the token is not one its issuer publishes',
  bad_signature: 'the signature of the token does not verify',
  wrong_audience: 'the token is for another audience',
  expired: 'the token has expired',
  not_yet_valid: 'the token is not valid yet',
  missing_claim: 'the token lacks a required claim',
  stale_login: 'the login is not a recent one by the person in person',
  insufficient_scope: 'the token lacks a scope that calls need',
  revoked: 'the account or the token was revoked',
  groups_left_out: 'the token leaves out groups for their number, and the gateway is not set up to read them elsewhere',
  groups_unavailable: 'the token leaves out groups for their number, and they cannot be read at present',
  keys_unavailable: 'the keys of the issuer cannot be read at present',
};

/** RFC 9470 §3 and RFC 6750 §3.1; everything else is `invalid_token`. */
const ERRORS: Partial<Record<AuthRefusal, string>> = {
  stale_login: 'insufficient_user_authentication',
  insufficient_scope: 'insufficient_scope',
};

export interface ChallengeAsk {
  /** Absolute address of the protected-resource metadata; clients refuse a relative one. */
  readonly metadataUrl: string;
  readonly reason: AuthRefusal;
  /** All scopes the resource asks for, separated by spaces. */
  readonly scope?: string;
  /** Oldest login accepted, seconds; told where the login was too old. */
  readonly maxAge?: number;
}

/** A quoted-string (RFC 9110 §5.6.4); control characters cannot stand in a header and are dropped. */
const quoted = (text: string): string =>
  `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, (character) => `\\${character}`)}"`;

/** The value of `WWW-Authenticate` for a 401, or a 403 where a scope is missing. Says no error where no token was sent (RFC 6750 §3.1). */
export const unauthorizedChallenge = ({ metadataUrl, reason, scope, maxAge }: ChallengeAsk): string => {
  const parameters: string[] = [];
  if (reason !== 'no_token') {
    const error = ERRORS[reason] ?? 'invalid_token';
    parameters.push(`error="${error}"`, `error_description=${quoted(DESCRIPTIONS[reason])}`);
  }
  if (reason === 'stale_login' && maxAge !== undefined) parameters.push(`max_age="${Math.floor(maxAge)}"`);
  if (scope !== undefined) parameters.push(`scope=${quoted(scope)}`);
  parameters.push(`resource_metadata=${quoted(metadataUrl)}`);
  return `Bearer ${parameters.join(', ')}`;
};

/** Where the metadata of a resource is served: the well-known path before the resource's own (RFC 9728 §3.1). */
export const protectedResourceMetadataUrl = (resource: string): string => {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
};

export interface ProtectedResource {
  /** The address the user configured in the client, without a trailing slash: clients compare it as text. */
  readonly resource: string;
  readonly issuers: readonly string[];
  /** Shown to people. */
  readonly name: string;
  readonly scopes?: readonly string[];
}

export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
  readonly resource_name: string;
  readonly scopes_supported?: readonly string[];
}

/** The metadata document of one protected resource (RFC 9728 §2). */
export const protectedResourceMetadata = (of: ProtectedResource): ProtectedResourceMetadata => ({
  resource: of.resource,
  authorization_servers: of.issuers,
  bearer_methods_supported: ['header'],
  resource_name: of.name,
  ...(of.scopes && { scopes_supported: of.scopes }),
});
