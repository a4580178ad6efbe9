/** What a person is shown of a request: the JSON of the approvals API. */
import { timestamp } from '../../base/clock.js';
import type { Approval } from '../../model/approval.js';

export interface ApprovalView {
  readonly id: string;
  readonly state: Approval['state'];
  readonly rule: string;
  readonly server: string;
  readonly tool: string;
  readonly session: string;
  /** Label of whoever asks. */
  readonly requester: string;
  /** Whether the one who looks asked for it, and so cannot decide it. */
  readonly own: boolean;
  /** RFC 3339. */
  readonly requestedAt: string;
  readonly deadline: string;
  readonly needed: number;
  readonly approved: number;
  readonly reviewers: readonly string[];
  readonly requireReason: boolean;
  readonly decisions: readonly {
    readonly name: string;
    readonly verdict: 'approve' | 'deny';
    readonly reason: string | null;
    readonly at: string;
  }[];
  /** Whether every one of the groups must approve. */
  readonly everyGroup: boolean;
  /** Whether a passkey must sign an approval. */
  readonly passkey: boolean;
  /** Why, in the requester's words. */
  readonly requestReason: string | null;
  /** A grant for several calls: how many it served, of how many, of which tools; null for the one call. */
  readonly window: { readonly uses: number; readonly of: number; readonly tools: readonly string[] } | null;
  readonly policyRule: string | null;
  /** Digest of the policy that asked for approval. */
  readonly policy: string;
}

/** With the masked arguments as JSON text, so that no number changes on the way. */
export interface ApprovalDetail extends ApprovalView {
  readonly arguments: string;
}

export interface ViewFacts {
  readonly own: boolean;
  readonly requireReason: boolean;
}

export const viewOf = (approval: Approval, { own, requireReason }: ViewFacts): ApprovalView => ({
  id: approval.id,
  state: approval.state,
  rule: approval.rule,
  server: approval.binding.server,
  tool: approval.binding.tool,
  session: approval.session,
  requester: approval.requester.name,
  own,
  requestedAt: timestamp(approval.requestedAt),
  deadline: timestamp(approval.deadline),
  needed: approval.needed,
  approved: approval.decisions.filter(({ verdict }) => verdict === 'approve').length,
  reviewers: approval.reviewers,
  requireReason,
  decisions: approval.decisions.map(({ name, verdict, reason, at }) => ({ name, verdict, reason, at: timestamp(at) })),
  everyGroup: approval.everyGroup,
  passkey: approval.passkey,
  requestReason: approval.requester.reason,
  window: approval.window && {
    uses: approval.uses,
    of: approval.window.uses,
    tools: approval.window.tools.length > 0 ? approval.window.tools : [approval.binding.tool],
  },
  policyRule: approval.policyRule,
  policy: approval.binding.policy,
});

export const detailOf = (approval: Approval, facts: ViewFacts): ApprovalDetail => ({
  ...viewOf(approval, facts),
  arguments: approval.maskedArgs,
});
