import type { KeyedDigest } from '../base/digest.js';
import type { Ulid } from '../base/ulid.js';
import type { PasskeyAssertion } from './passkey.js';
import type { Principal, PrincipalKey } from './principal.js';
import type { ApprovalWindow } from './settings.js';

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
export type ApprovalState = 'pending' | 'granted' | 'consumed' | 'denied' | 'expired' | 'cancelled' | 'revoked';

/** How a decision came. */
export interface DecisionMeans {
  readonly channel: 'api' | 'web';
  /** Verified by whoever passes it: of the reviewer's passkey, over the leaf hash of the `requested` record. */
  readonly passkey: PasskeyAssertion | null;
}

export interface ApprovalDecision {
  readonly by: PrincipalKey;
  /** Label of the person, for people. */
  readonly name: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Groups of the person, as asserted at that moment. */
  readonly groups: readonly string[];
  /** Whether the person's passkey signed it. */
  readonly signed: boolean;
}

/** What the server says of the tool; nobody has checked it. */
export interface ToolFacts {
  readonly description: string | null;
  readonly destructive: boolean;
}

/** An approval request with all that has happened to it, as the ledger tells. */
export interface Approval {
  readonly id: Ulid;
  readonly binding: ApprovalBinding;
  readonly session: Ulid;
  /** Name of the approval rule (`approvals:` in the configuration). */
  readonly rule: string;
  /** Policy rule that asked. */
  readonly policyRule: string | null;
  readonly requester: {
    readonly key: PrincipalKey;
    readonly name: string;
    readonly groups: readonly string[];
    /** Agent that acted for the person. */
    readonly agent: string | null;
    /** Why, in the requester's words; masked. */
    readonly reason: string | null;
  };
  readonly tool: ToolFacts;
  /** Masked arguments, compact JSON. */
  readonly maskedArgs: string;
  readonly requestedAt: number;
  /** Absolute end of the request and then of the grant, milliseconds since 1970. */
  readonly deadline: number;
  /** Distinct people needed. */
  readonly needed: number;
  readonly reviewers: readonly string[];
  /** Whether every one of the groups must approve, each by another person. */
  readonly everyGroup: boolean;
  /** Whether an approval must be signed with a passkey. */
  readonly passkey: boolean;
  /** Null: the grant is for the one call. */
  readonly window: ApprovalWindow | null;
  /** Calls that used the grant. */
  readonly uses: number;
  /** Definition of each tool at its first use in the window. */
  readonly definitions: Readonly<Record<string, string | null>>;
  /** Leaf hash of the `requested` record, hex: what a passkey signs. Null until it is on disk. */
  readonly leaf: string | null;
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
  readonly policyRule?: string | null;
  /** Why, in the requester's words; masked. */
  readonly reason?: string | null;
  readonly tool?: ToolFacts;
}

/** How an ask ended, or how it stands when the wait is over. */
export type ApprovalOutcome =
  | {
      readonly state: 'consumed';
      readonly approval: Ulid;
      /** Aborts when the grant is revoked: calls in flight under it end. */
      readonly revoked: AbortSignal;
    }
  | {
      readonly state: 'pending';
      readonly approval: Ulid;
      readonly reason: string;
      /** When the request ends, milliseconds since 1970. */
      readonly deadline: number;
    }
  | {
      readonly state: 'denied' | 'expired' | 'cancelled' | 'revoked';
      /** Null where no request could be opened: too many are open, or the approval rule is unknown. */
      readonly approval: Ulid | null;
      readonly reason: string;
    };

/** Why a decision was not taken. */
export type DecisionRefusal =
  | 'not_found'
  | 'expired'
  | 'withdrawn'
  | 'decided'
  | 'own_request'
  | 'not_reviewer'
  | 'already_decided'
  | 'reason_required'
  | 'mfa_required'
  | 'passkey_required'
  | 'not_granted';
