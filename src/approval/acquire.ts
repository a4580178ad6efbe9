/** The asking side: finds or opens the request for one call, waits, and takes the grant. */
import { type Ulid, ulid } from '../base/ulid.js';
import type { Approval, ApprovalAsk, ApprovalOutcome } from '../model/approval.js';
import type { Approvals } from '../model/ports.js';
import { principalKey } from '../model/principal.js';
import type { ApprovalRule, ApprovalWindow } from '../model/settings.js';
import { labelOf, requestedDraft } from './draft.js';
import { createEntry, type Entry, serially, timeLeft, waitForChange } from './entry.js';
import { notOpened, outcomeOf, overdue, waiting, withdrawn } from './outcome.js';
import { bindingKey, windowKey } from './registry.js';
import { isOpen } from './state.js';
import type { Context, Transitions } from './transitions.js';

type Rules = ReadonlyMap<string, ApprovalRule>;
type Find = (ask: ApprovalAsk) => Promise<Entry | string>;

const UNKNOWN_RULE = 'The approval that policy asks for is not configured, so nobody could give it.';

const NO_REASON =
  'This approval needs the reason of whoever asks; send it with the call, in `_meta` as `countersign/reason`.';

/** The window of a rule, where it covers the tool; otherwise the grant is for the one call. */
const windowFor = ({ binding }: ApprovalAsk, { window }: ApprovalRule): ApprovalWindow | null =>
  window && (window.tools.length === 0 || window.tools.includes(binding.tool)) ? window : null;

const requestOf = (ask: ApprovalAsk, rule: ApprovalRule, window: ApprovalWindow | null, now: number): Approval => ({
  id: ulid(now),
  binding: ask.binding,
  session: ask.session,
  rule: rule.name,
  policyRule: ask.policyRule ?? null,
  requester: {
    key: principalKey(ask.principal),
    name: labelOf(ask.principal),
    groups: ask.principal.groups,
    agent: ask.principal.actor,
    reason: ask.reason ?? null,
  },
  tool: ask.tool ?? { description: null, destructive: false },
  maskedArgs: ask.maskedArgs,
  requestedAt: now,
  deadline: now + rule.deadline,
  needed: Math.max(1, rule.min, rule.everyGroup ? rule.reviewers.length : 1),
  reviewers: rule.reviewers,
  everyGroup: rule.everyGroup ?? false,
  passkey: rule.passkey === 'required',
  window,
  uses: 0,
  definitions: {},
  leaf: null,
  decisions: [],
  state: 'pending',
});

/** What names the request of an ask among those that are open. */
const keyOf = ({ binding, rule, policyRule = null }: ApprovalAsk, window: ApprovalWindow | null): string =>
  window ? windowKey(binding, rule, policyRule, window.tools.length > 0) : bindingKey(binding, rule);

/** Whether a window knows the tool as it is now, or not at all yet. */
const sameDefinition = ({ window, definitions, binding }: Approval, ask: ApprovalAsk): boolean => {
  const { tool, definition } = ask.binding;
  if (!window) return true;
  if (tool === binding.tool && definition !== binding.definition) return false;
  return !Object.hasOwn(definitions, tool) || definitions[tool] === definition;
};

/** `Approvals.continuation`; its contract is in model/ports.ts. */
export const createContinuation =
  ({ clock, registry }: Context): Approvals['continuation'] =>
  (id, ask) => {
    const entry = registry.get(id);
    if (!entry || entry.approval.uses === 0 || entry.approval.state === 'revoked') return null;
    if (entry.inDoubt !== null || timeLeft(clock, entry) <= 0) return null;
    const { binding, rule, policyRule, window } = entry.approval;
    if (window && window.tools.length > 0 && !window.tools.includes(ask.binding.tool)) return null;
    const same = keyOf(ask, window) === keyOf({ ...ask, binding, rule, policyRule }, window);
    return same && sameDefinition(entry.approval, ask) ? { revoked: entry.revoked.signal } : null;
  };

