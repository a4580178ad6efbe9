/** Anchors: what was confirmed of a ledger outside it, when, and from which record on nothing is confirmed. */
import type { Findings } from './findings.js';

/** What the auditor learnt of a ledger at an earlier time, apart from it: its first `size` records give this root. */
export interface KeptCheckpoint {
  readonly origin: string;
  /** Number of records, at least 1. */
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** A checkpoint that counts: kept in the trust file, or confirmed by an anchor that the trust file names. */
export interface Anchored extends KeptCheckpoint {
  /** When it was confirmed, milliseconds since 1970; null where that is not said. */
  readonly time: number | null;
  /** Who says so, for messages. */
  readonly by: string;
}

/** The trust file's own checkpoints among those that count. */
export const keptAnchors = (kept: readonly KeptCheckpoint[]): readonly Anchored[] =>
  kept.map((checkpoint) => ({ ...checkpoint, time: null, by: 'the trust file' }));

export interface AnchorTolerances {
  /** Longest time from a record to its confirmation that is not told of as late, milliseconds. */
  readonly delay: number;
  /** Tolerance of clocks, milliseconds. */
  readonly skew: number;
  /** Of an evidence package: end of its period. What was confirmed later may be of records that are not in it. */
  readonly until?: number | undefined;
}

/** The longest time that a record waited for its confirmation. */
interface Delay {
  readonly ms: number;
  /** First record of the window. */
  readonly from: number;
  readonly size: number;
  readonly time: number;
}

/** Witnesses and time stamps count whole seconds. */
const SECOND = 1_000;

/** The earliest time at which each checkpoint, or one over more records, was confirmed. */
const earliestTimes = (anchors: readonly Anchored[]): ReadonlyMap<number, number> => {
  const times = new Map<number, number>();
  let earliest = Number.POSITIVE_INFINITY;
  for (const { size, time } of anchors.toReversed()) {
    earliest = Math.min(earliest, time ?? Number.POSITIVE_INFINITY);
    times.set(size, earliest);
  }
  return times;
};

/** Follows the records of one ledger. Holds nothing but the checkpoints themselves. */
export class AnchorWalk {
  /** Records that are confirmed, from the first. */
  confirmed = 0;
  /** Who confirms the last of them. */
  by = '';
  /** Wall clock of the first record beyond them, milliseconds since 1970. */
  openSince: number | null = null;
  longest: Delay | null = null;
  private readonly anchors: readonly Anchored[];
  private readonly sizes: ReadonlySet<number>;
  private readonly earliest: ReadonlyMap<number, number>;
  private next = 0;
  private readonly tolerances: AnchorTolerances;
  private readonly findings: Findings;
  /** How messages call the ledger. */
  private readonly what: string;

  constructor(anchors: readonly Anchored[], tolerances: AnchorTolerances, findings: Findings, what: string) {
    this.anchors = anchors.toSorted((a, b) => a.size - b.size);
    this.sizes = new Set(anchors.map(({ size }) => size));
    this.earliest = earliestTimes(this.anchors);
    this.tolerances = tolerances;
    this.findings = findings;
    this.what = what;
  }

  /** Whether the root over so many records is asked for. */
  wants(size: number): boolean {
    return this.sizes.has(size);
  }

  /**
   * After each record.
   * @param size records so far
   * @param time its wall clock, milliseconds since 1970
   * @param origin of the ledger
   * @param root over them; asked for where `wants` says so
   */
  record(size: number, time: number, origin: string | undefined, root: (size: number) => Buffer | undefined): void {
    this.openSince ??= time;
    for (let anchor = this.anchors[this.next]; anchor && anchor.size <= size; anchor = this.anchors[++this.next]) {
      if (anchor.size !== size || anchor.origin !== origin) continue;
      if (root(size)?.toString('hex') === anchor.root) this.confirm(anchor, time);
      else this.mismatch(anchor);
    }
  }

  /** After the last record of a walk that came to the end. */
  end({ size, verifier }: { readonly size: number; readonly verifier: { readonly name: string } | null }): void {
    const { until = Number.POSITIVE_INFINITY } = this.tolerances;
    const isDue = ({ origin, time }: Anchored): boolean =>
      origin === verifier?.name && (time === null || !(time > until));
    const beyond = this.anchors.findLast(isDue);
    if (beyond && beyond.size > size) {
      const message = `${this.what}: ends after ${size} records, but ${beyond.by} confirmed ${beyond.size}${at(beyond)}.`;
      this.findings.add('integrity', 'TRUNCATED', message);
    }
    const { longest, tolerances } = this;
    if (longest && longest.ms > tolerances.delay) {
      const message = `${this.what}: records ${longest.from} to ${longest.size - 1} were confirmed ${duration(longest.ms)} after the first of them: until ${iso(longest.time)} whoever held the key could have replaced them.`;
      this.findings.add('unestablished', 'ANCHORED_LATE', message);
    }
  }

  private confirm(anchor: Anchored, time: number): void {
    const { size } = anchor;
    if (anchor.time !== null && time > anchor.time + this.tolerances.skew + SECOND) {
      const message = `${this.what}: record ${size - 1} says it is of ${iso(time)}, yet ${anchor.by} confirmed it${at(anchor)}: its clock ran ahead.`;
      this.findings.add('incomplete', 'CLOCK_AHEAD', message);
    }
    const confirmedAt = this.earliest.get(size) ?? Number.POSITIVE_INFINITY;
    if (this.openSince !== null && Number.isFinite(confirmedAt)) {
      const ms = confirmedAt - this.openSince;
      if (ms > (this.longest?.ms ?? -1)) this.longest = { ms, from: this.confirmed, size, time: confirmedAt };
    }
    this.confirmed = size;
    this.by = anchor.by;
    this.openSince = null;
  }

  private mismatch({ size, root, by, ...anchor }: Anchored): void {
    const message = `${this.what}: its first ${size} records do not give the root ${root} that ${by} confirmed${at(anchor)}: one of them was changed since.`;
    this.findings.add('integrity', 'ANCHOR_MISMATCH', message);
  }
}

const iso = (time: number): string => new Date(time).toISOString();
const at = ({ time }: Pick<Anchored, 'time'>): string => (time === null ? '' : ` at ${iso(time)}`);

/** In words, of the largest unit that fits. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / SECOND));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
};
