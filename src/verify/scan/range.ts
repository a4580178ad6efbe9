/**
 * What a stretch of a segment file holds, looked at by itself: from behind one checkpoint to behind another. Pure.
 *
 * The lines are compared with one another; how the stretch follows what stands before it is for the walk to judge,
 * which gets the leaf hashes and what else it needs. Where anything is not as in a ledger that nobody touched, the
 * answer is null and the walk reads the stretch line by line: so there is one place that says what is wrong.
 */
import { isUtf8 } from 'node:buffer';
import type { NoteVerifier } from '../../base/note.js';
import { FormatError, parseRecordLine } from '../../ledger/format.js';
import type { RecordType } from '../../model/record.js';
import { isSmooth, type Moment, type Tolerance } from '../tolerance.js';
import { CheckpointScan } from './checkpoint.js';
import type { RangeEvent, RangeFacts } from './facts.js';
import { hashOf } from './hashes.js';
import { PayloadScan, type UncheckedBlob } from './payload.js';
import { type NamedPayload, RecordScan } from './record.js';

/** What a range is compared with: the key that should sign it, and the tolerances of the verifier. */
export interface RangeRules extends Tolerance {
  readonly verifier: NoteVerifier;
}

/** Types that go by the thousand, and of which a walk needs no more than is taken here. */
const BULK: ReadonlySet<RecordType> = new Set([
  'start',
  'stop',
  'hb',
  'config',
  'refuse',
  'auth',
  'session',
  'call',
  'result',
  'message',
  'tool',
  'masking',
  'access',
  'notice',
  'probe',
]);

const RECORD = 0x7b;
const PAYLOAD = 0x3e;
const CHECKPOINT = 0x7e;
const FEED = 0x0a;
/** Leaf hashes are hashed with the byte before the line, which is a line feed that was read. */
const LEAF = 0x00;

class Unplain extends Error {}

const blankMoment = (): { -readonly [Name in keyof Moment]: Moment[Name] } => ({
  seq: 0,
  time: 0,
  m: 0,
  boot: '',
  type: 'seg',
});

/** Scans one range; the bytes are overwritten in parts. */
class RangeScan {
  private readonly bytes: Buffer;
  private readonly rules: RangeRules;
  private readonly record = new RecordScan();
  private readonly payload = new PayloadScan();
  private readonly checkpoint: CheckpointScan;
  private count = 0;
  private leaves: Buffer;
  private times: Float64Array;
  private leaf = '';
  /** Payloads of the last record, and how many of them were taken. */
  private named: readonly NamedPayload[] = [];
  private taken = 0;
  private readonly checkpoints: { size: number; root: string }[] = [];
  private covered = 0;
  private readonly events: RangeEvent[] = [];
  private readonly open = new Map<number, string>();
  private readonly counts = new Map<RecordType, number>();
  private firstSeq = 0;
  private firstPrev = '';
  private first: Moment | null = null;
  /** Of the record under way and of the one before; each is filled anew. */
  private now = blankMoment();
  private last = blankMoment();
  private lastAt = 0;
  readonly blobs: UncheckedBlob[] = [];

  constructor(bytes: Buffer, rules: RangeRules) {
    this.bytes = bytes;
    this.rules = rules;
    this.record.over(bytes);
    this.payload.over(bytes);
    this.checkpoint = new CheckpointScan(bytes, rules.verifier);
    this.leaves = Buffer.allocUnsafeSlow(32 * Math.max(16, bytes.length >> 9));
    this.times = new Float64Array(Math.max(16, bytes.length >> 9));
  }

  /** @param at index of the first line; there MUST be a byte before it */
  run(at: number): RangeFacts {
    const { bytes } = this;
    for (let i = at; i < bytes.length; ) {
      const kind = bytes[i];
      if (kind === RECORD) i = this.takeRecord(i, at);
      else if (kind === PAYLOAD) i = this.takePayload(i, at);
      else if (kind === CHECKPOINT) i = this.takeCheckpoint(i, at);
      else throw new Unplain();
    }
    return this.facts();
  }

  private facts(): RangeFacts {
    const { first, last, count } = this;
    if (!first || this.covered !== count || this.taken < this.named.length) throw new Unplain();
    return {
      seq: this.firstSeq,
      prev: this.firstPrev,
      leaves: Uint8Array.from(this.leaves.subarray(0, 32 * count)),
      times: this.times.slice(0, count),
      checkpoints: this.checkpoints,
      events: this.events,
      open: [...this.open],
      counts: [...this.counts],
      first,
      last: { ...last },
      lastAt: this.lastAt,
      blobs: this.blobs.length,
    };
  }

  private lineEnd(at: number): number {
    const end = this.bytes.indexOf(FEED, at);
    if (end < 0) throw new Unplain();
    return end;
  }

  private takeRecord(at: number, begin: number): number {
    const { record } = this;
    this.settle(at, begin);
    let end = record.read(at);
    if (end < 0) {
      end = this.lineEnd(at);
      record.take(parseRecordLine(this.bytes.subarray(at, end)));
    }
    if (this.count === 0) {
      this.firstSeq = record.seq;
      this.firstPrev = record.prev;
    } else if (record.seq !== this.firstSeq + this.count || !record.isLinkedTo(this.leaf)) throw new Unplain();
    this.story(at, end);
    this.keep(at, end);
    this.lastAt = at - begin;
    this.named = record.payloads;
    this.taken = 0;
    return end + 1;
  }

