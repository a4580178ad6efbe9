/** Whether the records of a ledger follow one another in time, and where nothing was recorded. */
import type { RecordingGap } from '../model/evidence.js';
import { duration } from './anchors.js';
import type { Findings } from './findings.js';
import { isSmooth, type Moment, type Tolerance } from './tolerance.js';

export interface ClocksOptions extends Tolerance {
  /** How messages call the ledger. */
  readonly label: string;
  readonly findings: Findings;
  /** Gaps and steps that ended before this time are counted alone. Milliseconds since 1970. */
  readonly since: number;
}

/** Gaps that a summary holds. */
const MAX_GAPS = 100;

/** Wall clock of a record, as its line has it. */
const iso = ({ time }: Moment): string => new Date(time).toISOString();

/** Short times with a digit more. */
const span = (ms: number): string => (ms < 120_000 ? `${Math.round(ms / 100) / 10} s` : duration(ms));

export class Clocks {
  first: Moment | null = null;
  last: Moment | null = null;
  readonly gaps: RecordingGap[] = [];
  gapCount = 0;
  steps = 0;
  private earlier = 0;
  private readonly options: ClocksOptions;

  constructor(options: ClocksOptions) {
    this.options = options;
  }

  /** A record, and the one before it. */
  follow(before: Moment | null, record: Moment): void {
    this.first ??= record;
    this.last = record;
    if (!before || isSmooth(before, record, this.options)) return;
    const wall = record.time - before.time;
    const sameBoot = record.boot === before.boot;
    const monotonic = sameBoot ? record.m - before.m : 0;
    const silence = Math.max(wall, monotonic);
    this.step(record, { sameBoot, wall, monotonic });
    if (silence > this.options.heartbeat) this.silence(before, record, silence);
  }

  /** After the last record. */
  end(): void {
    if (this.earlier === 0) return;
    const time = new Date(this.options.since).toISOString();
    const message = `${this.earlier} gaps and turned clocks before ${time} are not listed; all else was looked at from the first record on.`;
    this.options.findings.add('note', 'BEFORE_SINCE', `${this.options.label}: ${message}`);
  }

  private step(record: Moment, by: { sameBoot: boolean; wall: number; monotonic: number }): void {
    const { sameBoot, wall, monotonic } = by;
    const where = `record ${record.seq}`;
    const apart = Math.abs(wall - monotonic);
    if (monotonic < 0) {
      this.steps++;
      const message = `${where}: the monotonic clock went back by ${span(-monotonic)}.`;
      this.options.findings.add('integrity', 'CLOCK_BACK', `${this.options.label}: ${message}`);
    } else if (sameBoot && apart > this.options.skew) {
      this.turned(
        record,
        `${where} (${iso(record)}): the wall clock was turned by ${span(apart)}; times are not sure.`,
      );
    } else if (!sameBoot && wall < 0) {
      this.turned(record, `${where} (${iso(record)}): earlier than the record before it, by ${span(-wall)}.`);
    }
  }

  private turned(record: Moment, message: string): void {
    this.steps++;
    this.coverage(record, 'incomplete', 'CLOCK_STEP', message);
  }

  private silence(before: Moment, record: Moment, silence: number): void {
    const [from, to] = [iso(before), iso(record)];
    const which = `from ${from} (record ${before.seq}) to ${to} (record ${record.seq}), ${span(silence)}`;
    if (before.type === 'stop' && before.boot !== record.boot) {
      this.coverage(record, 'note', 'STOPPED', `the gateway was stopped ${which}.`);
      return;
    }
    this.gapCount++;
    if (this.gaps.length < MAX_GAPS) this.gaps.push({ from, to, after: before.seq });
    this.coverage(record, 'incomplete', 'RECORDING_GAP', `nothing was recorded ${which}.`);
  }

  private coverage({ time }: Moment, severity: 'incomplete' | 'note', code: string, message: string): void {
    if (time < this.options.since) this.earlier++;
    else this.options.findings.add(severity, code, `${this.options.label}: ${message}`);
  }
}
