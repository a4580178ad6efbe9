import type { KeyedDigest } from '../base/digest.js';

/** Who acts: issuer and subject of a validated token. E-mail and name are labels, never keys. */
export interface Principal {
  /** `iss` of the token (RFC 7519 §4.1.1). */
  readonly issuer: string;
  /** `sub` of the token. */
  readonly subject: string;
  /** A workload has a token without a person (client credentials). */
  readonly kind: 'human' | 'workload';
  /** Groups as the token asserted them, sorted, without repeats. */
  readonly groups: readonly string[];
  /** Further claims, where the configuration says to keep them: the texts of each. */
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly clientId: string | null;
  /** Subject of the `act` claim (RFC 8693 §4.1): the agent that acts for this principal. */
  readonly actor: string | null;
  /** Authentication methods (RFC 8176). */
  readonly amr: readonly string[];
  readonly acr: string | null;
  /** When the person logged in, seconds since 1970 (OpenID Connect Core §2), where the token says so. */
  readonly authTime: number | null;
  /** Keyed digest of the token: names it without holding it. */
  readonly tokenId: KeyedDigest;
  /** `exp`, seconds since 1970. */
  readonly expiresAt: number;
  readonly name: string | null;
  readonly email: string | null;
}

/** The stable key of a principal. */
export type PrincipalKey = `${string}|${string}`;

export const principalKey = (p: { readonly issuer: string; readonly subject: string }): PrincipalKey =>
  `${p.issuer}|${p.subject}`;

/** What a token is for. One that is valid for the one use is never valid for the other. */
export type TokenUse = 'mcp' | 'approval';

/** Why a token was refused. */
export type AuthRefusal =
  | 'no_token'
  | 'malformed'
  | 'unknown_issuer'
  | 'algorithm'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_audience'
  | 'expired'
  | 'not_yet_valid'
  | 'missing_claim'
  | 'stale_login'
  | 'insufficient_scope'
  | 'revoked'
  | 'groups_left_out'
  | 'groups_unavailable'
  | 'keys_unavailable';

export type Authentication =
  | { readonly ok: true; readonly principal: Principal }
  | {
      readonly ok: false;
      readonly reason: AuthRefusal;
      /** What the token claimed before anything was checked; for the record, never for a decision. */
      readonly claimed: { readonly issuer?: string; readonly subject?: string; readonly keyId?: string };
    };
