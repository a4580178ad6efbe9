/** Has the ledger anchored as it grows, beside the path of calls. What fails is tried again, recorded and told. */
import type { Clock } from '../../base/clock.js';
import { type FilePort, realFiles } from '../../base/durable.js';
import { reason } from '../../base/errors.js';
import { parseCheckpoint, parseNote } from '../../base/note.js';
import type { AnchorReceipt, AnchorRecord } from '../../model/anchor.js';
import type { Ledger } from '../../model/ports.js';
import { type Anchor, AnchorError, type AnchorHead } from './anchor.js';
import { keepReceipt } from './receipts.js';

/** The ledger as anchoring needs it. */
export interface AnchoredLedger extends Pick<Ledger, 'append'> {
  readonly dir: string;
  /** Records so far. */
  readonly size: number;
  /** The last checkpoint that is on disk and acknowledged; null before the first. */
  readonly checkpoint: { readonly size: number; readonly note: string } | null;
}

export interface AnchorPlan {
  readonly anchor: Anchor;
  /** Milliseconds between one confirmation and the next. */
  readonly every: number;
  /** Size of the newest receipt on this machine; 0 where there is none. */
  readonly since: number;
}

export interface AnchoringOptions {
  readonly ledger: AnchoredLedger;
  readonly plans: readonly AnchorPlan[];
  readonly clock: Clock;
  readonly files?: FilePort;
  /** Told of each failure, and of each success after one. */
  readonly onOutcome: (outcome: AnchorOutcome) => void;
}

/** What came of one attempt. */
export interface AnchorOutcome {
  readonly name: string;
  readonly size: number;
  /** Null where it succeeded. */
  readonly problem: string | null;
  /** Attempts that have failed since the last success, this one included. */
  readonly failures: number;
}

/** How one anchor stands. */
export interface AnchorStatus {
  readonly name: string;
  readonly kind: Anchor['kind'];
  readonly locator: string;
  /** Records it has confirmed, from the first. */
  readonly confirmed: number;
  readonly failures: number;
  readonly problem: string | null;
}

/** What no anchor confirms. */
export interface UnanchoredWindow {
  /** Records from the last confirmed one on. */
  readonly records: number;
  /** Wall clock since when some are unconfirmed, milliseconds since 1970; null where none are. */
  readonly since: number | null;
}

export interface Anchoring {
  readonly status: readonly AnchorStatus[];
  readonly window: UnanchoredWindow;
  /** Has every anchor confirm the present checkpoint now. */
  now(): Promise<readonly AnchorOutcome[]>;
  /** Ends; attempts under way are given up. */
  close(): Promise<void>;
}

/** First wait after a failure, and the longest, milliseconds. */
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 600_000;
/** A failure that lasts is recorded again this often, milliseconds. */
const REMIND = 3_600_000;

const headOf = ({ checkpoint }: AnchoredLedger): AnchorHead | null =>
  checkpoint && { ...parseCheckpoint(parseNote(checkpoint.note).text), note: checkpoint.note };

/** One anchor: its turns, one at a time. */
class Turns {
  confirmed: number;
  /** Wall clock when the last confirmed checkpoint was the newest. */
  coveredAt: number;
  failures = 0;
  problem: string | null = null;
  private recordedAt = -Infinity;
  private timer: NodeJS.Timeout | null = null;
  private underway: Promise<AnchorOutcome> | null = null;
  readonly plan: AnchorPlan;
  private readonly options: AnchoringOptions;
  private readonly closing: AbortSignal;

  constructor(plan: AnchorPlan, options: AnchoringOptions, closing: AbortSignal) {
    this.plan = plan;
    this.options = options;
    this.closing = closing;
    this.confirmed = plan.since;
    this.coveredAt = options.clock.now();
    this.wait(0);
  }

  /** Joins the attempt under way, or makes one. */
  attempt(): Promise<AnchorOutcome> {
    this.underway ??= this.once().finally(() => {
      this.underway = null;
      this.wait(this.failures === 0 ? this.plan.every : this.backOff());
    });
    return this.underway;
  }

