/** What a caller is told. The sentences go into the record of the call, so they name no person and quote nobody. */
import { timestamp } from '../base/clock.js';
import type { Approval, ApprovalOutcome } from '../model/approval.js';

type Pending = Extract<ApprovalOutcome, { readonly state: 'pending' }>;
type Ended = Exclude<ApprovalOutcome, { readonly state: 'consumed' | 'pending' }>;

const ended = (state: Ended['state'], approval: Approval, reason: string): Ended => ({
  state,
  approval: approval.id,
  reason,
});

/** The outcome of an ask for which no request was opened. */
export const notOpened = (state: 'denied' | 'cancelled', reason: string): Ended => ({ state, approval: null, reason });

export const waiting = (approval: Approval): Pending => {
  const count = approval.needed === 1 ? 'one person' : `${approval.needed} people`;
  const people = approval.everyGroup ? `${count}, one for each group,` : count;
  const until = timestamp(approval.deadline);
  return {
    state: 'pending',
    approval: approval.id,
    deadline: approval.deadline,
    reason:
      `Approval ${approval.id} waits for ${people} of ${approval.reviewers.join(', ')} until ${until}; ` +
      'call again with the same arguments once it is given.',
  };
};

export const withdrawn = (approval: Approval): Ended =>
  ended('cancelled', approval, 'The call was withdrawn while it waited for approval.');

export const overdue = (approval: Approval): Ended =>
  ended('expired', approval, `Approval ${approval.id} ended at ${timestamp(approval.deadline)} unused.`);

/** The outcome of a request that ended, for a caller who did not get its grant. */
export const outcomeOf = (approval: Approval): Pending | Ended => {
  switch (approval.state) {
    case 'denied':
      return ended('denied', approval, `A reviewer denied approval ${approval.id}.`);
    case 'expired':
      return overdue(approval);
    case 'consumed':
      return ended(
        'cancelled',
        approval,
        `Approval ${approval.id} was used by another call with the same arguments; call again to ask anew.`,
      );
    case 'revoked':
      return ended('revoked', approval, `Approval ${approval.id} was revoked.`);
    case 'cancelled':
      return ended('cancelled', approval, `Approval ${approval.id} was cancelled; call again to ask anew.`);
    default:
      return waiting(approval);
  }
};
