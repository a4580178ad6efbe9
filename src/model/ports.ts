/** Interfaces between stations. Each comment is the contract; `app/wire.ts` puts the implementations in. */
import type { Ulid } from '../base/ulid.js';
import type { Approval, ApprovalAsk, ApprovalOutcome, DecisionMeans, DecisionRefusal } from './approval.js';
import type { Decision, PolicyCall, PolicyUse } from './decision.js';
import type { Authentication, Principal, TokenUse } from './principal.js';
import type { Receipt, RecordDraft } from './record.js';

/** The one writer of the ledger. */
export interface Ledger {
  /**
   * Resolves only when the record and its payloads are on disk under a signed checkpoint.
   * Rejects with LEDGER_WRITE_FAILED once a write or sync has failed, and for ever after:
   * the caller then refuses the call.
   */
  append(draft: RecordDraft): Promise<Receipt>;
  /** Whether `append` can still succeed. */
  readonly healthy: boolean;
  /** Writes `stop` with the reason, waits for what is under way, releases the lock. */
  close(reason: string): Promise<void>;
}

/** Checks bearer tokens (RFC 6750) against the configured issuers. Never throws; an error means refusal. */
export interface Authenticator {
  authenticate(authorization: string | undefined, use: TokenUse): Promise<Authentication>;
}

/** Decides without I/O. An unknown server, tool or method is a denial. */
export interface Policy {
  /** SHA-256 of the canonical rules. */
  readonly digest: string;
  decide(principal: Principal, call: PolicyCall): Decision;
  /** Whether some arguments could let this principal use it: what lists are filtered by, never what a call is. */
  mayUse(principal: Principal, use: PolicyUse): boolean;
}

type Decided =
  | { readonly ok: true; readonly approval: Approval }
  | { readonly ok: false; readonly reason: DecisionRefusal };

/** The workflow of approvals. Every transition is durable before it has effect. */
export interface Approvals {
  /**
   * Finds the live request for exactly this binding, or opens one, and waits at most `waitMs`.
   * `consumed` is returned to exactly one caller per grant, after the record of it is durable.
   * When `signal` aborts the ask is withdrawn: it never consumes afterwards. A grant stays for a retry.
   */
  acquire(ask: ApprovalAsk, call: Ulid, waitMs: number, signal: AbortSignal): Promise<ApprovalOutcome>;
  /**
   * Whether this ask goes on with a call that has run under the grant already: for the same call, while the grant is
   * neither revoked nor over. It uses nothing up. Null: it does not, and the call must not run.
   */
  continuation(id: Ulid, ask: ApprovalAsk): { readonly revoked: AbortSignal } | null;
  list(): readonly Approval[];
  get(id: Ulid): Approval | undefined;
  /**
   * One person's verdict. The requester, and whoever answers for the requesting agent, is refused,
   * whatever their groups.
   */
  decide(
    id: Ulid,
    reviewer: Principal,
    verdict: 'approve' | 'deny',
    reason: string | null,
    address: string,
    means?: DecisionMeans,
  ): Promise<Decided>;
  /**
   * Ends a grant, and the calls in flight under it, or withdraws a request. A reviewer may end a grant; the
   * requester may end and withdraw their own.
   */
  revoke(
    id: Ulid,
    by: Principal,
    reason: string | null,
    address: string,
    channel?: DecisionMeans['channel'],
  ): Promise<Decided>;
  /** Expires what is past its deadline. */
  sweep(): Promise<void>;
}
