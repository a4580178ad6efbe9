/** The trace of one item of a sample: what led to it and what came of it, in the order of time, with its evidence. */

/** Something that happened: a record of the ledger, or an event of AWS. */
export interface TraceStep {
  /** RFC 3339. Those of CloudTrail are whole seconds. */
  readonly t: string;
  readonly what: string;
  /** Sentences, the person and the action first. */
  readonly lines: readonly string[];
  /** Sequence number of its record; null for what the ledger does not hold. */
  readonly record: number | null;
  /** Id of an event of AWS. */
  readonly event: string | null;
}

/** A property that can be seen from the records alone. */
export interface TraceCheck {
  readonly what: string;
  readonly holds: 'yes' | 'no' | 'not applicable';
  /** What the answer rests on. */
  readonly rests: string;
}

/** Where an event of AWS lies in the package. */
export interface TraceEvent {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the object as delivered, which is its name below `raw/`. */
  readonly file: string;
  /** Place in the object's `Records`, from 0; null for the object itself. */
  readonly index: number | null;
  /** What the digests of the trail say of the object, in words. */
  readonly digest: string;
}

export interface TraceRecord {
  readonly seq: number;
  readonly type: string;
  /** Leaf hash, hex. */
  readonly leaf: string;
}

export interface Trace {
  /** What kind of item it is: `Call`, `Approval`, `CloudTrail event`. */
  readonly kind: string;
  readonly title: string;
  /** One or two sentences that say what became of it. */
  readonly lead: string;
  readonly steps: readonly TraceStep[];
  readonly checks: readonly TraceCheck[];
  readonly events: readonly TraceEvent[];
  readonly records: readonly TraceRecord[];
  /** What is not shown for want of room, and where it stands. */
  readonly omitted: readonly string[];
  /** Payloads that show what was asked and answered: the record, and which payload of it. */
  readonly texts: readonly { readonly label: string; readonly record: number; readonly payload: string }[];
}
