/** Reads a ledger, also one that is being written: up to the last checkpoint, in bounded memory. */
import { join } from 'node:path';
import { type FilePort, realFiles } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';
import { type Line, readLines } from '../base/lines.js';
import type { RecordType } from '../model/record.js';
import {
  type Chain,
  ChainError,
  type ChainItem,
  type ChainOptions,
  type ChainState,
  type CheckedPayload,
  createChain,
} from './chain.js';
import { listSegments, type Segment } from './folder.js';
import { MAX_LINE_BYTES, type RecordLine } from './format.js';
import { prunedState } from './pruned.js';

/** A payload as JSON text, or the file that holds it. */
export type EntryPayload = { readonly data: string } | { readonly blob: string };

/** One record as it stands in the ledger. */
export interface LedgerEntry {
  readonly seq: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly t: string;
  /** Monotonic milliseconds within `boot`. */
  readonly m: number;
  readonly boot: string;
  readonly type: RecordType;
  /** With `p`, the commitments of the payloads. */
  readonly d: JsonObject;
  /** Leaf hash, hex. */
  readonly leaf: string;
  readonly payloads: Readonly<Record<string, EntryPayload>>;
  /** `log/<first seq>.jsonl`. */
  readonly file: string;
  /** Byte offset of the record line in the file. */
  readonly offset: number;
}

export interface ReadOptions {
  /** Checks the signature of each checkpoint too; links, roots and payloads are checked in any case. */
  readonly verify?: boolean;
  readonly files?: FilePort;
}

/** Characters and lines of one batch; the writer stays well below. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

interface Collected {
  readonly record: RecordLine;
  readonly payloads: Record<string, EntryPayload>;
  readonly file: string;
  readonly offset: number;
}

/** The entry of a record that was collected with its payloads. */
export const entryOf = ({ record, payloads, file, offset }: Collected): LedgerEntry => {
  const { seq, t, m, boot, type, d, leaf } = record;
  return { seq, t, m, boot, type, d, leaf: leaf.toString('hex'), payloads, file, offset };
};

const payloadOf = (dir: string, { data, commitment }: CheckedPayload): EntryPayload =>
  data ? { data: data.toString('utf8') } : { blob: join(dir, 'blobs', commitment) };

/** Collects the lines of one batch. */
class Batch {
  private items: Collected[] = [];
  private bytes = 0;
  private readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Forgets what has come of a batch. */
  clear(): void {
    this.items = [];
    this.bytes = 0;
  }

  /** The records of the batch, once its checkpoint has come. */
  add(item: ChainItem, file: string, offset: number, length: number): readonly Collected[] {
    this.bytes += length;
    if (this.bytes > MAX_BATCH_BYTES) throw new ChainError('BAD_RECORD', 'belongs to a batch without end', null);
    if (item.kind === 'record') this.items.push({ record: item, payloads: Object.create(null), file, offset });
    const last = this.items.at(-1);
    if (item.kind === 'payload' && last) last.payloads[item.name] = payloadOf(this.dir, item);
    if (item.kind !== 'checkpoint') return [];
    const { items } = this;
    this.clear();
    return items;
  }
}

/** What was removed by order is absent; whether it was ordered is for a verifier to say. */
const throwFault = (fault: ChainError): void => {
  if (fault.code !== 'PAYLOAD_MISSING') throw fault;
};

/** Takes the next line into the batch; the records it completes. */
const take = (chain: Chain, batch: Batch, line: Line, segment: Segment): readonly Collected[] => {
  if (line.end === 'limit') throw new ChainError('BAD_RECORD', 'is too long', chain.size);
  const item = chain.next(line.bytes);
  return item ? batch.add(item, segment.name, line.offset, line.bytes.length) : [];
};

/** Reads on where it left off. */
export interface LedgerReader {
  /**
   * The records that have come since the last call, up to the last checkpoint. A batch that was read while its sync
   * failed, and was set aside then, is followed by those that took its place, under the same numbers.
   * @throws CountersignError LEDGER_NOT_FOUND, or LEDGER_DAMAGED where a line does not hold
   */
  more(): AsyncGenerator<LedgerEntry>;
}

/** A place behind a checkpoint. */
interface Stand {
  readonly state: ChainState;
  /** First record of the file, and the byte in it. */
  readonly segment: number;
  readonly offset: number;
}

