/** The life of one approval request, without I/O: `pending → granted → consumed`, or denied, expired, cancelled. */
import type { Approval, ApprovalDecision, DecisionRefusal } from '../model/approval.js';
import type { Principal } from '../model/principal.js';
import { principalKey } from '../model/principal.js';
import { isPerson, type People, type Requester } from './people.js';

/** One thing that happened to a request. */
export type Transition =
  | { readonly event: 'approved' | 'denied'; readonly decision: ApprovalDecision }
  | { readonly event: 'granted' | 'consumed' | 'expired' | 'cancelled' };

export const isOpen = ({ state }: Approval): boolean => state === 'pending' || state === 'granted';

/** Distinct people who approved: one person's several accounts count once. */
export const approvedBy = (people: People, { decisions }: Approval): number => {
  const counted: ApprovalDecision[] = [];
  for (const decision of decisions) {
    if (decision.verdict !== 'approve') continue;
    if (!counted.some((earlier) => people.same(earlier.by, decision.by))) counted.push(decision);
  }
  return counted.length;
};

/**
 * The request after a transition. Final states stay as they are and a grant comes only from `pending`,
 * so no order of events, a replayed one included, can bring a request back.
 */
export const evolve = (approval: Approval, transition: Transition): Approval => {
  if (!isOpen(approval)) return approval;
  switch (transition.event) {
    case 'approved':
    case 'denied': {
      if (approval.state !== 'pending') return approval;
      const decisions = [...approval.decisions, transition.decision];
      return { ...approval, decisions, state: transition.event === 'denied' ? 'denied' : 'pending' };
    }
    case 'granted':
      return approval.state === 'pending' ? { ...approval, state: 'granted' } : approval;
    case 'consumed':
      return approval.state === 'granted' ? { ...approval, state: 'consumed' } : approval;
    default:
      return { ...approval, state: transition.event };
  }
};

export interface Verdict {
  readonly approval: Approval;
  readonly requester: Requester;
  readonly reviewer: Principal;
  readonly reason: string | null;
  readonly requireReason: boolean;
}

/**
 * Why this person may not decide this request now; null where they may. Whether they may at all comes
 * first, so that the answer tells an outsider nothing of the request. No group is an exception to any rule.
 */
export const refusal = (people: People, verdict: Verdict): DecisionRefusal | null => {
  const { approval, requester, reviewer, reason } = verdict;
  const by = principalKey(reviewer);
  if (people.own(requester, by)) return 'own_request';
  const reviews = reviewer.groups.some((group) => approval.reviewers.includes(group));
  if (!reviews || !isPerson(people, reviewer)) return 'not_reviewer';
  if (approval.decisions.some((decision) => people.same(decision.by, by))) return 'already_decided';
  if (approval.state !== 'pending') return 'not_pending';
  return verdict.requireReason && reason === null ? 'reason_required' : null;
};
