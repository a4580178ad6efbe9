/** The life of one approval request, without I/O: `pending → granted → consumed`, or denied, expired, cancelled, revoked. */
import type { Approval, ApprovalDecision, DecisionRefusal } from '../model/approval.js';
import type { Principal } from '../model/principal.js';
import { principalKey } from '../model/principal.js';
import type { ApprovalRule } from '../model/settings.js';
import { isPerson, type People, type Requester } from './people.js';

/** One thing that happened to a request. */
export type Transition =
  | { readonly event: 'approved' | 'denied'; readonly decision: ApprovalDecision }
  /** `ends`: the end of the window that was granted; absent for one call, whose end stays the request's. */
  | { readonly event: 'granted'; readonly ends?: number }
  | { readonly event: 'consumed'; readonly tool?: string; readonly definition?: string | null }
  | { readonly event: 'expired' | 'cancelled' | 'revoked' };

/** Whether a grant may still be taken back: it can be used, or what runs under it can be ended. */
const isRevocable = ({ state }: Approval): boolean => state === 'granted' || state === 'consumed';

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

/** Whether one person can be found for each group, all of them different (a matching, by augmenting paths). */
const coversGroups = (groups: readonly string[], people: readonly (readonly string[])[]): boolean => {
  const taken = new Map<number, string>();
  const place = (group: string, tried: Set<number>): boolean =>
    people.some((own, person) => {
      if (tried.has(person) || !own.includes(group)) return false;
      tried.add(person);
      const other = taken.get(person);
      if (other !== undefined && !place(other, tried)) return false;
      taken.set(person, group);
      return true;
    });
  return groups.every((group) => place(group, new Set()));
};

/** Whether enough distinct people approved and, where every group must, each group is spoken for. */
export const isEnough = (people: People, approval: Approval): boolean => {
  if (approvedBy(people, approval) < approval.needed) return false;
  if (!approval.everyGroup) return true;
  const approved = approval.decisions.filter(({ verdict }) => verdict === 'approve');
  return coversGroups(
    approval.reviewers,
    approved.map(({ groups }) => groups),
  );
};

const used = (approval: Approval, { tool, definition }: Extract<Transition, { event: 'consumed' }>): Approval => {
  if (approval.state !== 'granted') return approval;
  const uses = approval.uses + 1;
  const spent = uses >= (approval.window?.uses ?? 1);
  const definitions =
    tool === undefined || Object.hasOwn(approval.definitions, tool)
      ? approval.definitions
      : { ...approval.definitions, [tool]: definition ?? null };
  return { ...approval, uses, definitions, state: spent ? 'consumed' : 'granted' };
};

/**
 * The request after a transition. Final states stay as they are and a grant comes only from `pending`,
 * so no order of events, a replayed one included, can bring a request back.
 */
export const evolve = (approval: Approval, transition: Transition): Approval => {
  if (transition.event === 'revoked') return isRevocable(approval) ? { ...approval, state: 'revoked' } : approval;
  if (!isOpen(approval)) return approval;
  switch (transition.event) {
    case 'approved':
    case 'denied': {
      if (approval.state !== 'pending') return approval;
      const decisions = [...approval.decisions, transition.decision];
      return { ...approval, decisions, state: transition.event === 'denied' ? 'denied' : 'pending' };
    }
    case 'granted':
      return approval.state === 'pending'
        ? { ...approval, state: 'granted', deadline: transition.ends ?? approval.deadline }
        : approval;
    case 'consumed':
      return used(approval, transition);
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
  readonly verdict: 'approve' | 'deny';
  /** Logins of which the reviewer's must be one. */
  readonly mfa?: ApprovalRule['mfa'];
  /** Whether the reviewer's passkey signed the decision. */
  readonly signed: boolean;
}

/** Whether the login was by one of the methods or of one of the classes. */
const isStrong = ({ amr, acr }: Principal, mfa: Verdict['mfa']): boolean =>
  !mfa || amr.some((one) => mfa.amr.includes(one)) || (acr !== null && mfa.acr.includes(acr));

/** How a request that does not wait any more ended. */
const endedAs = (state: Approval['state']): DecisionRefusal => {
  if (state === 'expired') return 'expired';
  return state === 'cancelled' ? 'withdrawn' : 'decided';
};

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
  if (approval.state !== 'pending') return endedAs(approval.state);
  if (!isStrong(reviewer, verdict.mfa)) return 'mfa_required';
  if (verdict.requireReason && reason === null) return 'reason_required';
  return approval.passkey && verdict.verdict === 'approve' && !verdict.signed ? 'passkey_required' : null;
};

/** Why this person may not take this grant back; null where they may. */
export const revokeRefusal = (
  people: People,
  { approval, requester, reviewer }: Pick<Verdict, 'approval' | 'requester' | 'reviewer'>,
): DecisionRefusal | null => {
  if (!isPerson(people, reviewer)) return 'not_reviewer';
  const own = people.own(requester, principalKey(reviewer));
  if (own && approval.state === 'pending') return null;
  if (!own && !reviewer.groups.some((group) => approval.reviewers.includes(group))) return 'not_reviewer';
  return isRevocable(approval) ? null : 'not_granted';
};
