/** Gives every record its place, in the order of the calls; begins segments; goes on after a failure of the disk. */
import type { FilePort } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { Receipt, RecordDraft, RecordType } from '../model/record.js';
import { addTo } from './account.js';
import type { LedgerOptions, OpenedLedger } from './append.js';
import { writeBlobs } from './blobs.js';
import { Comeback } from './comeback.js';
import { type Checkpoint, GroupCommit } from './commit.js';
import type { LedgerCondition } from './condition.js';
import { type Draft, type Encoded, encodeDraft, placeRecord } from './encode.js';
import type { Lock } from './lock.js';
import { Outage } from './outage.js';
import { type Recovered, recoveryDrafts } from './recover.js';
import type { Reserve } from './reserve.js';
import { type RootKey, rootLine } from './root.js';
import { beginSegment, type OpenSegment } from './segment.js';

const failure = (problem: string): CountersignError => new CountersignError('LEDGER_WRITE_FAILED', { problem });

/** A root key that cannot be asked puts the next segment off for so long; the open one goes on meanwhile. */
const POSTPONE_MS = 60_000;

export interface WriterParts {
  readonly options: LedgerOptions;
  readonly files: FilePort;
  readonly lock: Lock;
  readonly root: RootKey;
  readonly found: Recovered;
  readonly opened: OpenSegment;
  /** Null where no room is kept. */
  readonly reserve: Reserve | null;
}

/** What became of the next segment: its first record, on the way to the disk; null where it was put off. */
type Turned = { readonly begun: Promise<Receipt> } | null;

/** Owns the lock, the segment file and the heartbeat. */
export class Writer implements OpenedLedger {
  readonly dir: string;
  readonly origin: string;
  readonly key: string;
  readonly recovered: { readonly setAside: number; readonly unknown: number };
  private readonly parts: WriterParts;
  private readonly group: GroupCommit;
  private readonly outage = new Outage();
  /** Records per type, those under way included. */
  private counts: Map<RecordType, number>;
  /** Number of the next record, and leaf hash of the one before it. */
  private seq: number;
  private prev: string;
  private closed: Promise<void> | null = null;
  private beats: NodeJS.Timeout | null = null;
  /** Settles when the next segment is open; what comes meanwhile waits for it. */
  private turning: Promise<Turned> | null = null;
  /** Monotonic times: at which the segment began, and before which no next one is tried. */
  private began: number;
  private notBefore = 0;
  /** Records whose blobs are on their way to the disk. */
  private readonly blobs = new Set<Promise<Receipt>>();
  private readonly comeback: Comeback;

  constructor(parts: WriterParts) {
    const { options, opened, root, found } = parts;
    const { state, account } = found;
    this.parts = parts;
    this.dir = options.dir;
    this.origin = root.name;
    this.key = root.key;
    this.began = options.clock.monotonic();
    this.recovered = { setAside: found.setAside.length, unknown: account.open.size };
    this.counts = new Map(account.counts);
    this.seq = state.size;
    this.prev = state.prev;
    this.group = new GroupCommit({
      ...opened,
      range: state.range,
      prev: state.prev,
      onDurable: (records) => {
        for (const { seq, type, effect } of records) addTo(account, seq, type, effect);
      },
      onFailure: (error, refused) => {
        for (const { own, effect } of refused) if (!own) this.outage.refuse(effect);
        this.comeback.failed(error);
      },
    });
    this.comeback = new Comeback({
      ...parts,
      group: this.group,
      outage: this.outage,
      idle: async () => void (await this.turning),
      rewind: () => this.rewind(),
      place: (opened, drafts) => this.placeOwn(opened, drafts),
    });
  }

  get size(): number {
    return this.seq;
  }

  get failedAt(): number | null {
    return this.outage.since;
  }

  get checkpoint(): Checkpoint | null {
    return this.group.checkpoint;
  }

  get healthy(): boolean {
    return this.condition === 'writing';
  }

  get condition(): LedgerCondition {
    // A ledger that failed and was closed afterwards still says why it failed.
    if (this.outage.since !== null) return this.outage.cause;
    return this.closed === null ? 'writing' : 'closed';
  }

  append(draft: RecordDraft): Promise<Receipt> {
    if (this.closed) return Promise.reject(failure('it is closed'));
    const waiting = this.group.full;
    if (waiting !== null) return Promise.reject(new CountersignError('LEDGER_BUSY', { bytes: waiting }));
    return this.write(draft, false);
  }

  async rotate(): Promise<Receipt> {
    if (this.closed) throw failure('it is closed');
    if (this.group.failed) throw this.group.failed;
    const turned = await (this.turning ?? this.turn());
    if (turned) return turned.begun;
    throw this.group.failed ?? new CountersignError('ROOT_KEY_UNAVAILABLE', { problem: 'the next segment is put off' });
  }

  signRoot(text: string): Promise<string> {
    return rootLine(this.parts.root, text);
  }

  close(why: string): Promise<void> {
    this.closed ??= this.shut(why);
    return this.closed;
  }

  /** What must stand before anything else: the key, what was set aside, the outcomes nobody saw. */
  async begin(): Promise<void> {
    const { found, opened, options } = this.parts;
    await Promise.all(this.placeOwn(opened, recoveryDrafts(found.setAside, found.account.open)));
    if (options.heartbeat > 0) {
      this.beats = setInterval(() => void this.beat(), options.heartbeat);
      this.beats.unref();
    }
    await this.comeback.keepRoom();
  }

