/** Upstream credentials as records name them. */
import type { KeyedDigest } from '../base/digest.js';

/** The AWS credential in use upstream. Key ids are names, not secrets. */
export interface AwsFacts {
  readonly kind: 'aws';
  readonly role_arn: string;
  readonly access_key_id: string;
  readonly session_name: string;
  readonly source_identity: string;
  /** RFC 3339. */
  readonly expires: string;
  /** Names of the session tags, and SHA-256 of the session policy; absent where there are none. */
  readonly tags?: readonly string[];
  readonly session_policy?: string;
}

/** The access token in use upstream, by name. */
export interface OAuthFacts {
  readonly kind: 'oauth';
  readonly grant: 'client_credentials' | 'token_exchange';
  /** Issuer, or the address of its token endpoint. */
  readonly issuer: string;
  /** The gateway as that issuer's client. */
  readonly client_id: string;
  readonly token: KeyedDigest;
  /** RFC 3339. */
  readonly expires: string;
}

/** The upstream credential in use. */
export type CredentialFacts = AwsFacts | OAuthFacts;
