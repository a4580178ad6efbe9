/**
 * Whether the records of a ledger tell one unbroken story: clocks, silences, counters, and one outcome for
 * each call that was let through. Thresholds are the verifier's, never the ledger's.
 */
import type { JsonValue } from '../base/json.js';
import { isJsonObject, type RecordLine } from '../ledger/format.js';
import type { RecordType } from '../model/record.js';
import { Clocks, type ClocksOptions } from './clocks.js';
import type { CallMembers, RangeEvent, RangeFacts } from './scan/facts.js';
import type { Moment } from './tolerance.js';

/** Calls under way at once, beyond which the ledger is not one of a gateway. */
const MAX_OPEN = 1_000_000;

export interface ContinuityOptions extends ClocksOptions {
  /** First record that is there: what was counted and called before it is not known. */
  readonly start: number;
}

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
  readonly clocks: Clocks;
  private readonly options: ContinuityOptions;
  private previous: Moment | null = null;
  private readonly counts = new Map<RecordType, number>();
  private readonly open = new Map<number, string>();
  /** Counts of what was removed; null until the first heartbeat behind it tells them. */
  private removed: ReadonlyMap<string, number> | null;

  constructor(options: ContinuityOptions) {
    this.options = options;
    this.clocks = new Clocks(options);
    this.removed = options.start === 0 ? new Map() : null;
  }

  record(record: RecordLine): void {
    const { seq, type, d } = record;
    this.clocks.follow(this.previous, record);
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
    this.clocks.follow(this.previous, first);
  }

  /** One event of a range. */
  event(event: RangeEvent, seq: number): void {
    if (event.kind === 'times') this.clocks.follow(event.before, event.after);
    if (event.kind === 'beat') this.counters(seq, this.with(event.counts), event.said);
    if (event.kind === 'call') this.call(seq, event.d);
    if (event.kind === 'result') this.result(seq, event.d);
  }

  /** After the events of a range. */
  close({ last, open, counts }: RangeFacts): void {
    for (const [seq, call] of open) this.open.set(seq, call);
    for (const [type, count] of this.with(counts)) this.counts.set(type, count);
    this.previous = last;
    this.clocks.last = last;
  }

  private with(more: RangeFacts['counts']): ReadonlyMap<RecordType, number> {
    const sum = new Map(this.counts);
    for (const [type, count] of more) sum.set(type, (sum.get(type) ?? 0) + count);
    return sum;
  }

  /** After the last record. */
  end(): void {
    this.clocks.end();
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
