/** The one walk over a ledger: lines, or ranges that were scanned elsewhere, in their order. */
import { join } from 'node:path';
import { realFiles } from '../base/durable.js';
import { readLines } from '../base/lines.js';
import { restoreCompactRange } from '../base/merkle.js';
import { type Chain, ChainError, type CheckedPayload, createChain, missingPayload } from '../ledger/chain.js';
import { commitmentPrefix, MAX_LINE_BYTES, parseRecordLine, type RecordLine } from '../ledger/format.js';
import type { Pruned } from '../model/pruned.js';
import { type Anchored, AnchorWalk } from './anchors.js';
import type { Clocks } from './clocks.js';
import { Continuity } from './continuity.js';
import { digestFile } from './files.js';
import { PasskeyWalk } from './passkeys.js';
import { RemovalWalk } from './removals.js';
import type { RangeEvent, RangeFacts } from './scan/facts.js';
import type { Range, SegmentFile } from './segments.js';
import { checkSetAside } from './set-aside.js';
import type { Target } from './target.js';

export interface LedgerTarget extends Target {
  /** Put before file names in messages: empty, or `ledger/<origin>/`. */
  readonly label: string;
  /** See `AnchorTolerances`. */
  readonly until?: number;
}

/** What the last checkpoint that verifies says. */
export interface LedgerHead {
  readonly origin: string;
  readonly key: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

interface PlacedRecord {
  readonly seq: number;
  /** Wall clock, milliseconds since 1970. */
  readonly time: number;
  readonly place: string;
  readonly byte: number;
}

/** Keys that a summary names. */
const MAX_SIGNERS = 1_000;

/** Erasures are read line by line: what is removed stands in a payload. */
const isErasure = (event: RangeEvent): boolean => event.kind === 'whole' && event.line.includes('"type":"erase"');

/** Holds what a ledger of any length needs: no more than some hashes, counters and calls under way. */
export class LedgerWalk {
  head: LedgerHead | null = null;
  /** Wall clock of the last record under a checkpoint, milliseconds since 1970. */
  lastTime: number | null = null;
  /** File and hash of what `recover` records name. */
  readonly setAside = new Map<string, string>();
  private readonly target: LedgerTarget;
  private readonly chain: Chain;
  /** From which record on which key signs; the first ones, where there are very many. */
  readonly signers: { readonly seq: number; readonly key: string }[] = [];
  private readonly continuity: Continuity;
  private readonly passkeys: PasskeyWalk;
  readonly anchors: AnchorWalk;
  private readonly removals: RemovalWalk;
  /** File and byte of the line under way, of the last record, and of the first record without a checkpoint. */
  private place = '';
  private byte = 0;
  private last: PlacedRecord | null = null;
  private batch: PlacedRecord | null = null;
  private blobs = 0;

  /**
   * @param anchored checkpoints that count, of whatever origin
   * @param pruned where the ledger begins; null: at its first record
   */
  constructor(target: LedgerTarget, anchored: readonly Anchored[], pruned: Pruned | null) {
    this.target = target;
    const { trust, findings, label } = target;
    const range = pruned && restoreCompactRange(pruned.size, pruned.peaks);
    const from = pruned && range ? { ...pruned, range, verifier: null, root: null } : undefined;
    this.chain = createChain({ onPayloadFault: (fault) => this.fault(fault) }, from);
    const { heartbeat, skew, anchorDelay: delay } = trust;
    const what = label === '' ? 'the ledger' : label.slice(0, -1);
    this.removals = new RemovalWalk({ trust, findings, what, pruned });
    this.passkeys = new PasskeyWalk(findings, what, pruned !== null);
    this.anchors = new AnchorWalk(anchored, { delay, skew, until: target.until }, findings, what);
    this.continuity = new Continuity({
      label: label === '' ? 'ledger' : label.slice(0, -1),
      heartbeat,
      skew,
      findings,
      start: this.chain.size,
      since: target.since ?? 0,
    });
  }

  /** What the clocks of the records say. */
  get clocks(): Clocks {
    return this.continuity.clocks;
  }

  /** Whether a segment file is the next one. */
  begin(segment: SegmentFile): boolean {
    this.place = `${this.target.label}${segment.name}`;
    this.removals.boundary(this.chain.size, () => this.chain.state().range.root());
    if (segment.first === this.chain.size) return true;
    const code = segment.first > this.chain.size ? 'SEGMENT_MISSING' : 'SEGMENT_OVERLAP';
    const message = `${this.place} does not begin with record ${this.chain.size}, which comes next.`;
    this.target.findings.add('integrity', code, message);
    return false;
  }

