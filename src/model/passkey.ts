/** Passkeys of reviewers (W3C Web Authentication) as records hold them. */
import type { KeyedDigest } from '../base/digest.js';

/** What a passkey signed (WebAuthn §6.3.3), enough to verify it offline. All base64url without padding. */
export interface PasskeyAssertion {
  readonly credential: string;
  readonly authenticator_data: string;
  readonly client_data: string;
  readonly signature: string;
  /** COSE key (RFC 9052 §7). */
  readonly public_key: string;
}

/** Who did something to an approval or a passkey, as their token said at that moment. */
export interface ReviewerFacts {
  readonly iss: string;
  readonly sub: string;
  readonly groups: readonly string[];
  readonly amr: readonly string[];
  readonly acr: string | null;
  readonly client_id: string | null;
  /** Seconds since 1970. */
  readonly auth_time: number | null;
  readonly token: KeyedDigest;
}

/**
 * `passkey`: what became of a passkey of a reviewer. `requested`: it waits for a second person; `enrolled`: it counts
 * from here on; `refused`, `removed`: it does not, or no longer. Payload: `person`, of whoever did it.
 */
export interface PasskeyRecord {
  readonly event: 'requested' | 'enrolled' | 'refused' | 'removed';
  /** Credential id and COSE public key, base64url. */
  readonly credential: string;
  readonly public_key: string;
  /** Domain that the passkey is bound to. */
  readonly rp: string;
  /** Kind of authenticator, a UUID; all zeros where it does not say. */
  readonly aaguid: string;
  /** Whose passkey it is. */
  readonly owner: { readonly iss: string; readonly sub: string };
  /** Who did it: the owner, or the second person who confirms or refuses. */
  readonly by: ReviewerFacts;
  readonly address: string;
}
