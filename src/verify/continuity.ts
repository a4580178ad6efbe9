/**
 * Whether the records of a ledger tell one unbroken story: clocks, silences, counters, and one outcome for
 * each call that was let through. Thresholds are the verifier's, never the ledger's.
 */
import type { JsonValue } from '../base/json.js';
import { isJsonObject, type RecordLine } from '../ledger/format.js';
import type { RecordType } from '../model/record.js';
import type { Findings } from './findings.js';
import type { CallMembers, RangeEvent, RangeFacts } from './scan/range.js';
import type { Moment, Tolerance } from './tolerance.js';
import { isSmooth } from './tolerance.js';

/** Calls under way at once, beyond which the ledger is not one of a gateway. */
const MAX_OPEN = 1_000_000;

export interface ContinuityOptions extends Tolerance {
  /** How messages call the ledger. */
  readonly label: string;
  readonly findings: Findings;
  /** First record that is there: what was counted and called before it is not known. */
  readonly start: number;
}

/** Wall clock of a record, as its line has it. */
const iso = ({ time }: Moment): string => new Date(time).toISOString();

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** What a heartbeat says of the records that were removed; null where it cannot be so. */
const removedCounts = (
  said: readonly (readonly [string, JsonValue])[],
  before: ReadonlyMap<string, number>,
  start: number,
): ReadonlyMap<string, number> | null => {
  const removed = new Map<string, number>();
  let sum = 0;
  for (const [type, count] of said) {
    const more = typeof count === 'number' ? count - (before.get(type) ?? 0) : -1;
    if (more < 0) return null;
    if (more > 0) removed.set(type, more);
    sum += more;
  }
  return sum === start ? removed : null;
};

/** Holds the last record, a count per type and the calls under way: bounded, however long the ledger. */
export class Continuity {
  private readonly options: ContinuityOptions;
  private previous: Moment | null = null;
  private readonly counts = new Map<RecordType, number>();
  private readonly open = new Map<number, string>();
  /** Counts of what was removed; null until the first heartbeat behind it tells them. */
  private removed: ReadonlyMap<string, number> | null;

  constructor(options: ContinuityOptions) {
    this.options = options;
    this.removed = options.start === 0 ? new Map() : null;
  }

  record(record: RecordLine): void {
    const { seq, type, d } = record;
    if (this.previous) this.times(this.previous, record);
    if (type === 'hb') this.counters(seq, this.counts, d['counts']);
    if (type === 'call') this.call(seq, d);
    if (type === 'result') this.result(seq, d);
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    this.previous = record;
  }

  /** Whether a range can be taken as its facts are; where there are too many calls under way, it must be read. */
  takes({ open }: RangeFacts): boolean {
    return this.open.size + open.length <= MAX_OPEN;
  }

  /** Before the events of a range. */
  begin({ first }: RangeFacts): void {
    if (this.previous) this.times(this.previous, first);
  }

  /** One event of a range. */
  event(event: RangeEvent, seq: number): void {
    if (event.kind === 'times') this.times(event.before, event.after);
    if (event.kind === 'beat') this.counters(seq, this.with(event.counts), event.said);
    if (event.kind === 'call') this.call(seq, event.d);
    if (event.kind === 'result') this.result(seq, event.d);
  }

  /** After the events of a range. */
  close({ last, open, counts }: RangeFacts): void {
    for (const [seq, call] of open) this.open.set(seq, call);
    for (const [type, count] of this.with(counts)) this.counts.set(type, count);
    this.previous = last;
  }

  private with(more: RangeFacts['counts']): ReadonlyMap<RecordType, number> {
    const sum = new Map(this.counts);
    for (const [type, count] of more) sum.set(type, (sum.get(type) ?? 0) + count);
    return sum;
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

  private times(before: Moment, record: Moment): void {
    if (isSmooth(before, record, this.options)) return;
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
        `record ${seq} (${iso(record)}): the wall clock was turned by ${by}; times are not sure.`,
      );
    } else if (!sameBoot && wall < 0) {
      this.add(
        'incomplete',
        'CLOCK_STEP',
        `record ${seq} (${iso(record)}): earlier than the record before it, by ${seconds(-wall)}.`,
      );
    }
    const silence = Math.max(wall, monotonic);
    if (silence > this.options.heartbeat) this.silence(before, record, silence);
  }

  private silence(before: Moment, record: Moment, silence: number): void {
    const span = `from ${iso(before)} (record ${before.seq}) to ${iso(record)} (record ${record.seq}), ${seconds(silence)}`;
    if (before.type === 'stop' && before.boot !== record.boot) {
      this.add('note', 'STOPPED', `the gateway was stopped ${span}.`);
    } else {
      this.add('incomplete', 'RECORDING_GAP', `nothing was recorded ${span}.`);
    }
  }

  private counters(seq: number, before: ReadonlyMap<string, number>, counts: JsonValue | undefined): void {
    const said = Object.entries(isJsonObject(counts) ? counts : {});
    this.removed ??= removedCounts(said, before, this.options.start);
    const { removed } = this;
    const own = (type: string): number => (before.get(type) ?? 0) + (removed?.get(type) ?? 0);
    const types = new Set([...before.keys(), ...(removed?.keys() ?? [])]);
    if (removed && said.length === types.size && said.every(([type, count]) => own(type) === count)) return;
    this.add(
      'integrity',
      'COUNTER_MISMATCH',
      `record ${seq}: the heartbeat counts other records than stand before it.`,
    );
  }

  private call(seq: number, { call, forwarded }: CallMembers): void {
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

  private result(seq: number, { intent, call }: CallMembers): void {
    const expected = typeof intent === 'number' ? this.open.get(intent) : undefined;
    if (typeof intent === 'number' && intent >= 0 && intent < this.options.start) return;
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
