/**
 * Whether the records of a ledger tell one unbroken story: clocks, silences, counters, and one outcome for
 * each call that was let through. Thresholds are the verifier's, never the ledger's.
 */
import { isJsonObject, type RecordLine } from '../ledger/format.js';
import type { Findings } from './findings.js';

/** Calls under way at once, beyond which the ledger is not one of a gateway. */
const MAX_OPEN = 1_000_000;

export interface ContinuityOptions {
  /** How messages call the ledger. */
  readonly label: string;
  /** Milliseconds. */
  readonly heartbeat: number;
  readonly skew: number;
  readonly findings: Findings;
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** Holds the last record, a count per type and the calls under way: bounded, however long the ledger. */
export class Continuity {
  private readonly options: ContinuityOptions;
  private previous: RecordLine | null = null;
  private readonly counts = new Map<string, number>();
  private readonly open = new Map<number, string>();

  constructor(options: ContinuityOptions) {
    this.options = options;
  }

  record(record: RecordLine): void {
    if (this.previous) this.times(this.previous, record);
    if (record.type === 'hb') this.counters(record);
    if (record.type === 'call') this.call(record);
    if (record.type === 'result') this.result(record);
    this.counts.set(record.type, (this.counts.get(record.type) ?? 0) + 1);
    this.previous = record;
  }

  /** After the last record. */
  end(): void {
    const [first] = this.open;
    if (!first) return;
    const [seq, call] = first;
    const which =
      this.open.size === 1
        ? `record ${seq}, call ${call}, has`
        : `${this.open.size} calls, the first in record ${seq}, have`;
    this.add('incomplete', 'OUTCOME_MISSING', `${which} no outcome: under way when this was copied, or lost.`);
  }

  private add(severity: 'integrity' | 'incomplete' | 'note', code: string, message: string): void {
    this.options.findings.add(severity, code, `${this.options.label}: ${message}`);
  }

  private times(before: RecordLine, record: RecordLine): void {
    const { seq } = record;
    const wall = record.time - before.time;
    const sameBoot = record.boot === before.boot;
    const monotonic = sameBoot ? record.m - before.m : 0;
    if (monotonic < 0) {
      this.add('integrity', 'CLOCK_BACK', `record ${seq}: the monotonic clock went back by ${seconds(-monotonic)}.`);
    } else if (sameBoot && Math.abs(wall - monotonic) > this.options.skew) {
      const by = seconds(Math.abs(wall - monotonic));
      this.add(
        'incomplete',
        'CLOCK_STEP',
        `record ${seq} (${record.t}): the wall clock was turned by ${by}; times are not sure.`,
      );
    } else if (!sameBoot && wall < 0) {
      this.add(
        'incomplete',
        'CLOCK_STEP',
        `record ${seq} (${record.t}): earlier than the record before it, by ${seconds(-wall)}.`,
      );
    }
    const silence = Math.max(wall, monotonic);
    if (silence > this.options.heartbeat) this.silence(before, record, silence);
  }

  private silence(before: RecordLine, record: RecordLine, silence: number): void {
    const span = `from ${before.t} (record ${before.seq}) to ${record.t} (record ${record.seq}), ${seconds(silence)}`;
    if (before.type === 'stop' && before.boot !== record.boot) {
      this.add('note', 'STOPPED', `the gateway was stopped ${span}.`);
    } else {
      this.add('incomplete', 'RECORDING_GAP', `nothing was recorded ${span}.`);
    }
  }

  private counters({ d, seq }: RecordLine): void {
    const counts = d['counts'];
    const said = isJsonObject(counts) ? Object.entries(counts) : [];
    if (said.length === this.counts.size && said.every(([type, count]) => this.counts.get(type) === count)) return;
    this.add(
      'integrity',
      'COUNTER_MISMATCH',
      `record ${seq}: the heartbeat counts other records than stand before it.`,
    );
  }

  private call({ d, seq }: RecordLine): void {
    const { call, forwarded } = d;
    if (typeof call !== 'string' || typeof forwarded !== 'boolean') {
      this.add(
        'integrity',
        'BAD_CALL',
        `record ${seq}: a call without id, or without saying whether it was forwarded.`,
      );
      return;
    }
    if (forwarded && this.open.size < MAX_OPEN) this.open.set(seq, call);
  }

  private result({ d, seq }: RecordLine): void {
    const { intent, call } = d;
    const expected = typeof intent === 'number' ? this.open.get(intent) : undefined;
    if (typeof intent === 'number' && expected !== undefined && expected === call) {
      this.open.delete(intent);
      return;
    }
    const what = typeof intent === 'number' ? `record ${intent}` : 'no record';
    this.add(
      'integrity',
      'RESULT_STRAY',
      `record ${seq}: an outcome of ${what}, which is no forwarded call without one.`,
    );
  }
}
