/**
 * Group commit. Lines that arrive while a write is under way wait for the next one; each batch ends in a
 * signed checkpoint and is one write and one fdatasync; only then are its callers told.
 */
import type { AppendFile } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { CompactRange } from '../base/merkle.js';
import { checkpointText, type NoteSigner, signNote } from '../base/note.js';
import type { Receipt, RecordType } from '../model/record.js';
import type { Effect } from './account.js';
import { BatchBuffer } from './batch.js';
import type { PlacedLines } from './encode.js';
import { checkpointLine } from './format.js';

/** Characters of one batch, beyond which what waits goes into the next; a reader holds one batch in memory. */
const MAX_BATCH = 4 * 1024 * 1024;
/** Characters of a checkpoint line, more than any has: an origin of 255, a root and a signature, escaped. */
const MAX_CHECKPOINT = 4_096;
/** Characters that may wait in all. */
const MAX_WAITING = 64 * 1024 * 1024;

/** A record that has its place, with its lines. */
export interface Placed extends PlacedLines {
  readonly seq: number;
  readonly type: RecordType;
  readonly effect: Effect;
  /** Whether the writer itself wrote it, and no caller waits for it. */
  readonly own: boolean;
  /** Wall clock, where the next start must read it again; else null. */
  readonly kept: number | null;
}

interface Waiting {
  readonly placed: Placed;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: CountersignError) => void;
}

/** A file to append to, and who signs what is appended. */
export interface SignedFile {
  readonly file: AppendFile;
  readonly signer: NoteSigner;
  readonly path: string;
  /** Bytes of it that are acknowledged. */
  readonly end: number;
}

/** A signed checkpoint that is on disk. */
export interface Checkpoint {
  /** Records it covers. */
  readonly size: number;
  /** C2SP signed note. */
  readonly note: string;
}

export interface GroupCommitOptions extends SignedFile {
  /** Over all records on disk. */
  readonly range: CompactRange;
  /** Leaf hash of the last of them, hex. */
  readonly prev: string;
  /** Told of each batch once it is durable, before its callers are; and where in the file those stand that are kept. */
  readonly onDurable: (records: readonly Placed[], offsets: ReadonlyMap<Placed, number>) => void;
  /** Told of a failure: the error, and the records that were refused by it. */
  readonly onFailure: (error: CountersignError, refused: readonly Placed[]) => void;
}

/** Lets what the answered callers do next come into the same batch. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Owns the open segment file. */
export class GroupCommit {
  /** The failure since which nothing is written: what reached the disk is then unknown. Null while all is well. */
  failed: CountersignError | null = null;
  /** The last checkpoint that is on disk, of those written here. */
  checkpoint: Checkpoint | null = null;
  /** Over all records that are acknowledged. */
  range: CompactRange;
  /** Leaf hash of the last of them, hex. */
  prev: string;
  private readonly options: GroupCommitOptions;
  private queue: Waiting[] = [];
  private characters = 0;
  private open: SignedFile;
  /** Bytes of the open segment that are acknowledged. */
  end: number;
  private pumping: Promise<void> | null = null;
  private readonly batch = new BatchBuffer();

  constructor(options: GroupCommitOptions) {
    this.options = options;
    this.range = options.range;
    this.prev = options.prev;
    this.open = options;
    this.end = options.end;
  }

  /** The open segment file. */
  get path(): string {
    return this.open.path;
  }

  /** The key of the open segment. */
  get signer(): NoteSigner {
    return this.open.signer;
  }

  /** Whether so much waits that callers must be refused. */
  get full(): number | null {
    return this.characters > MAX_WAITING ? this.characters : null;
  }