/** Gives the open request of an ask, opening one where there is none, or says why there can be none. */
const createFind = (context: Context, transitions: Transitions, rules: Rules): Find => {
  const { ledger, clock, registry, onChange } = context;

  const open = (ask: ApprovalAsk, rule: ApprovalRule, window: ApprovalWindow | null): Promise<Entry> => {
    const approval = requestOf(ask, rule, window, clock.now());
    const { issuer, subject, actor, clientId } = ask.principal;
    const requester = { issuer, subject, actor, clientId };
    const entry = createEntry(approval, requester, clock.monotonic() + rule.deadline);
    const write = async (): Promise<void> => {
      const { leaf } = await ledger.append(requestedDraft(approval, requester, ask.principal));
      entry.approval = { ...entry.approval, leaf };
    };
    const ready = registry.reserve(entry, write());
    ready.then(
      () => onChange(entry.approval, 'requested'),
      () => {},
    );
    return ready;
  };

  const search = async (
    ask: ApprovalAsk,
    rule: ApprovalRule,
    window: ApprovalWindow | null,
  ): Promise<Entry | string> => {
    const key = keyOf(ask, window);
    for (let swept = false; ; ) {
      // No await between finding none and reserving: two asks for one call must meet in one request.
      const live = registry.find(key);
      if (live) {
        const entry = await live;
        if (isOpen(entry.approval) && !entry.stale && timeLeft(clock, entry) > 0) {
          // The window was for the tool as it was; this call is asked for by itself.
          return sameDefinition(entry.approval, ask) ? entry : search(ask, rule, null);
        }
        await serially(entry, () => transitions.settle(entry));
        continue;
      }
      const full = registry.full(ask, rule, clock.now());
      if (full === null) return open(ask, rule, window);
      if (swept) return full;
      await transitions.sweep();
      swept = true;
    }
  };

  return async (ask) => {
    const rule = rules.get(ask.rule);
    if (!rule) return UNKNOWN_RULE;
    if (rule.requireRequestReason && !ask.reason) return NO_REASON;
    return search(ask, rule, windowFor(ask, rule));
  };
};

/** `Approvals.acquire`; its contract is in model/ports.ts. */
export const createAcquire = (context: Context, transitions: Transitions, rules: Rules): Approvals['acquire'] => {
  const { clock } = context;
  const find = createFind(context, transitions, rules);

  const consume = async (
    entry: Entry,
    call: Ulid,
    signal: AbortSignal,
    binding: ApprovalAsk['binding'],
  ): Promise<ApprovalOutcome> => {
    const { tool, definition } = binding;
    const use = entry.approval.window
      ? ({ event: 'consumed', tool, definition } as const)
      : ({ event: 'consumed' } as const);
    await transitions.apply(entry, use, { call, binding });
    // Withdrawn, or over, while the record was written: the grant is used up, and the call does not run.
    if (signal.aborted) return withdrawn(entry.approval);
    if (timeLeft(clock, entry) <= 0) return overdue(entry.approval);
    return { state: 'consumed', approval: entry.approval.id, revoked: entry.revoked.signal };
  };

  /** Takes the grant, or tells how the request ended; undefined while it is pending. */
  const claim = (
    entry: Entry,
    call: Ulid,
    signal: AbortSignal,
    ask: ApprovalAsk,
  ): Promise<ApprovalOutcome | undefined> =>
    serially(entry, async () => {
      if (signal.aborted) return withdrawn(entry.approval);
      await transitions.settle(entry);
      if (entry.approval.state === 'pending') return undefined;
      if (entry.approval.state !== 'granted') return outcomeOf(entry.approval);
      if (!sameDefinition(entry.approval, ask))
        return notOpened('cancelled', 'The definition of the tool changed; call again.');
      return signal.aborted ? withdrawn(entry.approval) : consume(entry, call, signal, ask.binding);
    });

  return async (ask, call, waitMs, signal) => {
    if (signal.aborted) return notOpened('cancelled', 'The call was withdrawn before approval was asked for.');
    const until = clock.monotonic() + waitMs;
    const entry = await find(ask);
    if (typeof entry === 'string') return notOpened('denied', entry);
    for (;;) {
      const outcome = await claim(entry, call, signal, ask);
      if (outcome) return outcome;
      const left = until - clock.monotonic();
      if (left <= 0) return waiting(entry.approval);
      await waitForChange(entry, Math.min(left, timeLeft(clock, entry)), signal);
    }
  };
};