  async close(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    await this.underway;
  }

  private backOff(): number {
    return Math.min(FIRST_WAIT * 2 ** (this.failures - 1), LONGEST_WAIT, Math.max(this.plan.every, FIRST_WAIT));
  }

  private wait(ms: number): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.closing.aborted) return;
    this.timer = setTimeout(() => void this.attempt(), ms);
    this.timer.unref();
  }

  private async once(): Promise<AnchorOutcome> {
    const { anchor } = this.plan;
    const head = headOf(this.options.ledger);
    const takenAt = this.options.clock.now();
    if (!head || head.size <= this.confirmed) {
      this.coveredAt = takenAt;
      return this.outcome(this.confirmed);
    }
    let receipt: AnchorReceipt;
    try {
      receipt = await anchor.put(head, this.closing);
      await this.keep(receipt);
    } catch (error) {
      if (this.closing.aborted) return this.outcome(head.size);
      return this.fail(head, error instanceof AnchorError ? error.message : `an unexpected failure: ${reason(error)}`);
    }
    this.coveredAt = takenAt;
    return this.succeed(head, receipt);
  }

  private keep(receipt: AnchorReceipt): Promise<void> {
    const { ledger, clock, files = realFiles } = this.options;
    return keepReceipt(ledger.dir, this.plan.anchor.name, clock.now(), receipt, files);
  }

  private async succeed(head: AnchorHead, { locator, at }: AnchorReceipt): Promise<AnchorOutcome> {
    const { failures } = this;
    this.confirmed = head.size;
    this.failures = 0;
    this.problem = null;
    this.recordedAt = -Infinity;
    if (failures > 0) this.options.onOutcome(this.outcome(head.size));
    await this.record({ event: 'anchored', ...this.facts(head), locator, at, failures, problem: null });
    return this.outcome(head.size);
  }

  private async fail(head: AnchorHead, problem: string): Promise<AnchorOutcome> {
    this.failures++;
    this.problem = problem.slice(0, 300);
    const outcome = this.outcome(head.size);
    this.options.onOutcome(outcome);
    const now = this.options.clock.monotonic();
    if (now - this.recordedAt >= REMIND) {
      this.recordedAt = now;
      const { locator } = this.plan.anchor;
      const { failures } = this;
      await this.record({ event: 'failed', ...this.facts(head), locator, at: null, failures, problem: this.problem });
    }
    return outcome;
  }

  private facts({ size, root }: AnchorHead): Pick<AnchorRecord, 'anchor' | 'kind' | 'size' | 'root'> {
    const { name, kind } = this.plan.anchor;
    return { anchor: name, kind, size, root: root.toString('hex') };
  }

  /** A ledger that cannot be written says so itself. */
  private async record(d: AnchorRecord): Promise<void> {
    await this.options.ledger.append({ type: 'anchor', d }).catch(() => {});
  }

  private outcome(size: number): AnchorOutcome {
    return { name: this.plan.anchor.name, size, problem: this.problem, failures: this.failures };
  }
}

/** Starts anchoring. Each anchor has turns of its own; none waits for another, and no call waits for any. */
export const startAnchoring = (options: AnchoringOptions): Anchoring => {
  const { ledger, plans } = options;
  const ending = new AbortController();
  const turns = plans.map((plan) => new Turns(plan, options, ending.signal));
  const window = (): UnanchoredWindow => {
    const confirmed = Math.max(0, ...turns.map((turn) => turn.confirmed));
    const records = Math.max(0, ledger.size - confirmed);
    return { records, since: records === 0 ? null : Math.max(0, ...turns.map(({ coveredAt }) => coveredAt)) };
  };
  return {
    get status() {
      return turns.map(({ plan: { anchor }, confirmed, failures, problem }) => {
        const { name, kind, locator } = anchor;
        return { name, kind, locator, confirmed, failures, problem };
      });
    },
    get window() {
      return window();
    },
    now: () => Promise.all(turns.map((turn) => turn.attempt())),
    close: async () => {
      ending.abort();
      await Promise.all(turns.map((turn) => turn.close()));
    },
  };
};