/** Lines that are not whole yet are read again. */
class Reader implements LedgerReader {
  private readonly dir: string;
  private readonly files: FilePort;
  private readonly verify: boolean;
  private chain: Chain | null = null;
  private readonly batch: Batch;
  /** First record of the file that is read, and the byte in it; null before the first. */
  private segment: number | null = null;
  private offset = 0;
  /** Behind the last checkpoints: the one before the last, and the last. */
  private stood: readonly Stand[] = [];

  constructor(dir: string, { verify = false, files = realFiles }: ReadOptions) {
    this.dir = dir;
    this.files = files;
    this.verify = verify;
    this.batch = new Batch(dir);
  }

  async *more(): AsyncGenerator<LedgerEntry> {
    this.chain ??= createChain(this.options, (await prunedState(this.dir, this.files)) ?? undefined);
    const segments = await listSegments(this.dir, this.files);
    // A file that another follows was whole before that one was made.
    for (const segment of segments.slice(this.place(segments, this.chain))) {
      if (segment.first !== this.segment) [this.segment, this.offset] = [segment.first, 0];
      if (segment.size < this.offset) this.back(segment);
      yield* this.lines(this.chain, segment);
    }
  }

  /** Where to read on. Files may be gone since, or shorter: what was read of them is not read again. */
  private place(segments: readonly Segment[], { size, uncommitted }: Chain): number {
    if (this.segment === null) return 0;
    const own = segments.findIndex(({ first }) => first === this.segment);
    const next = uncommitted === 0 ? segments.findIndex(({ first }) => first === size) : -1;
    if (next >= 0 && !this.wasSetAside(segments[own])) return next;
    if (own >= 0) return own;
    throw new CountersignError('LEDGER_PRUNED_MEANWHILE', { dir: this.dir, from: size - uncommitted });
  }

  private async *lines(chain: Chain, segment: Segment): AsyncGenerator<LedgerEntry> {
    for await (const lines of readLines(segment.path, MAX_LINE_BYTES, this.offset, this.files)) {
      for (const line of lines) {
        if (line.end === 'file') return;
        this.offset = line.offset + line.bytes.length + 1;
        const records = this.take(chain, line, segment);
        if (records.length > 0) this.stand(chain);
        for (const collected of records) yield entryOf(collected);
      }
    }
  }

  private stand(chain: Chain): void {
    const { segment, offset } = this;
    if (segment !== null) this.stood = [...this.stood.slice(-1), { state: chain.state(), segment, offset }];
  }

  /** Whether the file ends where an earlier checkpoint did. */
  private wasSetAside(own: Segment | undefined): boolean {
    return own !== undefined && own.size < this.offset && this.standAt(own.size) !== undefined;
  }

  private standAt(size: number): Stand | undefined {
    return this.stood.find(({ segment, offset }) => segment === this.segment && offset === size);
  }

  /** What was read last has been set aside: to where the file ends now. */
  private back({ name, size }: Segment): void {
    const stand = this.standAt(size);
    if (!stand) {
      const problem = `${name} is shorter than it was, by more than one batch`;
      throw new CountersignError('LEDGER_DAMAGED', { dir: this.dir, problem });
    }
    this.chain = createChain(this.options, stand.state);
    this.batch.clear();
    this.offset = stand.offset;
    this.stood = [stand];
  }

  private get options(): ChainOptions {
    return { signatures: this.verify, onPayloadFault: throwFault };
  }

  private take(chain: Chain, line: Line, segment: Segment): readonly Collected[] {
    try {
      return take(chain, this.batch, line, segment);
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      const problem = `${segment.name}: the line at byte ${line.offset} ${error.message}`;
      throw new CountersignError('LEDGER_DAMAGED', { dir: this.dir, problem });
    }
  }
}

/** A reader that begins with record 0. */
export const createLedgerReader = (dir: string, options: ReadOptions = {}): LedgerReader => new Reader(dir, options);

/**
 * Streams the records that a checkpoint covers. A tail without one, such as a write under way, is left out.
 * @param dir see `ledgerDir`
 * @throws CountersignError LEDGER_NOT_FOUND, or LEDGER_DAMAGED where a line does not hold
 */
export const readLedger = (dir: string, options: ReadOptions = {}): AsyncGenerator<LedgerEntry> =>
  createLedgerReader(dir, options).more();
