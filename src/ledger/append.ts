/** The one writer of a ledger. */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, timestamp } from '../base/clock.js';
import { type FilePort, makeFolder, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { Ledger } from '../model/ports.js';
import type { Receipt, RecordDraft, RecordType } from '../model/record.js';
import { GroupCommit } from './commit.js';
import { conditionOf, type LedgerCondition } from './condition.js';
import { type Draft, type Encoded, encodeDraft, placeRecord } from './encode.js';
import { type Lock, takeLock } from './lock.js';
import { type Recovered, recoverLedger, recoveryDrafts } from './recover.js';
import {
  createSegmentFile,
  createSegmentKey,
  type OpenSegment,
  openSegment,
  type RootKey,
  rootKey,
} from './segment.js';

export interface LedgerOptions {
  /** See `ledgerDir`. Made where there is none. */
  readonly dir: string;
  /** Names the ledger and its key. */
  readonly origin: string;
  /** Ed25519 private key. */
  readonly key: KeyObject;
  readonly clock: Clock;
  /** Interval of heartbeats, milliseconds; 0 writes none. */
  readonly heartbeat: number;
  /**
   * When a new segment begins, with a new key that `key` certifies: after so many bytes, or milliseconds. A start
   * begins one too, as keys of segments are not kept. Absent: `key` signs everything, in one segment, unless the
   * ledger has certified segments already.
   */
  readonly rotate?: { readonly bytes: number; readonly age: number };
  readonly files?: FilePort;
  /** Told once, when the ledger can write no more. */
  readonly onFailure?: (error: CountersignError) => void;
}

export interface OpenedLedger extends Ledger {
  readonly dir: string;
  readonly origin: string;
  /** C2SP verifier key: what a trust file names. */
  readonly key: string;
  /** Records so far, those under way included. */
  readonly size: number;
  /** Whether it takes records, and if not, why. */
  readonly condition: LedgerCondition;
  /** Wall clock at the failure after which it takes none, milliseconds since 1970; null while it does. */
  readonly failedAt: number | null;
  /** What opening found: bytes set aside, and calls whose outcome is unknown. */
  readonly recovered: { readonly setAside: number; readonly unknown: number };
}

const failure = (problem: string): CountersignError => new CountersignError('LEDGER_WRITE_FAILED', { problem });

interface WriterParts extends OpenSegment {
  readonly options: LedgerOptions;
  readonly files: FilePort;
  readonly lock: Lock;
  readonly root: RootKey;
  readonly found: Recovered;
}

/** Owns the lock, the segment file and the heartbeat. Gives every record its place, in the order of the calls. */
class Writer implements OpenedLedger {
  readonly dir: string;
  readonly origin: string;
  readonly key: string;
  readonly recovered: { readonly setAside: number; readonly unknown: number };
  failedAt: number | null = null;
  private readonly parts: WriterParts;
  private readonly group: GroupCommit;
  private readonly counts: Map<RecordType, number>;
  /** Number of the next record, and leaf hash of the one before it. */
  private seq: number;
  private prev: string;
  private closed: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** Settles when the next segment is open; what comes meanwhile waits for it. */
  private turning: Promise<void> | null = null;
  /** Monotonic time at which the segment began. */
  private began: number;
  /** Records whose blobs are on their way to the disk. */
  private readonly blobs = new Set<Promise<Receipt>>();

  constructor(parts: WriterParts) {
    const { options, file, signer, root, found } = parts;
    this.parts = parts;
    this.dir = options.dir;
    this.origin = root.signer.name;
    this.key = root.signer.key;
    this.began = options.clock.monotonic();
    this.recovered = { setAside: found.setAside.length, unknown: found.open.size };
    this.counts = found.counts;
    this.seq = found.state.size;
    this.prev = found.state.prev;
    this.group = new GroupCommit({
      file,
      range: found.state.range,
      signer,
      onFailure: (error) => {
        this.failedAt = options.clock.now();
        options.onFailure?.(error);
      },
    });
  }

  private get options(): LedgerOptions {
    return this.parts.options;
  }

  get size(): number {
    return this.seq;
  }

  get healthy(): boolean {
    return this.group.failed === null && this.closed === null;
  }

  get condition(): LedgerCondition {
    // A ledger that failed and was closed afterwards still says why it failed.
    if (this.failedAt !== null && this.group.failed) return conditionOf(this.group.failed);
    return this.healthy ? 'writing' : 'closed';
  }

  append(draft: RecordDraft): Promise<Receipt> {
    if (this.closed) return Promise.reject(failure('it is closed'));
    const waiting = this.group.full;
    if (waiting !== null) return Promise.reject(new CountersignError('LEDGER_BUSY', { bytes: waiting }));
    return this.write(draft);
  }

  close(why: string): Promise<void> {
    this.closed ??= this.shut(why);
    return this.closed;
  }

  /** What must stand before anything else: the key, what was set aside, the outcomes nobody saw. */
  async begin(): Promise<void> {
    const { found, segment } = this.parts;
    const drafts: Draft[] = [];
    if (segment) drafts.push({ type: 'seg', d: segment });
    drafts.push(...recoveryDrafts(found));
    await Promise.all(drafts.map((draft) => this.write(draft)));
    if (this.options.heartbeat > 0) {
      this.timer = setInterval(() => this.beat(), this.options.heartbeat);
      this.timer.unref();
    }
  }

  /** Gives back what was taken, where opening fails half way. */
  async abandon(): Promise<void> {
    this.closed ??= Promise.resolve();
    try {
      await this.turning;
      await this.group.close();
    } finally {
      await this.parts.lock.release();
    }
  }

  private write(draft: Draft): Promise<Receipt> {
    try {
      const encoded = encodeDraft(draft);
      if (encoded.blobs.length === 0) return this.settle(encoded);
      const writing = this.writeWithBlobs(encoded).finally(() => this.blobs.delete(writing));
      this.blobs.add(writing);
      return writing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Gives the record its place, once the segment for it is open. */
  private settle(encoded: Encoded): Promise<Receipt> {
    return this.turning ? this.turning.then(() => this.settle(encoded)) : this.place(encoded);
  }

  /** From here to the queue nothing waits, so the chain has no holes. */
  private async place(encoded: Encoded): Promise<Receipt> {
    if (this.group.failed) throw this.group.failed;
    const { clock } = this.options;
    const { seq, prev } = this;
    const place = { seq, prev, now: clock.now(), monotonic: clock.monotonic(), boot: clock.boot };
    const lines = placeRecord(encoded, place);
    this.seq = seq + 1;
    this.prev = lines.leaf;
    this.counts.set(encoded.type, (this.counts.get(encoded.type) ?? 0) + 1);
    const durable = this.group.add(lines);
    if (this.isDue()) this.turn();
    await durable;
    return { seq, leaf: lines.leaf };
  }

  private async writeWithBlobs(encoded: Encoded): Promise<Receipt> {
    if (this.group.failed) throw this.group.failed;
    const folder = join(this.dir, 'blobs');
    try {
      for (const { commitment, bytes } of encoded.blobs) {
        const file = await this.parts.files.create(join(folder, commitment));
        try {
          await file.write(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
      }
      await this.parts.files.syncFolder(folder);
    } catch (error) {
      throw this.group.fail(error);
    }
    return this.settle(encoded);
  }

  private isDue(): boolean {
    const { rotate, clock } = this.options;
    if (!rotate || this.turning || this.closed) return false;
    return this.group.written >= rotate.bytes || clock.monotonic() - this.began >= rotate.age;
  }

  /** Closes the segment under its last checkpoint, lets go of its key, and begins the next one. */
  private turn(): void {
    this.turning = this.nextSegment()
      .catch((error: unknown) => void this.group.fail(error))
      .finally(() => {
        this.turning = null;
      });
  }

  private async nextSegment(): Promise<void> {
    await this.group.idle();
    const { seq, prev } = this;
    const file = await createSegmentFile(this.dir, seq, this.parts.files);
    const { signer, record } = createSegmentKey(this.parts.root, { seq, prev });
    await this.group.turnTo(file, signer);
    this.began = this.options.clock.monotonic();
    // Placed before anything that waits; where it fails, the group tells.
    this.place(encodeDraft({ type: 'seg', d: record })).catch(() => {});
  }

  /** The counts are taken at the moment the record gets its place, so they cover exactly what stands before it. */
  private beat(): void {
    const d = { counts: Object.fromEntries(this.counts) };
    this.write({ type: 'hb', d }).catch((error: unknown) => {
      // A failed write has been reported by the group; anything else must not pass unseen.
      if (!this.group.failed) this.group.fail(error);
    });
  }

  private async shut(why: string): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    try {
      await Promise.allSettled(this.blobs);
      // Begun before the end was asked for: the last record belongs into the segment it opens.
      await this.turning;
      if (!this.group.failed) await this.write({ type: 'stop', d: { reason: why } });
    } finally {
      await this.abandon().catch((error: unknown) => {
        throw failure(reason(error));
      });
    }
  }
}

const openLocked = async (options: LedgerOptions, lock: Lock, files: FilePort): Promise<OpenedLedger> => {
  const { dir } = options;
  const root = rootKey(dir, options.origin, options.key);
  const found = await recoverLedger(dir, files);
  const known = found.state.root;
  if (known && known.key !== root.signer.key) {
    throw new CountersignError('LEDGER_KEY', { dir, problem: `it names ${known.key}, not ${root.signer.key}` });
  }
  const parts = await openSegment({ dir, files, root, found, certified: options.rotate !== undefined });
  const writer = new Writer({ options, files, lock, root, found, ...parts });
  try {
    await writer.begin();
  } catch (error) {
    await writer.abandon().catch(() => {});
    throw error;
  }
  return writer;
};

/**
 * Opens a ledger for writing, or begins one: takes the lock, checks all of it, sets aside a torn tail, and
 * records what it found (`seg`, `recover`, `result` with status unknown).
 * @throws CountersignError LEDGER_LOCKED, LEDGER_DAMAGED, LEDGER_KEY, LEDGER_WRITE_FAILED
 */
export const openLedger = async (options: LedgerOptions): Promise<OpenedLedger> => {
  const files = options.files ?? realFiles;
  const { dir, clock } = options;
  let lock: Lock | null = null;
  try {
    await makeFolder(dir, files);
    lock = await takeLock(dir, timestamp(clock.now()), files);
    return await openLocked(options, lock, files);
  } catch (error) {
    // What went wrong first is what the caller must learn; a lock left behind is stale when this process ends.
    await lock?.release().catch(() => {});
    throw error instanceof CountersignError ? error : failure(reason(error));
  }
};
