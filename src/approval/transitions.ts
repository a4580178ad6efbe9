/** The one place where requests change: append first, effect when durable. */
import type { Clock } from '../base/clock.js';
import { CountersignError, reason } from '../base/errors.js';
import type { Ulid } from '../base/ulid.js';
import type { Approval, ApprovalBinding } from '../model/approval.js';
import type { Ledger } from '../model/ports.js';
import type { ApprovalRecord } from '../model/record.js';
import { type DecidedBy, transitionDraft } from './draft.js';
import { type Entry, serially, timeLeft, wake } from './entry.js';
import type { People } from './people.js';
import type { Registry } from './registry.js';
import { approvedBy, evolve, isEnough, isOpen, type Transition } from './state.js';

/** What the parts of the workflow share. */
export interface Context {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: Clock;
  readonly people: People;
  readonly registry: Registry;
  /** Told of every transition once it is durable. Must not throw. */
  readonly onChange: (approval: Approval, event: ApprovalRecord['event']) => void;
}

export interface Transitions {
  /** Appends one transition and lets it take effect. Runs within the order of the entry. */
  readonly apply: (
    entry: Entry,
    transition: Transition,
    more?: { readonly decided?: DecidedBy; readonly call?: Ulid; readonly binding?: ApprovalBinding },
  ) => Promise<void>;
  /** Does what is due without anybody's doing: cancels, expires, grants. Runs within the order of the entry. */
  readonly settle: (entry: Entry) => Promise<void>;
  /** Settles every request that is due. Rejects with the first failure after all were tried. */
  readonly sweep: () => Promise<void>;
}

/** Every other failure leaves open whether the record is on disk. */
const surelyNotWritten = (error: unknown): boolean =>
  error instanceof CountersignError && (error.code === 'RECORD_INVALID' || error.code === 'LEDGER_BUSY');

export const createTransitions = ({ ledger, clock, people, registry, onChange }: Context): Transitions => {
  const apply: Transitions['apply'] = async (entry, transition, more = {}) => {
    const { requester } = entry;
    const approval = evolve(entry.approval, transition);
    const approved = approvedBy(people, approval);
    try {
      await ledger.append(transitionDraft({ approval, requester, event: transition.event, approved, ...more }));
    } catch (error) {
      if (!surelyNotWritten(error)) entry.inDoubt = error instanceof Error ? error : new Error(reason(error));
      wake(entry);
      throw error;
    }
    const wasOpen = isOpen(entry.approval);
    entry.approval = approval;
    if (transition.event === 'granted' && approval.window) {
      entry.monotonicDeadline = clock.monotonic() + approval.window.duration;
    }
    if (transition.event === 'revoked') entry.revoked.abort();
    if (wasOpen && !isOpen(approval)) registry.retire(entry);
    wake(entry);
    onChange(approval, transition.event);
  };

  const settle = async (entry: Entry): Promise<void> => {
    // Also where it has ended: a used grant can be revoked, and that record may be the one in doubt.
    if (entry.inDoubt) throw entry.inDoubt;
    if (!isOpen(entry.approval)) return;
    if (timeLeft(clock, entry) <= 0) return apply(entry, { event: 'expired' });
    if (entry.stale) return apply(entry, { event: 'cancelled' });
    const { state, window } = entry.approval;
    if (state !== 'pending' || !isEnough(people, entry.approval)) return;
    await apply(entry, window ? { event: 'granted', ends: clock.now() + window.duration } : { event: 'granted' });
  };

  const isDue = (entry: Entry): boolean =>
    isOpen(entry.approval) &&
    entry.inDoubt === null &&
    (entry.stale ||
      timeLeft(clock, entry) <= 0 ||
      (entry.approval.state === 'pending' && isEnough(people, entry.approval)));

  const sweep = async (): Promise<void> => {
    const due = registry.entries().filter(isDue);
    const results = await Promise.allSettled(due.map((entry) => serially(entry, () => settle(entry))));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };

  return { apply, settle, sweep };
};
