/**
 * Walks the lines of a ledger: order of records, links, payload commitments, checkpoints. Pure.
 *
 * Faults of payloads do not break the chain, so they go to `onPayloadFault` and the walk goes on;
 * everything else throws and ends it.
 */
import type { JsonObject } from '../base/json.js';
import { type CompactRange, createCompactRange } from '../base/merkle.js';
import { checkNote, NoteError, type NoteVerifier, parseVerifierKey } from '../base/note.js';
import {
  type CheckpointLine,
  commitmentOf,
  FIRST_PREV,
  FormatError,
  type LineFault,
  type PayloadLine,
  parseLine,
  type RecordLine,
  segmentText,
} from './format.js';
import { appendRun, type ChainRun } from './run.js';

export type ChainFault =
  | LineFault
  | 'SEQ_BREAK'
  | 'CHAIN_BREAK'
  | 'BAD_SEGMENT'
  | 'SEGMENT_KEY_UNCERTIFIED'
  | 'BAD_SIGNATURE'
  | 'CHECKPOINT_WRONG_ORIGIN'
  | 'CHECKPOINT_WRONG_SIZE'
  | 'CHECKPOINT_REPEATED'
  | 'ROOT_MISMATCH';
export type PayloadFault = 'PAYLOAD_MISSING' | 'PAYLOAD_ALTERED' | 'PAYLOAD_DUPLICATE' | 'PAYLOAD_STRAY';

/** What does not hold. The message is a clause without a subject; `seq` is the record it is about. */
export class ChainError extends Error {
  readonly code: ChainFault | PayloadFault;
  readonly seq: number | null;
  /** Name of the payload that is missing. */
  readonly payload: string | null;
  constructor(code: ChainFault | PayloadFault, problem: string, seq: number | null, payload: string | null = null) {
    super(problem);
    this.name = 'ChainError';
    this.code = code;
    this.seq = seq;
    this.payload = payload;
  }
}

/** What is said of the line that stands in a payload's place. */
export const missingPayload = (name: string, seq: number): ChainError => {
  const problem = `stands where the payload "${name}" of record ${seq} belongs, which is missing`;
  return new ChainError('PAYLOAD_MISSING', problem, seq, name);
};

export interface CheckedPayload extends PayloadLine {
  /** From the record. Whether a blob's bytes give it is for the caller to check. */
  readonly commitment: string;
}

export type ChainItem = RecordLine | CheckedPayload | CheckpointLine;

/** A place in the ledger from which a walk can go on. */
export interface ChainState {
  /** Number of records. */
  readonly size: number;
  /** Leaf hash of the last record, hex. */
  readonly prev: string;
  readonly range: CompactRange;
  /** The key that signs, from the last `seg` record. */
  readonly verifier: NoteVerifier | null;
  /** The key that certifies segments; where one key signs all, that key. What a trust file names. */
  readonly root: NoteVerifier | null;
}

export interface ChainOptions {
  readonly onPayloadFault: (fault: ChainError) => void;
  /** False leaves the signatures of checkpoints to the caller; roots are compared all the same. */
  readonly signatures?: boolean;
}

export interface Chain {
  readonly size: number;
  readonly verifier: NoteVerifier | null;
  /** See `ChainState`. */
  readonly root: NoteVerifier | null;
  /** Records after the last checkpoint. */
  readonly uncommitted: number;
  /**
   * Takes the next line, without its line feed. Undefined for a payload that belongs to no record.
   * @throws ChainError
   */
  next(line: Buffer): ChainItem | undefined;
  /**
   * Takes a run as `next` would its lines. Undefined, and nothing taken, where it does not follow: `next` says why.
   * @param wants whether the root over so many records is asked for
   * @returns the roots that were asked for, by size
   */
  join(run: ChainRun, wants: (size: number) => boolean): ReadonlyMap<number, Buffer> | undefined;
  /** Where the walk stands. Meant for right after a checkpoint. */
  state(): ChainState;
}

type JoinedRoots = ReturnType<Chain['join']>;

