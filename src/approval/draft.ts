/** Transitions as records of the ledger. */
import { timestamp } from '../base/clock.js';
import type { Ulid } from '../base/ulid.js';
import type { Approval, ApprovalBinding, DecisionMeans } from '../model/approval.js';
import type { ReviewerFacts } from '../model/passkey.js';
import type { Principal } from '../model/principal.js';
import type { ApprovalRecord, RecordDraft } from '../model/record.js';
import type { Requester } from './people.js';

/** What a decision adds to its record. */
export interface DecidedBy {
  readonly reviewer: Principal;
  readonly reason: string | null;
  readonly address: string;
  readonly means: DecisionMeans;
}

/** What people call a principal. A label, never a key. */
export const labelOf = ({ name, email, subject }: Principal): string => name ?? email ?? subject;

export const personOf = ({ name, email }: Principal): string => JSON.stringify({ name, email });

export const reviewerFacts = (reviewer: Principal): ReviewerFacts => ({
  iss: reviewer.issuer,
  sub: reviewer.subject,
  groups: reviewer.groups,
  amr: reviewer.amr,
  acr: reviewer.acr,
  client_id: reviewer.clientId,
  auth_time: reviewer.authTime,
  token: reviewer.tokenId,
});

export interface TransitionFacts {
  readonly approval: Approval;
  readonly requester: Requester;
  readonly event: ApprovalRecord['event'];
  /** Distinct approvals, this one included. */
  readonly approved: number;
  readonly decided?: DecidedBy;
  readonly call?: Ulid;
  /** The call that uses a window, where it is another than the one asked for. */
  readonly binding?: ApprovalBinding;
}

const body = (facts: TransitionFacts): ApprovalRecord => {
  const { approval, requester, event, approved, decided, call, binding = approval.binding } = facts;
  const { window } = approval;
  return {
    event,
    approval: approval.id,
    rule: approval.rule,
    session: approval.session,
    requester: {
      iss: requester.issuer,
      sub: requester.subject,
      act: requester.actor,
      client_id: requester.clientId,
      groups: approval.requester.groups,
    },
    policy_rule: approval.policyRule,
    every_group: approval.everyGroup,
    passkey_required: approval.passkey,
    window: window && { ms: window.duration, uses: window.uses, tools: window.tools },
    uses: approval.uses,
    passkey: decided?.means.passkey ?? null,
    server: binding.server,
    tool: binding.tool,
    args: binding.args,
    definition: binding.definition,
    policy: binding.policy,
    deadline: timestamp(approval.deadline),
    needed: approval.needed,
    approved,
    reviewers: approval.reviewers,
    by: decided ? reviewerFacts(decided.reviewer) : null,
    channel: decided?.means.channel ?? null,
    address: decided?.address ?? null,
    call: call ?? null,
  };
};

/** The record that opens a request, with what the reviewers are shown. */
export const requestedDraft = (approval: Approval, requester: Requester, principal: Principal): RecordDraft => ({
  type: 'approval',
  d: body({ approval, requester, event: 'requested', approved: 0 }),
  payloads: {
    args: approval.maskedArgs,
    person: personOf(principal),
    tool: JSON.stringify(approval.tool),
    ...(approval.requester.reason !== null && { reason: JSON.stringify(approval.requester.reason) }),
  },
});

/** The record of any later transition. */
export const transitionDraft = (facts: TransitionFacts): RecordDraft => ({
  type: 'approval',
  d: body(facts),
  ...(facts.decided && {
    payloads: {
      person: personOf(facts.decided.reviewer),
      ...(facts.decided.reason !== null && { reason: JSON.stringify(facts.decided.reason) }),
    },
  }),
});