  /** Gives back what was taken, where opening fails half way. */
  async abandon(): Promise<void> {
    this.closed ??= Promise.resolve();
    if (this.beats) clearInterval(this.beats);
    try {
      await this.turning;
      await this.comeback.close();
      await this.group.close();
    } finally {
      await this.parts.lock.release();
    }
  }

  private write(draft: Draft, own: boolean): Promise<Receipt> {
    try {
      const encoded = encodeDraft(draft);
      if (encoded.blobs.length === 0) return this.settle(encoded, own);
      const writing = this.writeWithBlobs(encoded).finally(() => this.blobs.delete(writing));
      this.blobs.add(writing);
      return writing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Gives the record its place, once the segment for it is open. */
  private settle(encoded: Encoded, own: boolean): Promise<Receipt> {
    return this.turning ? this.turning.then(() => this.settle(encoded, own)) : this.place(encoded, own);
  }

  /** From here to the queue nothing waits, so the chain has no holes. */
  private place(encoded: Encoded, own: boolean): Promise<Receipt> {
    const { type, effect } = encoded;
    if (!own) this.admit(effect);
    else if (this.group.failed) throw this.group.failed;
    const { clock } = this.parts.options;
    const { seq, prev } = this;
    const place = { seq, prev, now: clock.now(), monotonic: clock.monotonic(), boot: clock.boot };
    const { text, leaf } = placeRecord(encoded, place);
    this.seq = seq + 1;
    this.prev = leaf;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    const durable = this.group.add({ text, leaf, seq, type, effect, own });
    if (this.isDue()) void this.turn();
    return durable;
  }

  /** @throws CountersignError where a record of a caller is not taken at present */
  private admit(effect: Encoded['effect']): void {
    const { failed } = this.group;
    if (failed || (this.comeback.scarce && !effect.ends)) {
      this.outage.refuse(effect);
      throw failed ?? failure('the disk is full; only what ends calls under way is still recorded');
    }
    if (effect.closes !== null && this.comeback.unknown.has(effect.closes)) {
      throw new CountersignError('RECORD_INVALID', { problem: 'the outcome of the call is on record as unknown' });
    }
  }

  private async writeWithBlobs(encoded: Encoded): Promise<Receipt> {
    this.admit(encoded.effect);
    try {
      await writeBlobs(this.dir, encoded.blobs, this.parts.files);
    } catch (error) {
      this.outage.refuse(encoded.effect);
      throw this.group.fail(error);
    }
    return this.settle(encoded, false);
  }

  private isDue(): boolean {
    const { rotate, clock } = this.parts.options;
    if (!rotate || this.turning || this.closed) return false;
    const now = clock.monotonic();
    return (this.group.end >= rotate.bytes || now - this.began >= rotate.age) && now >= this.notBefore;
  }

  /** Closes the segment under its last checkpoint, lets go of its key, and begins the next one. */
  private turn(): Promise<Turned> {
    this.turning = this.nextSegment()
      .catch((error: unknown) => this.putOff(error))
      .finally(() => {
        this.turning = null;
      });
    return this.turning;
  }

  private async nextSegment(): Promise<Turned> {
    const { files, root } = this.parts;
    await this.group.idle();
    const next = await beginSegment({ dir: this.dir, files, root }, { seq: this.seq, prev: this.prev });
    const { checkpoint } = this.group;
    await this.group.turnTo(next);
    if (checkpoint) this.parts.options.onSealed?.(checkpoint);
    // Placed before anything that waits; where it fails, the group tells.
    const [begun = Promise.reject(failure('no segment began'))] = this.placeOwn(next, []);
    begun.catch(() => {});
    return { begun };
  }

  /** The open segment goes on for a while where only the root key could not be asked. */
  private putOff(error: unknown): Turned {
    const { options } = this.parts;
    this.notBefore = options.clock.monotonic() + POSTPONE_MS;
    if (!(error instanceof CountersignError && error.code === 'ROOT_KEY_UNAVAILABLE')) this.group.fail(error);
    else options.onProblem?.(error);
    return null;
  }

  /** The first records of a segment, and of a run. All get their places at once. */
  private placeOwn({ segment }: Pick<OpenSegment, 'segment'>, drafts: readonly Draft[]): readonly Promise<Receipt>[] {
    this.began = this.parts.options.clock.monotonic();
    const first: readonly Draft[] = segment ? [{ type: 'seg', d: segment }] : [];
    return [...first, ...drafts].map((draft) => this.place(encodeDraft(draft), true));
  }

  /** The counts are taken at the moment the record gets its place, so they cover exactly what stands before it. */
  private async beat(): Promise<void> {
    await this.turning;
    if (this.group.failed || this.closed) return;
    const d = { counts: Object.fromEntries(this.counts) };
    // A failed write is told by the group.
    this.place(encodeDraft({ type: 'hb', d }), true).catch(() => {});
  }

  /** From the last acknowledged record on. */
  private rewind(): void {
    this.seq = this.group.range.size;
    this.prev = this.group.prev;
    this.counts = new Map(this.parts.found.account.counts);
  }

  private async shut(why: string): Promise<void> {
    if (this.beats) clearInterval(this.beats);
    try {
      await Promise.allSettled(this.blobs);
      // Begun before the end was asked for: the last record belongs into the segment it opens.
      await this.turning;
      await this.comeback.close();
      if (!this.group.failed) await this.place(encodeDraft({ type: 'stop', d: { reason: why } }), true);
    } finally {
      await this.abandon().catch((error: unknown) => {
        throw failure(reason(error));
      });
    }
  }
}