class Walk implements Chain {
  size = 0;
  uncommitted = 0;
  verifier: NoteVerifier | null = null;
  root: NoteVerifier | null = null;
  private prev = FIRST_PREV;
  private range = createCompactRange();
  /** Payloads of the last record: those whose lines are still to come, and all names. */
  private awaited: [name: string, commitment: string][] = [];
  private names = new Set<string>();
  private readonly options: ChainOptions;

  constructor(options: ChainOptions, from: ChainState | null) {
    this.options = options;
    if (from === null) return;
    this.size = from.size;
    this.prev = from.prev;
    this.range = from.range.copy();
    this.verifier = from.verifier;
    this.root = from.root;
  }

  next(line: Buffer): ChainItem | undefined {
    const item = this.parse(line);
    if (item.kind === 'record') return this.record(item);
    return item.kind === 'payload' ? this.payload(item) : this.checkpoint(item);
  }

  join(run: ChainRun, wants: (size: number) => boolean): JoinedRoots {
    const range = this.follows(run) ? this.range.copy() : undefined;
    const roots = range && appendRun(range, run, wants);
    if (!range || !roots) return undefined;
    this.range = range;
    this.size = range.size;
    this.prev = Buffer.from(run.leaves.subarray(-32)).toString('hex');
    this.names = new Set();
    return roots;
  }

  private follows({ seq, prev, key }: ChainRun): boolean {
    const isBetweenBatches = this.awaited.length === 0 && this.uncommitted === 0;
    return isBetweenBatches && seq === this.size && prev === this.prev && key === this.verifier?.key;
  }

  state(): ChainState {
    const { verifier, root } = this;
    return { size: this.size, prev: this.prev, range: this.range.copy(), verifier, root };
  }

  private parse(line: Buffer): ReturnType<typeof parseLine> {
    try {
      return parseLine(line);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new ChainError(error.code, error.message, error.code === 'BAD_RECORD' ? this.size : null);
    }
  }

  private record(record: RecordLine): RecordLine {
    const { seq, prev } = record;
    if (seq !== this.size) {
      throw new ChainError('SEQ_BREAK', `says it is record ${seq} where record ${this.size} belongs`, this.size);
    }
    if (prev !== this.prev) {
      const before = seq === 0 ? 'is not 64 zeros' : `is not the hash of record ${seq - 1}: that record, or this link,`;
      throw new ChainError('CHAIN_BREAK', `holds a link that ${before} was changed`, Math.max(0, seq - 1));
    }
    this.settlePayloads();
    if (record.type === 'seg') this.segment(record);
    else if (seq === 0) throw new ChainError('BAD_SEGMENT', 'does not name the key of the ledger', seq);
    this.prev = record.leaf.toString('hex');
    this.range.append(record.leaf);
    this.size++;
    this.uncommitted++;
    this.awaited = record.payloads.map(([name, commitment]) => [name, commitment]);
    this.names = new Set(record.payloads.map(([name]) => name));
    return record;
  }

  /** A key signs from here on: the one key of the ledger, or one that its root certifies for this very place. */
  private segment(record: RecordLine): void {
    const { seq } = record;
    if (this.uncommitted > 0) throw new ChainError('BAD_SEGMENT', 'changes the key before a checkpoint', seq);
    const { key, root } = segmentKeys(record, this.root);
    this.verifier = key;
    this.root = root;
  }

  private payload(payload: PayloadLine): CheckedPayload | undefined {
    const seq = this.size - 1;
    const { name } = payload;
    if (payload.seq !== seq || !this.names.has(name)) {
      this.fault('PAYLOAD_STRAY', `holds a payload "${name}" of record ${payload.seq} that belongs to no record here`);
      return undefined;
    }
    const index = this.awaited.findIndex(([awaited]) => awaited === name);
    if (index < 0) {
      this.fault('PAYLOAD_DUPLICATE', `holds the payload "${name}" of record ${seq} once more`);
      return undefined;
    }
    for (const [skipped] of this.awaited.splice(0, index)) this.missing(skipped);
    const [, commitment = ''] = this.awaited.shift() ?? [];
    if (payload.data && commitmentOf(payload.salt, payload.data) !== commitment) {
      this.fault('PAYLOAD_ALTERED', `holds a payload "${name}" of record ${seq} that is not the one the record names`);
    }
    return { ...payload, commitment };
  }