  /** Reads a range line by line; false where the walk cannot go on. */
  async read(range: Range): Promise<boolean> {
    try {
      await this.lines(range);
      return true;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      this.fault(error);
      return false;
    }
  }

  /** Takes a range as it was scanned; false, with nothing taken, where it does not follow. */
  join({ segment, from }: Range, facts: RangeFacts, key: string): boolean {
    if (!this.continuity.takes(facts) || facts.events.some(isErasure)) return false;
    const { seq, prev, leaves, checkpoints } = facts;
    const roots = this.chain.join({ seq, prev, leaves, checkpoints, key }, (size) => this.anchors.wants(size));
    if (!roots) return false;
    this.place = `${this.target.label}${segment.name}`;
    this.story(from, facts, roots);
    this.blobs += facts.blobs;
    this.last = { seq: facts.last.seq, time: facts.last.time, place: this.place, byte: from + facts.lastAt };
    const { root = '' } = checkpoints.at(-1) ?? {};
    this.committed(this.chain.size, root);
    return true;
  }

  /** What the records of a range tell, in their order. */
  private story(from: number, facts: RangeFacts, roots: ReadonlyMap<number, Buffer>): void {
    const { seq, times, events } = facts;
    const origin = this.chain.verifier?.name;
    const rootOf = (size: number): Buffer | undefined => roots.get(size);
    let next = 0;
    this.continuity.begin(facts);
    for (let index = 0; index < times.length; index++) {
      let first = next;
      for (let event = events[next]; event?.index === index; event = events[++next]) this.event(event, seq, from);
      this.anchors.record(seq + index + 1, times[index] ?? 0, origin, rootOf);
      for (let event = events[first]; event?.index === index; event = events[++first]) this.whole(event);
    }
    // Before the checkpoint that ends the range.
    for (const event of events.slice(next)) this.event(event, seq, from);
    this.continuity.close(facts);
  }

  private event(event: RangeEvent, first: number, from: number): void {
    this.continuity.event(event, first + event.index);
    if (event.kind !== 'missing') return;
    this.last = { seq: event.seq, time: 0, place: this.place, byte: from + event.at };
    this.byte = from + event.next;
    for (const name of event.names) this.fault(missingPayload(name, event.seq));
  }

  private whole(event: RangeEvent): void {
    if (event.kind === 'whole') this.notable(parseRecordLine(Buffer.from(event.line)));
  }

  /** After the last segment. */
  async end(whole: boolean): Promise<void> {
    const { findings, label, dir } = this.target;
    if (whole) {
      this.continuity.end();
      this.anchors.end(this.chain);
    }
    this.removals.end(this.anchors.confirmed, this.chain.verifier?.name);
    this.passkeys.end(this.target.trust);
    if (!this.head)
      findings.add('incomplete', 'LEDGER_EMPTY', `${label || 'the ledger '}holds no record under a checkpoint.`);
    if (whole) await this.strayBlobs();
    await checkSetAside(dir, label, this.setAside, findings);
  }

  private async lines({ segment, from, to, last }: Range): Promise<void> {
    this.place = `${this.target.label}${segment.name}`;
    for await (const lines of readLines(segment.path, MAX_LINE_BYTES, from)) {
      for (const line of lines) {
        // The end of a file is where it ends now: a gateway may be writing.
        if (!last && line.offset >= to) return;
        this.byte = line.offset;
        if (line.end === 'limit') throw new ChainError('BAD_RECORD', 'is longer than a line may be', this.chain.size);
        if (line.end === 'file') this.torn(segment, line.bytes.length);
        else await this.line(line.bytes);
      }
    }
  }

  private async line(bytes: Buffer): Promise<void> {
    const item = this.chain.next(bytes);
    if (item?.kind === 'record') this.record(item);
    if (item?.kind === 'payload') this.removals.payload(item.name, item.data);
    if (item?.kind === 'payload' && !item.data) await this.blob(item);
    if (item?.kind === 'checkpoint') this.committed(item.checkpoint.size, item.checkpoint.root.toString('hex'));
  }

  private committed(size: number, root: string): void {
    const { verifier, root: rootKey } = this.chain;
    this.head = { origin: verifier?.name ?? '', key: rootKey?.key ?? '', size, root };
    this.lastTime = this.last?.time ?? null;
    this.batch = null;
  }

