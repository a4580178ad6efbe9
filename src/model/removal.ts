/** What may be taken out of a ledger, by order of two custodians, and how that is recorded. */

/** `prune`: payloads, or whole segments, of the first `size` records are removed. */
export interface PruneRecord {
  readonly what: 'payloads' | 'segments';
  /** Records from the first that it concerns. */
  readonly size: number;
  /** The order, a note signed by custodians. */
  readonly order: string;
}

/** `erase`: single payloads are removed. Payload: `list`, pairs of record number and payload name, in that order. */
export interface EraseRecord {
  /** Records from the first that were searched. */
  readonly size: number;
  /** Payloads removed. */
  readonly count: number;
  /** The order, a note signed by custodians. */
  readonly order: string;
}

/** A legal hold: what nothing may be removed of. */
export interface HoldSettings {
  readonly id: string;
  readonly reason: string;
  /** Records from this time on, milliseconds since 1970; null: from the first. */
  readonly from: number | null;
  /** Records before this time; null: to the last. */
  readonly to: number | null;
  /** Payloads of this person alone, `issuer|subject`; null: of everybody. */
  readonly person: string | null;
}
