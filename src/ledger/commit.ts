/**
 * Group commit. Lines that arrive while a write is under way wait for the next one; each batch ends in a
 * signed checkpoint and is one write and one fdatasync; only then are its callers told.
 */
import type { AppendFile } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { CompactRange } from '../base/merkle.js';
import { checkpointText, type NoteSigner, signNote } from '../base/note.js';
import type { PlacedLines } from './encode.js';
import { checkpointLine } from './format.js';

/** Characters of one batch, beyond which what waits goes into the next; a reader holds one batch in memory. */
const MAX_BATCH = 4 * 1024 * 1024;
/** Characters that may wait in all. */
const MAX_WAITING = 64 * 1024 * 1024;

interface Waiting extends PlacedLines {
  readonly resolve: () => void;
  readonly reject: (error: CountersignError) => void;
}

export interface GroupCommitOptions {
  readonly file: AppendFile;
  /** Over all records on disk. Owned from here on. */
  readonly range: CompactRange;
  readonly signer: NoteSigner;
  /** Told once, when a write or sync has failed. */
  readonly onFailure: (error: CountersignError) => void;
}

/** Lets what the answered callers do next come into the same batch. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Owns the open segment file. */
export class GroupCommit {
  /** The failure after which nothing is written any more: what reached the disk is then unknown. */
  failed: CountersignError | null = null;
  private readonly options: GroupCommitOptions;
  private queue: Waiting[] = [];
  private characters = 0;
  /** Bytes of the open segment that this writer wrote. */
  written = 0;
  private file: AppendFile;
  private signer: NoteSigner;
  private pumping: Promise<void> | null = null;

  constructor(options: GroupCommitOptions) {
    this.options = options;
    this.file = options.file;
    this.signer = options.signer;
  }

  /** Whether so much waits that callers must be refused. */
  get full(): number | null {
    return this.characters > MAX_WAITING ? this.characters : null;
  }

  /** Resolves when the lines are durable under a signed checkpoint. Order of calls is order on disk. */
  add(lines: PlacedLines): Promise<void> {
    if (this.failed) return Promise.reject(this.failed);
    return new Promise((resolve, reject) => {
      this.queue.push({ text: lines.text, leaf: lines.leaf, resolve, reject });
      this.characters += lines.text.length;
      this.pumping ??= this.pump();
    });
  }

  /** Waits until nothing is under way: what is on disk then ends with a checkpoint. */
  async idle(): Promise<void> {
    await this.pumping;
    if (this.failed) throw this.failed;
  }

  /** Goes on in another file under another key. Meant for when nothing is under way. */
  async turnTo(file: AppendFile, signer: NoteSigner): Promise<void> {
    if (this.failed) {
      await file.close();
      throw this.failed;
    }
    const before = this.file;
    this.file = file;
    this.signer = signer;
    this.written = 0;
    await before.close();
  }

  /** Waits until nothing is under way, then closes the file. */
  async close(): Promise<void> {
    await this.pumping;
    // Nothing may reach the descriptor from here on: its number can come back as that of another file.
    this.failed ??= new CountersignError('LEDGER_WRITE_FAILED', { problem: 'it is closed' });
    await this.file.close();
  }

  private async pump(): Promise<void> {
    await turn();
    while (this.queue.length > 0 && !this.failed) {
      const batch = this.take();
      try {
        const bytes = this.bytes(batch);
        await this.file.write(bytes);
        await this.file.sync();
        this.written += bytes.length;
      } catch (error) {
        const failure = this.fail(error);
        for (const { reject } of batch) reject(failure);
        break;
      }
      for (const { resolve } of batch) resolve();
      await turn();
    }
    this.pumping = null;
  }

  private take(): readonly Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { text } of this.queue) {
      if (count > 0 && characters + text.length > MAX_BATCH) break;
      characters += text.length;
      count++;
    }
    const batch = this.queue.slice(0, count);
    this.queue = this.queue.slice(count);
    this.characters -= characters;
    return batch;
  }

  private bytes(batch: readonly Waiting[]): Buffer {
    const { range } = this.options;
    const { signer } = this;
    let text = '';
    for (const waiting of batch) {
      range.append(Buffer.from(waiting.leaf, 'hex'));
      text += waiting.text;
    }
    const note = signNote(checkpointText({ origin: signer.name, size: range.size, root: range.root() }), [signer]);
    return Buffer.from(`${text}${checkpointLine(note)}\n`);
  }

  /** Ends all writing: rejects what waits, and everything from now on. The cause is kept, for `conditionOf`. */
  fail(cause: unknown): CountersignError {
    if (this.failed) return this.failed;
    const error = new CountersignError('LEDGER_WRITE_FAILED', { problem: reason(cause) }, { cause });
    this.failed = error;
    for (const { reject } of this.queue) reject(error);
    this.queue = [];
    this.options.onFailure(error);
    return error;
  }
}