  private record(record: RecordLine): void {
    const { seq, time } = record;
    if (record.type === 'seg' && this.byte !== 0) {
      throw new ChainError('BAD_SEGMENT', 'names a key and is not the first of its file', seq);
    }
    this.continuity.record(record);
    this.anchors.record(this.chain.size, time, this.chain.verifier?.name, () => this.chain.state().range.root());
    this.notable(record);
    this.last = { seq, time, place: this.place, byte: this.byte };
    this.batch ??= this.last;
  }

  /** Every record of a type that does not go by the thousand; of the others as it comes. */
  private notable(record: RecordLine): void {
    this.passkeys.record(record);
    this.removals.record(record, this.chain.verifier?.name);
    const { key } = this.chain.verifier ?? {};
    if (record.type === 'seg' && key !== undefined && this.signers.length < MAX_SIGNERS) {
      this.signers.push({ seq: record.seq, key });
    }
    const { file, sha256 } = record.d;
    if (record.type === 'recover' && typeof file === 'string' && typeof sha256 === 'string') {
      this.setAside.set(file, sha256);
    }
  }

  private async blob({ commitment, salt, seq, name }: CheckedPayload): Promise<void> {
    this.blobs++;
    const path = join(this.target.dir, 'blobs', commitment);
    const which = `the payload "${name}" of record ${seq} (blobs/${commitment})`;
    if ((await realFiles.facts(path))?.kind !== 'file') {
      this.fault(new ChainError('PAYLOAD_MISSING', `names ${which}, which is missing`, seq));
    } else if ((await digestFile(path, commitmentPrefix(salt))).sha256 !== commitment) {
      this.fault(new ChainError('PAYLOAD_ALTERED', `names ${which}, which was changed`, seq));
    }
  }

  private async strayBlobs(): Promise<void> {
    const { dir, label, findings } = this.target;
    const folder = join(dir, 'blobs');
    if ((await realFiles.facts(folder))?.kind !== 'folder') return;
    const more = (await realFiles.list(folder)).length - this.blobs;
    if (more > 0) {
      findings.add(
        'note',
        'BLOB_UNUSED',
        `${label}blobs/: ${more} files belong to no record; a write cut short leaves such.`,
      );
    }
  }

  private torn(segment: SegmentFile, bytes: number): void {
    if (!segment.last)
      throw new ChainError('BAD_RECORD', 'is cut off in a segment that others follow', this.chain.size);
    const { size } = this.chain;
    const where = size === 0 ? 'before any record' : `after record ${size - 1}`;
    const message = `${this.place}, byte ${this.byte}: the last ${bytes} bytes are a line that was never finished, ${where}.`;
    const place = { file: this.place, record: null, byte: this.byte };
    this.target.findings.add('incomplete', 'TORN_TAIL', message, place);
  }

  /** After the last range of a segment; false where the walk cannot go on. */
  finish(segment: SegmentFile): boolean {
    const { uncommitted, size } = this.chain;
    if (uncommitted === 0) return true;
    const { findings, label } = this.target;
    const what = `${label}${segment.name}: no signed checkpoint covers records ${size - uncommitted} to ${size - 1}`;
    if (segment.last) findings.add('incomplete', 'UNSIGNED_TAIL', `${what}, the last ones.`);
    else findings.add('integrity', 'SEGMENT_UNSEALED', `${what}, yet another segment follows.`);
    return segment.last;
  }

  private fault({ code, message, seq, payload }: ChainError): void {
    const record = seq === null || seq < 0 ? null : seq;
    const bad = [this.batch, this.last].find((placed) => placed?.seq === seq) ?? null;
    const text = `${this.where(bad, record)} ${message}.`;
    // Whether it was removed by order is known at the end.
    if (seq !== null && payload !== null) this.removals.missing(seq, payload, text);
    else {
      const place = bad ? { file: bad.place, byte: bad.byte } : { file: this.place, byte: this.byte };
      this.target.findings.add('integrity', code, text, { ...place, record });
    }
  }

  /** The record that a line is about, where it stands, and the line where that is another. */
  private where(bad: PlacedRecord | null, record: number | null): string {
    const isHere = bad === null || (bad.place === this.place && bad.byte === this.byte);
    if (isHere) return `${this.place}, ${record === null ? '' : `record ${record}, `}byte ${this.byte}: the line`;
    const line = bad.place === this.place ? `byte ${this.byte}` : `byte ${this.byte} of ${this.place}`;
    return `${bad.place}, record ${record}, byte ${bad.byte}: the line at ${line}`;
  }
}
