/** Gives every record its place, in the order of the calls; begins segments; goes on after a failure of the disk. */
import type { FilePort } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { parseVerifierKey } from '../base/note.js';
import type { Receipt, RecordDraft, RecordType } from '../model/record.js';
import { writeBlobs } from './blobs.js';
import { Books } from './books.js';
import { Comeback } from './comeback.js';
import { type Checkpoint, GroupCommit } from './commit.js';
import type { LedgerCondition } from './condition.js';
import { type Draft, type Encoded, encodeDraft, placeRecord } from './encode.js';
import { readKept } from './kept.js';
import type { Lock } from './lock.js';
import type { LedgerOptions, OpenedLedger } from './opening.js';
import { Outage } from './outage.js';
import type { LedgerEntry } from './read.js';
import { type Recovered, recoveryDrafts } from './recover.js';
import type { Reserve } from './reserve.js';
import { type RootKey, rootLine } from './root.js';
import { Rotation } from './rotation.js';
import { Sealer } from './sealer.js';
import type { OpenSegment } from './segment.js';

const failure = (problem: string): CountersignError => new CountersignError('LEDGER_WRITE_FAILED', { problem });

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
  /** Records whose blobs are on their way to the disk. */
  private readonly blobs = new Set<Promise<Receipt>>();
  private readonly comeback: Comeback;
  private readonly books: Books;
  private readonly rotation: Rotation;

  constructor(parts: WriterParts) {
    const { options, opened, root, found } = parts;
    const { state, account } = found;
    this.parts = parts;
    this.dir = options.dir;
    this.origin = root.name;
    this.key = root.key;
    this.recovered = { setAside: found.setAside.length, unknown: account.open.size };
    this.counts = new Map(account.counts);
    this.seq = state.size;
    this.prev = state.prev;
    this.group = new GroupCommit({
      ...opened,
      range: state.range,
      prev: state.prev,
      onDurable: (records, offsets) => this.books.add(records, offsets, this.group.path),
      onFailure: (error, refused) => {
        for (const { own, effect } of refused) if (!own) this.outage.refuse(effect);
        this.comeback.failed(error);
      },
    });
    const { dir, keep: rule = {}, onProblem = () => {} } = options;
    const sealer = new Sealer({ dir, files: parts.files, rule, sealed: found.sealed, onProblem });
    this.books = new Books({ account, kept: found.kept, rule, root: root.key, sealer });
    const { group, outage, books } = this;
    this.rotation = new Rotation({
      ...parts,
      group,
      books,
      at: () => ({ seq: this.seq, prev: this.prev }),
      begin: (next) => Promise.all(this.placeOwn(next, [])).then(([first]) => first ?? { seq: this.seq, leaf: '' }),
    });
    this.comeback = new Comeback({
      ...parts,
      group,
      outage,
      idle: () => this.rotation.idle(),
      rewind: () => this.rewind(),
      place: (opened, drafts) => this.placeOwn(opened, drafts),
      write: (drafts) => this.writeOwn(drafts),
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
    const turned = await this.rotation.turn();
    if (turned) return turned.begun;
    throw this.group.failed ?? new CountersignError('ROOT_KEY_UNAVAILABLE', { problem: 'the next segment is put off' });
  }

  signRoot(text: string): Promise<string> {
    return rootLine(this.parts.root, text);
  }

  kept(): AsyncGenerator<LedgerEntry> {
    return readKept(this.dir, this.parts.found.kept, this.parts.files);
  }

  close(why: string): Promise<void> {
    this.closed ??= this.shut(why);
    return this.closed;
  }

  /** What must stand before anything else: the key, what was set aside, the outcomes nobody saw. */
  async begin(): Promise<void> {
    const { found, opened, options } = this.parts;
    const before = this.books.sum(this.group, found.state.verifier, options.clock.now());
    await Promise.all(this.placeOwn(opened, recoveryDrafts(found.setAside, found.account.open)));
    if (options.heartbeat > 0) {
      this.beats = setInterval(() => void this.beat(), options.heartbeat);
      this.beats.unref();
    }
    await this.comeback.keepRoom();
    if (found.unsealed) this.books.seal(before, this.group);
  }

  /** Gives back what was taken, where opening fails half way. */
  async abandon(): Promise<void> {
    this.closed ??= Promise.resolve();
    if (this.beats) clearInterval(this.beats);
    try {
      await this.rotation.idle();
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
    const { turning } = this.rotation;
    return turning ? turning.then(() => this.settle(encoded, own)) : this.place(encoded, own);
  }

  /** From here to the queue nothing waits, so the chain has no holes. */
  private place(encoded: Encoded, own: boolean): Promise<Receipt> {
    const { type, effect } = encoded;
    if (!own) this.admit(effect);
    else if (this.group.failed) throw this.group.failed;
    const { clock, keep } = this.parts.options;
    const { seq, prev } = this;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const { line, payloads, length, leaf } = placeRecord(encoded, { seq, prev, now, monotonic, boot: clock.boot });
    this.seq = seq + 1;
    this.prev = leaf;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    const kept = keep?.[type] === undefined ? null : now;
    // Member by member: copying one object into another costs more than all the rest of this.
    const durable = this.group.add({ line, payloads, length, leaf, seq, type, effect, own, kept });
    if (!this.closed && this.rotation.isDue(monotonic)) void this.rotation.turn();
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

  /** The first records of a segment, and of a run. All get their places at once. */
  private placeOwn({ segment }: Pick<OpenSegment, 'segment'>, drafts: readonly Draft[]): readonly Promise<Receipt>[] {
    if (segment) this.rotation.begin();
    const first: readonly Draft[] = segment ? [{ type: 'seg', d: segment }] : [];
    return [...first, ...drafts].map((draft) => this.place(encodeDraft(draft), true));
  }

  /** Records of the writer's own in the open segment, once no other is being begun. */
  private async writeOwn(drafts: readonly Draft[]): Promise<void> {
    await this.rotation.idle();
    await Promise.all(this.placeOwn({ segment: null }, drafts));
  }

  /** The counts are taken at the moment the record gets its place, so they cover exactly what stands before it. */
  private async beat(): Promise<void> {
    await this.rotation.idle();
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

  private async sealAll(): Promise<void> {
    const { group, books, parts } = this;
    if (!group.failed)
      books.seal(books.sum(group, parseVerifierKey(group.signer.key), parts.options.clock.now()), group);
    await books.idle();
  }

  private async shut(why: string): Promise<void> {
    if (this.beats) clearInterval(this.beats);
    try {
      await Promise.allSettled(this.blobs);
      // Begun before the end was asked for: the last record belongs into the segment it opens.
      await this.rotation.idle();
      await this.comeback.close();
      if (!this.group.failed) await this.place(encodeDraft({ type: 'stop', d: { reason: why } }), true);
      await this.sealAll();
    } finally {
      await this.abandon().catch((error: unknown) => {
        throw failure(reason(error));
      });
    }
  }
}
