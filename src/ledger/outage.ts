/** What happens while a ledger cannot be written, and what is to be said of it afterwards. */
import type { CountersignError } from '../base/errors.js';
import type { RecoverRecord } from '../model/record.js';
import type { Effect } from './account.js';
import { conditionOf } from './condition.js';
import type { Draft } from './encode.js';
import { recoveryDrafts } from './recover.js';

/** When a writer that failed, and failed again at once, tries again: milliseconds, doubled each time up to the most. */
export interface Retry {
  readonly first: number;
  readonly most: number;
}

const MAX_PROBLEM = 300;
/** A disk that fails again sooner is the same trouble, and is not tried at once. */
const CALM_MS = 60_000;

type Cause = NonNullable<RecoverRecord['cause']>;

/** What is to be said of an outage. */
export interface Told {
  readonly drafts: readonly Draft[];
  /** Intents whose outcome is said to be unknown: nothing else may be said of it later. */
  readonly unknown: readonly number[];
  /** To be called when all of it is durable. */
  readonly durable: () => void;
}

/** Kept for the life of a writer: one outage can follow another before anything was said of the first. */
export class Outage {
  /** Wall clock at the failure since which not every record is taken, milliseconds since 1970; null where all are. */
  since: number | null = null;
  /** What was wrong with the disk, at the last failure. */
  cause: Cause = 'write_failed';
  private problem = '';
  private refused = 0;
  private attempts = 0;
  /** Wall clock at the end of the last outage. */
  private ended = Number.NEGATIVE_INFINITY;
  /** Calls that ended without outcome, as a record of theirs was refused. */
  private readonly lost = new Set<string>();
  /** Bytes set aside, by the name of their file. */
  private readonly aside = new Map<string, RecoverRecord>();

  /** @returns whether it began with this failure */
  begin(error: CountersignError, now: number): boolean {
    const began = this.since === null;
    if (began && now - this.ended >= CALM_MS) this.attempts = 0;
    const condition = conditionOf(error);
    this.cause = condition === 'disk_full' || condition === 'read_only' ? condition : 'write_failed';
    this.problem = String(error.details['problem'] ?? error.message)
      .slice(0, MAX_PROBLEM)
      .toWellFormed();
    this.since ??= now;
    return began;
  }

  /** Counts a record that a caller was refused. */
  refuse({ within }: Effect): void {
    this.refused++;
    if (within !== null) this.lost.add(within);
  }

  setAside(record: RecoverRecord | null): void {
    if (record?.file !== undefined) this.aside.set(record.file, record);
  }

  /** Milliseconds until the next attempt. The first comes at once: what failed may have been one write. */
  delay({ first, most }: Retry): number {
    const attempts = this.attempts++;
    return attempts === 0 ? 0 : Math.min(most, first * 2 ** Math.min(attempts - 1, 20));
  }

  /**
   * What goes on record when writing goes on.
   * @param open calls that are owed an outcome; those that ended meanwhile get `unknown`
   */
  account(open: ReadonlyMap<number, string>): Told {
    const { refused, cause, problem } = this;
    const [first = { bytes: 0 }, ...rest] = this.aside.values();
    const lost = new Map([...open].filter(([, call]) => this.lost.has(call)));
    const drafts = recoveryDrafts([{ ...first, cause, problem, refused }, ...rest], lost);
    const durable = (): void => {
      this.refused -= refused;
      for (const { file = '' } of [first, ...rest]) this.aside.delete(file);
      for (const call of lost.values()) this.lost.delete(call);
    };
    return { drafts, unknown: [...lost.keys()], durable };
  }

  /** Every record is taken again. */
  end(now: number): void {
    this.since = null;
    this.ended = now;
    this.lost.clear();
  }
}
