import type { KeyedDigest } from '../base/digest.js';
import type { Ulid } from '../base/ulid.js';
import type { Principal, PrincipalKey } from './principal.js';

/** What a grant is for: exactly this call. Any difference means a new request. */
export interface ApprovalBinding {
  readonly principal: PrincipalKey;
  readonly server: string;
  readonly tool: string;
  /** Keyed digest of the canonical arguments (RFC 8785). */
  readonly args: KeyedDigest;
  /** Digest of the tool's definition as last listed; null where it was never listed. */
  readonly definition: string | null;
  /** Digest of the policy that asked for approval. */
  readonly policy: string;
}

/** `pending` until enough people approved, one denied, or the deadline passed. */
export type ApprovalState = 'pending' | 'granted' | 'consumed' | 'denied' | 'expired' | 'cancelled';

export interface ApprovalDecision {
  readonly by: PrincipalKey;
  /** Label of the person, for people. */
  readonly name: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An approval request with all that has happened to it, as the ledger tells. */
export interface Approval {
  readonly id: Ulid;
  readonly binding: ApprovalBinding;
  readonly session: Ulid;
  /** Name of the approval rule (`approvals:` in the configuration). */
  readonly rule: string;
  readonly requester: { readonly key: PrincipalKey; readonly name: string };
  /** Masked arguments, compact JSON. */
  readonly maskedArgs: string;
  readonly requestedAt: number;
  /** Absolute end of the request and of an unused grant, milliseconds since 1970. */
  readonly deadline: number;
  /** Distinct people needed. */
  readonly needed: number;
  readonly reviewers: readonly string[];
  readonly decisions: readonly ApprovalDecision[];
  readonly state: ApprovalState;
}

/** One call that policy wants approved. */
export interface ApprovalAsk {
  readonly binding: ApprovalBinding;
  readonly rule: string;
  readonly principal: Principal;
  readonly session: Ulid;
  readonly maskedArgs: string;
}

/** How an ask ended, or how it stands when the wait is over. */
export type ApprovalOutcome =
  | { readonly state: 'consumed'; readonly approval: Ulid }
  | {
      readonly state: 'pending' | 'denied' | 'expired' | 'cancelled';
      /** Null where no request could be opened: too many are open, or the approval rule is unknown. */
      readonly approval: Ulid | null;
      readonly reason: string;
    };

/** Why a decision was not taken. */
export type DecisionRefusal =
  | 'not_found'
  | 'not_pending'
  | 'own_request'
  | 'not_reviewer'
  | 'already_decided'
  | 'reason_required';
