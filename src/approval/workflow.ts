import type { Clock } from '../base/clock.js';
import type { Ulid } from '../base/ulid.js';
import type { Approval, ApprovalDecision, DecisionMeans } from '../model/approval.js';
import type { Approvals, Ledger } from '../model/ports.js';
import { type Principal, principalKey } from '../model/principal.js';
import type { ApprovalRule, Settings } from '../model/settings.js';
import { createAcquire, createContinuation } from './acquire.js';
import { labelOf } from './draft.js';
import { createEntry, serially, timeLeft } from './entry.js';
import { createPeople, isPerson } from './people.js';
import { type ApprovalLimits, createRegistry, DEFAULT_LIMITS } from './registry.js';
import { refusal, revokeRefusal } from './state.js';
import { rebuild, type StoredApproval } from './stored.js';
import { type Context, createTransitions, type Transitions } from './transitions.js';

export interface ApprovalsDependencies {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: Clock;
  readonly rules: readonly ApprovalRule[];
  readonly people: Settings['people'];
  /** Digest of the policy in force: open requests of another are cancelled, for no call can use them. */
  readonly policy?: string;
  readonly limits?: Partial<ApprovalLimits>;
  /** Told of every transition once it is durable. */
  readonly onChange?: Context['onChange'];
}

export interface ApprovalWorkflow extends Approvals {
  /**
   * Takes up the requests of earlier runs; once, before the first call. What can no longer be used is
   * cancelled by the next `sweep`, what ended meanwhile expires.
   * @throws CountersignError APPROVAL_RECORD_INVALID
   */
  restore(records: Iterable<StoredApproval>): void;
  /**
   * For when the ledger writes again after a failure: what could not be recorded then is surely not in the ledger, so
   * every request is as it was before.
   */
  resolveDoubts(): void;
  /** What the request is to this principal: his own, one that his groups may decide, or nothing he may see. */
  standing(id: Ulid, principal: Principal): 'own' | 'reviewer' | null;
  /** Whether the request waits for a decision that would still count. */
  isWaiting(id: Ulid): boolean;
  /** Whether the rule of this request demands a reason. */
  requiresReason(approval: Approval): boolean;
  /** Whether the rule of this request lets a passkey sign. */
  takesPasskey(approval: Approval): boolean;
}

const BY_API: DecisionMeans = { channel: 'api', passkey: null };

type RequiresReason = ApprovalWorkflow['requiresReason'];

const createDecide = (
  { clock, people, registry }: Context,
  { apply, settle }: Transitions,
  requiresReason: RequiresReason,
  rules: ReadonlyMap<string, ApprovalRule>,
): Approvals['decide'] => {
  return async (id, reviewer, verdict, reason, address, means = BY_API) => {
    const entry = registry.get(id);
    if (!entry) return { ok: false, reason: 'not_found' };
    return serially(entry, async () => {
      await settle(entry);
      const { approval, requester } = entry;
      const text = reason?.trim() || null;
      const requireReason = requiresReason(approval);
      const signed = means.passkey !== null;
      const mfa = rules.get(approval.rule)?.mfa;
      const facts = { approval, requester, reviewer, reason: text, requireReason, verdict, mfa, signed };
      const why = refusal(people, facts);
      if (why !== null) return { ok: false, reason: why };
      const by = principalKey(reviewer);
      const { groups } = reviewer;
      const who = { by, name: labelOf(reviewer), groups };
      const decision: ApprovalDecision = { ...who, verdict, reason: text, at: clock.now(), signed };
      const event = verdict === 'approve' ? 'approved' : 'denied';
      await apply(entry, { event, decision }, { decided: { reviewer, reason: text, address, means } });
      await settle(entry);
      return { ok: true, approval: entry.approval };
    });
  };
};

const createRevoke =
  ({ people, registry }: Context, { apply, settle }: Transitions): Approvals['revoke'] =>
  async (id, reviewer, reason, address, channel = 'api') => {
    const entry = registry.get(id);
    if (!entry) return { ok: false, reason: 'not_found' };
    return serially(entry, async () => {
      await settle(entry);
      const { approval, requester } = entry;
      const why = revokeRefusal(people, { approval, requester, reviewer });
      if (why !== null) return { ok: false, reason: why };
      const event = approval.state === 'pending' ? 'cancelled' : 'revoked';
      const decided = { reviewer, reason: reason?.trim() || null, address, means: { channel, passkey: null } };
      await apply(entry, { event }, { decided });
      return { ok: true, approval: entry.approval };
    });
  };

const createRestore =
  ({ clock, registry }: Context, policy: string | undefined): ApprovalWorkflow['restore'] =>
  (records) => {
    const { requests, lastAt } = rebuild(records);
    for (const { approval, requester, complete } of requests) {
      // A wall clock turned back across the restart gives no more time than the last record left.
      const left = approval.deadline - Math.max(clock.now(), lastAt);
      const stale = !complete || (policy !== undefined && approval.binding.policy !== policy);
      registry.add(createEntry(approval, requester, clock.monotonic() + left, stale));
    }
  };

/**
 * The workflow of approvals: requests, decisions, grants.
 *
 * Each transition is appended to the ledger and takes effect when it is durable. The transitions of one
 * request follow each other, so one order decides every race. Where an append fails, the request is in
 * doubt and nothing more happens to it until a restart reads from the ledger what was written, or the ledger says
 * that it was not.
 * No timer runs here: the caller calls `sweep`.
 */
export const createApprovals = (dependencies: ApprovalsDependencies): ApprovalWorkflow => {
  const { ledger, clock, policy, limits } = dependencies;
  const rules = new Map(dependencies.rules.map((rule) => [rule.name, rule]));
  const people = createPeople(dependencies.people);
  const registry = createRegistry({ ...DEFAULT_LIMITS, ...limits });
  const { onChange = () => {} } = dependencies;
  const context: Context = { ledger, clock, people, registry, onChange };
  const transitions = createTransitions(context);
  // A rule that is gone cannot say that no reason is needed.
  const requiresReason: RequiresReason = ({ rule }) => rules.get(rule)?.requireReason ?? true;

  return {
    acquire: createAcquire(context, transitions, rules),
    continuation: createContinuation(context),
    decide: createDecide(context, transitions, requiresReason, rules),
    revoke: createRevoke(context, transitions),
    sweep: transitions.sweep,
    restore: createRestore(context, policy),
    resolveDoubts: () => {
      for (const entry of registry.entries()) entry.inDoubt = null;
    },
    requiresReason,
    takesPasskey: ({ passkey, rule }) => passkey || rules.get(rule)?.passkey !== 'off',
    list: registry.list,
    get: (id) => registry.get(id)?.approval,
    isWaiting: (id) => {
      const entry = registry.get(id);
      return entry?.approval.state === 'pending' && !entry.stale && timeLeft(clock, entry) > 0;
    },
    standing: (id, principal) => {
      const entry = registry.get(id);
      if (!entry) return null;
      if (people.own(entry.requester, principalKey(principal))) return 'own';
      const { reviewers } = entry.approval;
      return isPerson(people, principal) && principal.groups.some((group) => reviewers.includes(group))
        ? 'reviewer'
        : null;
    },
  };
};