  /** Resolves when the lines are durable under a signed checkpoint. Order of calls is order on disk. */
  add(placed: Placed): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.queue.push({ placed, resolve, reject });
      this.characters += placed.length;
      this.pumping ??= this.pump();
    });
  }

  /** Waits until nothing is under way: what is on disk then ends with a checkpoint. */
  async idle(): Promise<void> {
    await this.pumping;
    if (this.failed) throw this.failed;
  }

  /** Goes on in another file under another key. Meant for when nothing is under way. */
  async turnTo(next: SignedFile): Promise<void> {
    if (this.failed) {
      await next.file.close();
      throw this.failed;
    }
    const { file } = this.open;
    this.open = next;
    this.end = next.end;
    await file.close();
  }

  /** After a failure: waits until nothing is under way and lets go of the file, whose descriptor nobody may trust. */
  async letGo(): Promise<void> {
    await this.pumping;
    const { file } = this.open;
    this.open = { ...this.open, file: NOWHERE };
    await file.close().catch(() => {});
  }

  /** After a failure: goes on from what is acknowledged. */
  resume(next: SignedFile): void {
    this.open = next;
    this.end = next.end;
    this.failed = null;
  }

  /** Waits until nothing is under way, then closes the file. */
  async close(): Promise<void> {
    await this.pumping;
    // Nothing may reach the descriptor from here on: its number can come back as that of another file.
    this.failed ??= new CountersignError('LEDGER_WRITE_FAILED', { problem: 'it is closed' });
    await this.open.file.close();
  }

  private async pump(): Promise<void> {
    await turn();
    while (this.queue.length > 0 && !this.failed) {
      const batch = this.take();
      try {
        await this.commit(batch.map(({ placed }) => placed));
      } catch (error) {
        this.fail(error, batch);
        break;
      }
      for (const { placed, resolve } of batch) resolve({ seq: placed.seq, leaf: placed.leaf });
      await turn();
    }
    this.pumping = null;
  }

  private async commit(records: readonly Placed[]): Promise<void> {
    const { file, signer } = this.open;
    const range = this.range.copy();
    const { batch } = this;
    const offsets = new Map<Placed, number>();
    batch.begin(records.reduce((sum, { length }) => sum + length + 1, MAX_CHECKPOINT));
    for (const record of records) {
      if (record.kept !== null) offsets.set(record, this.end + batch.length);
      range.append(Buffer.from(record.leaf, 'hex'));
      batch.add(record.line);
      batch.feed();
      for (const payload of record.payloads) batch.add(payload);
    }
    const note = signNote(checkpointText({ origin: signer.name, size: range.size, root: range.root() }), [signer]);
    batch.add(checkpointLine(note));
    batch.feed();
    const bytes = batch.take();
    await file.write(bytes);
    await file.sync();
    this.range = range;
    this.prev = records.at(-1)?.leaf ?? this.prev;
    this.end += bytes.length;
    this.checkpoint = { size: range.size, note };
    this.options.onDurable(records, offsets);
  }

  private take(): readonly Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { placed } of this.queue) {
      if (count > 0 && characters + placed.length > MAX_BATCH) break;
      characters += placed.length;
      count++;
    }
    const batch = this.queue.slice(0, count);
    this.queue = this.queue.slice(count);
    this.characters -= characters;
    return batch;
  }

  /** Ends writing until `resume`: rejects what waits. The cause is kept, for `conditionOf`. */
  fail(cause: unknown, underWay: readonly Waiting[] = []): CountersignError {
    const error = this.failed ?? new CountersignError('LEDGER_WRITE_FAILED', { problem: reason(cause) }, { cause });
    const waiting = [...underWay, ...this.queue];
    this.failed = error;
    this.queue = [];
    this.characters = 0;
    this.options.onFailure(
      error,
      waiting.map(({ placed }) => placed),
    );
    for (const { reject } of waiting) reject(error);
    return error;
  }
}

/** Stands where a file was that failed. */
const NOWHERE: AppendFile = {
  write: () => Promise.reject(new Error('no file is open')),
  sync: () => Promise.reject(new Error('no file is open')),
  truncate: () => Promise.reject(new Error('no file is open')),
  close: () => Promise.resolve(),
};
