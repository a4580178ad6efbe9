/** Comes back after a failure of the disk, in the same process: tries again later, and says on record what happened. */
import type { FilePort } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { Receipt } from '../model/record.js';
import type { GroupCommit } from './commit.js';
import { conditionOf } from './condition.js';
import type { Draft } from './encode.js';
import type { LedgerOptions } from './opening.js';
import type { Outage } from './outage.js';
import type { Recovered } from './recover.js';
import type { Reserve } from './reserve.js';
import { reopen } from './resume.js';
import type { RootKey } from './root.js';
import type { OpenSegment } from './segment.js';

export interface ComebackParts {
  readonly options: LedgerOptions;
  readonly files: FilePort;
  readonly root: RootKey;
  readonly found: Recovered;
  /** Null where no room is kept. */
  readonly reserve: Reserve | null;
  readonly group: GroupCommit;
  readonly outage: Outage;
  /** Resolves when no segment is being begun. */
  readonly idle: () => Promise<void>;
  /** Takes back the places of all records that are not acknowledged. */
  readonly rewind: () => void;
  /** Gives places to the writer’s own records, all at once. */
  readonly place: (opened: OpenSegment, drafts: readonly Draft[]) => readonly Promise<Receipt>[];
  /** The same in the open segment, once no other is being begun. */
  readonly write: (drafts: readonly Draft[]) => Promise<void>;
}

/** One at a time: an attempt that is to come, or one that is under way. */
export class Comeback {
  /** Whether the room kept for closing records was given up: nothing else is taken until it is kept again. */
  scarce = false;
  /** Intents whose outcome went on record as unknown in this run. */
  readonly unknown = new Set<number>();
  private readonly parts: ComebackParts;
  private underWay: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(parts: ComebackParts) {
    this.parts = parts;
  }

  /** Takes note of a failure, and that it is to be tried again. */
  failed(error: CountersignError): void {
    const { outage, options } = this.parts;
    if (outage.begin(error, options.clock.now())) options.onFailure?.(error);
    this.schedule();
  }

  /** Keeps the room for closing records. A ledger that cannot is opened, but takes no call. */
  async keepRoom(): Promise<void> {
    try {
      await this.parts.reserve?.make();
    } catch (error) {
      const full = new CountersignError('LEDGER_WRITE_FAILED', { problem: reason(error) }, { cause: error });
      if (conditionOf(full) !== 'disk_full') throw full;
      this.scarce = true;
      this.failed(full);
    }
  }

  /** Ends all attempts; resolves when none is under way. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.underWay;
  }

  private schedule(): void {
    const { outage, options, group, reserve } = this.parts;
    if (!options.retry || this.timer || this.underWay || this.closed) return;
    // With room at hand there is nothing to wait for: calls under way are owed their outcome.
    const hasRoom = group.failed !== null && outage.cause === 'disk_full' && reserve?.held === true;
    this.timer = setTimeout(() => this.attempt(), hasRoom ? 0 : outage.delay(options.retry));
    this.timer.unref();
  }

  private attempt(): void {
    const { group, options } = this.parts;
    this.timer = null;
    this.underWay = (group.failed ? this.resume() : this.regain())
      // What failed is found again by the next attempt.
      .catch((error: unknown) => options.onProblem?.(error))
      .finally(() => {
        this.underWay = null;
        if (group.failed || this.scarce) this.schedule();
      });
  }

  /** Goes on from the last acknowledged record. */
  private async resume(): Promise<void> {
    const { group, outage, reserve, idle, rewind } = this.parts;
    await idle();
    await group.letGo();
    if (outage.cause === 'disk_full' && reserve?.held) {
      await reserve.release();
      this.scarce = true;
    }
    const next = await this.reopen();
    if (this.closed) return next.file.close();
    // From here to the queue nothing waits, so that the key of the segment stands first.
    rewind();
    group.resume(next);
    await this.tell(next);
  }

  private reopen(): Promise<OpenSegment> {
    const { group, outage, files, root, options } = this.parts;
    const { range, prev, signer, path, end } = group;
    return reopen({
      dir: options.dir,
      files,
      root,
      certified: options.rotate !== undefined,
      acknowledged: { state: { size: range.size, prev, verifier: signer }, path, end },
      onSetAside: (record) => outage.setAside(record),
    });
  }

  /** Keeps the room again; until that is possible only what ends calls under way is taken. */
  private async regain(): Promise<void> {
    await this.parts.reserve?.make();
    this.scarce = false;
    await this.tell(null);
  }

  /**
   * Says on record what happened since writing failed.
   * @param next the segment that begins with it; null: the open one
   */
  private async tell(next: OpenSegment | null): Promise<void> {
    const { outage, found, options, place, write } = this.parts;
    const { drafts, unknown, durable } = outage.account(found.account.open);
    for (const intent of unknown) this.unknown.add(intent);
    await (next ? Promise.all(place(next, drafts)) : write(drafts));
    durable();
    if (!this.scarce) outage.end(options.clock.now());
    options.onResumed?.();
  }
}
