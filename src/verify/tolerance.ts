/** Where in time a record stands, and what of the time to the next one needs no word. */
import type { RecordType } from '../model/record.js';

/** A record as the clocks see it. */
export interface Moment {
  readonly seq: number;
  /** Wall clock, milliseconds since 1970. */
  readonly time: number;
  /** Monotonic clock of the boot, milliseconds. */
  readonly m: number;
  readonly boot: string;
  readonly type: RecordType;
}

/** The verifier's own, never the ledger's. Milliseconds. */
export interface Tolerance {
  /** Longest silence that is no gap. */
  readonly heartbeat: number;
  /** How far two clocks may drift apart between two records. */
  readonly skew: number;
}

/** Whether one record follows another in the same run of the gateway, in time, and with clocks that agree. */
export const isSmooth = (before: Moment, after: Moment, { heartbeat, skew }: Tolerance): boolean => {
  const wall = after.time - before.time;
  const monotonic = after.m - before.m;
  return (
    before.boot === after.boot &&
    monotonic >= 0 &&
    Math.abs(wall - monotonic) <= skew &&
    Math.max(wall, monotonic) <= heartbeat
  );
};