  private checkpoint(line: CheckpointLine): CheckpointLine {
    this.settlePayloads();
    const { note, checkpoint } = line;
    const last = this.size - 1;
    if (!this.verifier) throw new ChainError('BAD_SEGMENT', 'stands before any record', null);
    if (this.options.signatures !== false && checkNote(note, this.verifier) !== true) {
      throw new ChainError('BAD_SIGNATURE', 'is a checkpoint that the key of the ledger did not sign', last);
    }
    if (checkpoint.origin !== this.verifier.name) {
      throw new ChainError('CHECKPOINT_WRONG_ORIGIN', 'is a checkpoint of another ledger', last);
    }
    if (this.uncommitted === 0) {
      throw new ChainError('CHECKPOINT_REPEATED', 'is a checkpoint with no record before it', last);
    }
    if (checkpoint.size !== this.size) {
      const problem = `is a checkpoint over ${checkpoint.size} records where ${this.size} stand`;
      throw new ChainError('CHECKPOINT_WRONG_SIZE', problem, last);
    }
    if (!this.range.root().equals(checkpoint.root)) {
      const first = this.size - this.uncommitted;
      const which = first === last ? `record ${last} was` : `one of the records ${first} to ${last} was`;
      throw new ChainError(
        'ROOT_MISMATCH',
        `is a checkpoint whose signed root the records do not give: ${which} changed`,
        first,
      );
    }
    this.uncommitted = 0;
    return line;
  }

  private settlePayloads(): void {
    for (const [name] of this.awaited) this.missing(name);
    this.awaited = [];
    this.names = new Set();
  }

  private missing(name: string): void {
    const seq = this.size - 1;
    this.options.onPayloadFault(missingPayload(name, Math.max(0, seq)));
  }

  private fault(code: PayloadFault, problem: string): void {
    this.options.onPayloadFault(new ChainError(code, problem, Math.max(0, this.size - 1)));
  }
}

const verifierOf = (d: JsonObject, member: 'key' | 'root', seq: number): NoteVerifier => {
  const key = d[member];
  try {
    const verifier = parseVerifierKey(typeof key === 'string' ? key : '');
    if (verifier.name === d['origin']) return verifier;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
  }
  throw new ChainError('BAD_SEGMENT', `does not name a ${member} of the ledger`, seq);
};

/** The key of a segment, and the one that certifies it. */
export interface SegmentKeys {
  readonly key: NoteVerifier;
  /** The same where one key signs all. */
  readonly root: NoteVerifier;
}

/**
 * The keys that a `seg` record names, the certificate checked.
 * @param expected the root that they must be of; null where it is not known
 * @throws ChainError BAD_SEGMENT, SEGMENT_KEY_UNCERTIFIED
 */
export const segmentKeys = ({ type, seq, prev, d }: RecordLine, expected: NoteVerifier | null): SegmentKeys => {
  if (type !== 'seg') throw new ChainError('BAD_SEGMENT', 'does not name a key of the ledger', seq);
  const key = verifierOf(d, 'key', seq);
  const root = d['root'] === undefined && seq === 0 ? key : verifierOf(d, 'root', seq);
  if (expected && expected.key !== root.key) throw new ChainError('BAD_SEGMENT', 'names another root key', seq);
  if (root !== key && !root.verify(segmentText(key.name, seq, key.key, prev), certificate(d))) {
    throw new ChainError('SEGMENT_KEY_UNCERTIFIED', 'names a key that the root key did not certify', seq);
  }
  return { key, root };
};

/** 64 bytes in the one form of base64; empty where there are none, and then nothing is certified. */
const certificate = ({ cert }: JsonObject): Buffer => {
  const bytes = Buffer.from(typeof cert === 'string' ? cert : '', 'base64');
  return bytes.length === 64 && bytes.toString('base64') === cert ? bytes : Buffer.alloc(0);
};

/** A walk from the first line of a ledger, or from right after a checkpoint where another walk stood. */
export const createChain = (options: ChainOptions, from: ChainState | null = null): Chain => new Walk(options, from);