  /** Before a line that is no payload of the last record: what it names up to `until` and was not taken is missing. */
  private settle(next: number, begin: number, until = this.named.length): void {
    if (this.taken === until) return;
    const names = this.named.slice(this.taken, until).map(({ name }) => name);
    const { count: index, lastAt: at } = this;
    this.events.push({ kind: 'missing', index, seq: this.firstSeq + index - 1, names, at, next: next - begin });
    this.taken = until;
  }

  private keep(at: number, end: number): void {
    if (this.count * 32 === this.leaves.length) this.grow();
    this.bytes[at - 1] = LEAF;
    this.leaf = hashOf(this.bytes, at - 1, end);
    this.leaves.write(this.leaf, this.count * 32, 'latin1');
    this.times[this.count] = this.record.time;
    this.count++;
  }

  private grow(): void {
    const leaves = Buffer.allocUnsafeSlow(this.leaves.length * 2);
    leaves.set(this.leaves);
    this.leaves = leaves;
    const times = new Float64Array(this.times.length * 2);
    times.set(this.times);
    this.times = times;
  }

  /** What the story of the ledger needs of the record at `at`. */
  private story(at: number, end: number): void {
    const { type } = this.record;
    const index = this.count;
    this.clocks(index);
    if (type === 'seg') throw new Unplain();
    if (type === 'call') this.call(index);
    if (type === 'result') this.result(index);
    if (type === 'hb') this.beat(index, at, end);
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    if (!BULK.has(type)) this.events.push({ kind: 'whole', index, line: this.bytes.toString('utf8', at, end) });
  }

  private clocks(index: number): void {
    const { now, last: before, record } = this;
    now.seq = record.seq;
    now.time = record.time;
    now.m = record.m;
    now.boot = record.boot;
    now.type = record.type;
    if (!this.first) this.first = { ...now };
    else if (!isSmooth(before, now, this.rules)) {
      this.events.push({ kind: 'times', index, before: { ...before }, after: { ...now } });
    }
    this.now = before;
    this.last = now;
  }

  private call(index: number): void {
    const { forwarded } = this.record;
    if (forwarded === false && this.record.isCall) return;
    const { call } = this.record;
    if (call === null) throw new Unplain();
    if (forwarded === null) this.events.push({ kind: 'call', index, d: { call } });
    else this.open.set(this.record.seq, call);
  }

  private result(index: number): void {
    const { call, intent } = this.record;
    if (call === null) throw new Unplain();
    if (intent !== null && this.open.get(intent) === call) this.open.delete(intent);
    else this.events.push({ kind: 'result', index, d: { call, intent } });
  }

  private beat(index: number, at: number, end: number): void {
    const { counts: said } = parseRecordLine(this.bytes.subarray(at, end)).d;
    this.events.push({ kind: 'beat', index, counts: [...this.counts], said });
  }

  private takePayload(at: number, begin: number): number {
    const end = this.lineEnd(at);
    const blob = this.checked(at, end) ?? this.checkedLater(at, end, begin);
    if (blob !== 'sound') this.blobs.push(blob);
    this.taken++;
    return end + 1;
  }

  /** What the scan says of a line as the next payload; undefined where it is another. */
  private checked(at: number, end: number): UncheckedBlob | 'sound' | undefined {
    const named = this.named[this.taken];
    return named && this.payload.check(at, end, this.record.seq, named);
  }

  /** The same, where those before it are missing. */
  private checkedLater(at: number, end: number, begin: number): UncheckedBlob | 'sound' {
    const { seq } = this.record;
    const index = this.named.findIndex(({ name }, i) => i > this.taken && this.payload.isNamed(at, name, seq));
    if (index < 0) throw new Unplain();
    this.settle(at, begin, index);
    const found = this.checked(at, end);
    if (found === undefined) throw new Unplain();
    return found;
  }

  private takeCheckpoint(at: number, begin: number): number {
    this.settle(at, begin);
    if (this.covered === this.count) throw new Unplain();
    const end = this.lineEnd(at);
    const size = this.firstSeq + this.count;
    const root = this.checkpoint.root(at, end, size);
    if (root === undefined) throw new Unplain();
    this.checkpoints.push({ size, root });
    this.covered = this.count;
    return end + 1;
  }
}

export interface ScannedRange {
  readonly facts: RangeFacts;
  /** Whose files are still to be looked at. */
  readonly blobs: readonly UncheckedBlob[];
}

/**
 * @param bytes one byte that is overwritten, then the lines of the range; they are overwritten in parts
 * @returns null where a line must be looked at by the walk itself
 */
export const scanRange = (bytes: Buffer, rules: RangeRules): ScannedRange | null => {
  if (bytes.length < 2 || bytes.at(-1) !== FEED || !isUtf8(bytes.subarray(1))) return null;
  const scan = new RangeScan(bytes, rules);
  try {
    return { facts: scan.run(1), blobs: scan.blobs };
  } catch (error) {
    if (error instanceof Unplain || error instanceof FormatError) return null;
    throw error;
  }
};
