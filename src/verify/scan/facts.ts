/** What a scan of a range tells the walk. Structured-cloneable: it comes from another thread. */
import type { JsonValue } from '../../base/json.js';
import type { RecordType } from '../../model/record.js';
import type { Moment } from '../tolerance.js';

/** What a walk must look at itself, `index` being that of the record in the range. */
export type RangeEvent =
  | { readonly kind: 'times'; readonly index: number; readonly before: Moment; readonly after: Moment }
  | { readonly kind: 'beat'; readonly index: number; readonly counts: Counts; readonly said: JsonValue | undefined }
  | { readonly kind: 'call' | 'result'; readonly index: number; readonly d: CallMembers }
  /** Payloads of a record that are not there: places of its line, and of the one in their place; `index` of the next record. */
  | {
      readonly kind: 'missing';
      readonly index: number;
      readonly seq: number;
      readonly names: readonly string[];
      readonly at: number;
      readonly next: number;
    }
  /** A record to be read whole. */
  | { readonly kind: 'whole'; readonly index: number; readonly line: string };

/** Of the record's `d`, as far as it has them. */
export interface CallMembers {
  readonly call?: JsonValue | undefined;
  readonly forwarded?: JsonValue | undefined;
  readonly intent?: JsonValue | undefined;
}

type Counts = readonly (readonly [type: RecordType, count: number])[];

/** A range in which all is as it should be. */
export interface RangeFacts {
  /** Of the first record: its number, and its link. */
  readonly seq: number;
  readonly prev: string;
  /** 32 bytes for each record. */
  readonly leaves: Uint8Array;
  /** Milliseconds since 1970 for each record. */
  readonly times: Float64Array;
  readonly checkpoints: readonly { readonly size: number; readonly root: string }[];
  readonly events: readonly RangeEvent[];
  /** Forwarded calls without an outcome in the range: number and call id. */
  readonly open: readonly (readonly [seq: number, call: string])[];
  readonly counts: Counts;
  readonly first: Moment;
  readonly last: Moment;
  /** Byte of the last record, from the begin of the range. */
  readonly lastAt: number;
  /** Payloads in files of their own. */
  readonly blobs: number;
}
