/** What the admin listener says of the gateway's health. It is read without a login: no paths, no names, no content. */
import { timestamp } from '../base/clock.js';
import type { LedgerCondition } from '../ledger/condition.js';
import type { OpenedLedger } from '../ledger/opening.js';

/** The answer of `/healthz`. */
export interface Health {
  /** Whether calls can be recorded, and so be let through. */
  readonly ok: boolean;
  readonly ledger: LedgerCondition;
  readonly records: number;
  readonly sessions: number;
  /** Where it is not ok: why, and the mend. */
  readonly reason?: string;
  /** Where it is not ok: since when, RFC 3339. */
  readonly since?: string;
  readonly [fact: string]: string | number | boolean;
}

const REASONS: Readonly<Record<Exclude<LedgerCondition, 'writing'>, string>> = {
  disk_full: 'the disk of the ledger is full; no call is let through; make room: then it goes on by itself',
  read_only: 'the ledger may not be written; no call is let through; make its disk writable: then it goes on by itself',
  write_failed: 'a write to the ledger failed; no call is let through; it is tried again; check the disk',
  closed: 'the gateway is stopping',
};

const OVERDUE =
  'no anchor confirms what was recorded, for longer than ledger.maxUnanchored allows; no call is let through until one ' +
  'answers; `countersign ledger anchor` says what is wrong';

/**
 * Health as the ledger stands; what cannot be recorded is not let through.
 * @param overdue since when records have been unconfirmed for too long, milliseconds since 1970; null where none are
 */
export const healthOf = (
  { condition, failedAt, size: records }: Pick<OpenedLedger, 'condition' | 'failedAt' | 'size'>,
  sessions: number,
  overdue: number | null,
): Health => {
  const reason = condition === 'writing' ? overdue !== null && OVERDUE : REASONS[condition];
  const since = failedAt ?? overdue;
  return {
    ok: reason === false,
    ledger: condition,
    records,
    sessions,
    ...(reason === false ? {} : { reason }),
    ...(since === null ? {} : { since: timestamp(since) }),
  };
};
