/** The asking side: finds or opens the request for one call, waits, and takes the grant. */
import { type Ulid, ulid } from '../base/ulid.js';
import type { Approval, ApprovalAsk, ApprovalOutcome } from '../model/approval.js';
import type { Approvals } from '../model/ports.js';
import { principalKey } from '../model/principal.js';
import type { ApprovalRule } from '../model/settings.js';
import { labelOf, requestedDraft } from './draft.js';
import { createEntry, type Entry, serially, timeLeft, waitForChange } from './entry.js';
import { notOpened, outcomeOf, overdue, waiting, withdrawn } from './outcome.js';
import { bindingKey } from './registry.js';
import { isOpen } from './state.js';
import type { Context, Transitions } from './transitions.js';

type Rules = ReadonlyMap<string, ApprovalRule>;
type Find = (ask: ApprovalAsk) => Promise<Entry | string>;

const UNKNOWN_RULE = 'The approval that policy asks for is not configured, so nobody could give it.';

const requestOf = (ask: ApprovalAsk, rule: ApprovalRule, now: number): Approval => ({
  id: ulid(now),
  binding: ask.binding,
  session: ask.session,
  rule: rule.name,
  requester: { key: principalKey(ask.principal), name: labelOf(ask.principal) },
  maskedArgs: ask.maskedArgs,
  requestedAt: now,
  deadline: now + rule.deadline,
  needed: Math.max(1, rule.min),
  reviewers: rule.reviewers,
  decisions: [],
  state: 'pending',
});

/** Gives the open request of an ask, opening one where there is none, or says why there can be none. */
const createFind = (context: Context, transitions: Transitions, rules: Rules): Find => {
  const { ledger, clock, registry } = context;

  const open = (ask: ApprovalAsk, rule: ApprovalRule): Promise<Entry> => {
    const approval = requestOf(ask, rule, clock.now());
    const { issuer, subject, actor, clientId } = ask.principal;
    const requester = { issuer, subject, actor, clientId };
    const entry = createEntry(approval, requester, clock.monotonic() + rule.deadline);
    return registry.reserve(entry, ledger.append(requestedDraft(approval, requester, ask.principal)));
  };

  return async (ask) => {
    const rule = rules.get(ask.rule);
    if (!rule) return UNKNOWN_RULE;
    const key = bindingKey(ask.binding, ask.rule);
    for (let swept = false; ; ) {
      // No await between finding none and reserving: two asks for one call must meet in one request.
      const live = registry.find(key);
      if (live) {
        const entry = await live;
        if (isOpen(entry.approval) && !entry.stale && timeLeft(clock, entry) > 0) return entry;
        await serially(entry, () => transitions.settle(entry));
        continue;
      }
      const full = registry.full(ask);
      if (full === null) return open(ask, rule);
      if (swept) return full;
      await transitions.sweep();
      swept = true;
    }
  };
};

/** `Approvals.acquire`; its contract is in model/ports.ts. */
export const createAcquire = (context: Context, transitions: Transitions, rules: Rules): Approvals['acquire'] => {
  const { clock } = context;
  const find = createFind(context, transitions, rules);

  const consume = async (entry: Entry, call: Ulid, signal: AbortSignal): Promise<ApprovalOutcome> => {
    await transitions.apply(entry, { event: 'consumed' }, { call });
    // Withdrawn, or over, while the record was written: the grant is used up, and the call does not run.
    if (signal.aborted) return withdrawn(entry.approval);
    if (timeLeft(clock, entry) <= 0) return overdue(entry.approval);
    return { state: 'consumed', approval: entry.approval.id };
  };

  /** Takes the grant, or tells how the request ended; undefined while it is pending. */
  const claim = (entry: Entry, call: Ulid, signal: AbortSignal): Promise<ApprovalOutcome | undefined> =>
    serially(entry, async () => {
      if (signal.aborted) return withdrawn(entry.approval);
      await transitions.settle(entry);
      if (entry.approval.state === 'pending') return undefined;
      if (entry.approval.state !== 'granted') return outcomeOf(entry.approval);
      return signal.aborted ? withdrawn(entry.approval) : consume(entry, call, signal);
    });

  return async (ask, call, waitMs, signal) => {
    if (signal.aborted) return notOpened('cancelled', 'The call was withdrawn before approval was asked for.');
    const until = clock.monotonic() + waitMs;
    const entry = await find(ask);
    if (typeof entry === 'string') return notOpened('denied', entry);
    for (;;) {
      const outcome = await claim(entry, call, signal);
      if (outcome) return outcome;
      const left = until - clock.monotonic();
      if (left <= 0) return waiting(entry.approval);
      await waitForChange(entry, Math.min(left, timeLeft(clock, entry)), signal);
    }
  };
};
