/** Where a ledger stands: the last checkpoint that verifies, what lies behind it, and whether that can be a torn write. */
import type { FilePort } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import { type Line, readLines } from '../base/lines.js';
import { createCompactRange } from '../base/merkle.js';
import { checkNote } from '../base/note.js';
import { type Account, addTo, copyAccount, effectOf, newAccount } from './account.js';
import { type Chain, ChainError, type ChainState, createChain } from './chain.js';
import { listSegments, type Segment } from './folder.js';
import {
  type CheckpointLine,
  FIRST_PREV,
  isJsonObject,
  isRecordType,
  MAX_LINE_BYTES,
  type RecordLine,
} from './format.js';
import type { KeepRule, KeptPlace } from './kept.js';
import { prunedState } from './pruned.js';
import { type Frontier, readFrontier, type SealedFile } from './sealed.js';

/** More than any one batch can hold: a longer tail is no torn write. */
export const MAX_TAIL = 64 * 1024 * 1024;
/** The first byte of a checkpoint line. */
const CHECKPOINT = 0x7e;

interface Scan {
  state: ChainState;
  readonly account: Account;
  readonly kept: KeptPlace[];
  checkpoint: CheckpointLine | null;
  /** Index of the segment and the offset behind its last good checkpoint. */
  segment: number;
  end: number;
  problem: string | null;
  /** What is missing without an order. */
  lost: string | null;
}

/** At the frontier, or at the first record that is there. */
const newScan = (frontier: Frontier | null, begin: ChainState | null): Scan => ({
  state: frontier?.state ??
    begin ?? { size: 0, prev: FIRST_PREV, range: createCompactRange(), verifier: null, root: null },
  account: frontier ? copyAccount(frontier.account) : newAccount(),
  kept: [...(frontier?.kept ?? [])],
  checkpoint: null,
  segment: Math.max(0, (frontier?.files.length ?? 0) - 1),
  end: frontier?.files.at(-1)?.bytes ?? 0,
  problem: null,
  lost: null,
});

/** Where reading begins, and which records it takes note of. */
interface ScanAsk {
  readonly segments: readonly Segment[];
  readonly files: FilePort;
  readonly frontier: Frontier | null;
  /** Where a ledger begins whose first segments were removed. */
  readonly begin: ChainState | null;
  readonly rule: KeepRule;
}

/** Takes lines; only what a checkpoint covers is accounted. */
class Scanner {
  readonly scan: Scan;
  readonly chain: Chain;
  private readonly rule: KeepRule;
  private batch: { readonly record: RecordLine; readonly offset: number }[] = [];
  /** Whether a missing payload ends the walk: in the file that is written on nothing is ever removed. */
  strict = false;
  /** Last record without one of its payloads, and records whose payloads may be gone by what is on record. */
  private missing = -1;
  private removedTo = 0;
  /** Whether counts of removed records are still to be learnt from a heartbeat. */
  private isUncounted: boolean;

  constructor({ frontier, begin, rule }: ScanAsk, signatures: boolean) {
    this.scan = newScan(frontier, begin);
    this.rule = rule;
    this.isUncounted = !frontier && begin !== null;
    const onPayloadFault = (fault: ChainError): void => {
      if (this.strict || fault.code !== 'PAYLOAD_MISSING') throw fault;
      this.missing = fault.seq ?? this.missing;
    };
    this.chain = createChain({ signatures, onPayloadFault }, frontier?.state ?? begin ?? undefined);
  }

  /** What is missing although no later record removes it; null where nothing is. */
  get lost(): string | null {
    return this.missing < this.removedTo || this.missing < 0 ? null : `a payload of record ${this.missing} is missing`;
  }

  take(line: Line, index: number, first: number): void {
    const { scan, chain } = this;
    if (line.end !== 'feed') throw new ChainError('BAD_RECORD', 'is cut off or too long', chain.size);
    const item = chain.next(line.bytes);
    if (item?.kind === 'record') this.batch.push({ record: item, offset: line.offset });
    if (item?.kind !== 'checkpoint') return;
    for (const { record, offset } of this.batch) this.account(record, first, offset);
    this.batch = [];
    Object.assign(scan, {
      state: chain.state(),
      checkpoint: item,
      segment: index,
      end: line.offset + line.bytes.length + 1,
    });
  }

  private account({ seq, type, d, time }: RecordLine, first: number, offset: number): void {
    const { size } = d;
    if ((type === 'prune' || type === 'erase') && typeof size === 'number') {
      this.removedTo = Math.max(this.removedTo, Math.min(size, seq));
    }
    if (type === 'hb' && this.isUncounted) this.learn(d['counts']);
    addTo(this.scan.account, seq, type, effectOf(type, d));
    if (this.rule[type] !== undefined) this.scan.kept.push({ type, first, offset, time });
  }

  /** A heartbeat counts the records that were removed as well. */
  private learn(said: JsonValue | undefined): void {
    const { counts } = this.scan.account;
    for (const [type, count] of Object.entries(isJsonObject(said) ? said : {})) {
      if (isRecordType(type) && typeof count === 'number') counts.set(type, count);
    }
    this.isUncounted = false;
  }
}

/** Walks to the end or to the first line that does not hold. */
const scanSegments = async (ask: ScanAsk, signatures: boolean): Promise<Scan> => {
  const scanner = new Scanner(ask, signatures);
  const { scan, chain } = scanner;
  const sealed = ask.frontier?.files.length ?? 0;
  for (const [index, { path, name, first }] of ask.segments.entries()) {
    if (index < sealed) continue;
    scanner.strict = index === ask.segments.length - 1;
    let offset = 0;
    try {
      if (first !== chain.size || chain.uncommitted > 0) {
        throw new ChainError('SEQ_BREAK', `does not begin with record ${chain.size}`, chain.size);
      }
      for await (const lines of readLines(path, MAX_LINE_BYTES, 0, ask.files)) {
        for (const line of lines) {
          offset = line.offset;
          scanner.take(line, index, first);
        }
      }
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      scan.problem = `${name}: the line at byte ${offset} ${error.message}`;
      break;
    }
  }
  scan.lost = scanner.lost;
  return scan;
};

const isSigned = ({ checkpoint, state }: Scan): boolean =>
  checkpoint === null || (state.verifier !== null && checkNote(checkpoint.note, state.verifier) === true);

/**
 * Whether the tail can be one batch that did not reach the disk whole. The next batch is only written
 * when the one before is on disk, so a checkpoint with anything behind it was acknowledged, even where
 * its line does not verify any more.
 */
const isOneBatch = (tail: Buffer): boolean => {
  for (let start = 0, feed = tail.indexOf(0x0a); feed >= 0; start = feed + 1, feed = tail.indexOf(0x0a, start)) {
    if (tail[start] === CHECKPOINT && feed + 1 < tail.length) return false;
  }
  return true;
};

const readTail = async (path: string, from: number, size: number, files: FilePort): Promise<Buffer> => {
  const tail = Buffer.alloc(size - from);
  const file = await files.open(path);
  try {
    for (let at = 0; at < tail.length; ) {
      const count = await file.read(tail.subarray(at), from + at);
      if (count === 0) return tail.subarray(0, at);
      at += count;
    }
    return tail;
  } finally {
    await file.close();
  }
};

/** What a ledger holds up to the last checkpoint that verifies, and where that lies. */
export interface Standing {
  readonly dir: string;
  readonly segments: readonly Segment[];
  /** Those of them that need not be summed up again. */
  readonly sealed: readonly SealedFile[];
  readonly state: ChainState;
  readonly account: Account;
  /** Records that the next start must read again. */
  readonly kept: readonly KeptPlace[];
  /** The file to write on, the last one; null for a new ledger. */
  readonly last: Segment | null;
  /** Bytes of that file which are acknowledged. */
  readonly end: number;
  /** The line at which reading ended, and why; null where every line holds. */
  readonly problem: string | null;
}

/** The last signature holds for all that is before it; where it does not, each is checked. */
const scanOnce = async (dir: string, ask: ScanAsk): Promise<Scan> => {
  const quick = await scanSegments(ask, false);
  const scan = isSigned(quick) ? quick : await scanSegments(ask, true);
  if (scan.lost !== null) throw new CountersignError('LEDGER_DAMAGED', { dir, problem: scan.lost });
  return scan;
};

/** What a start wants to know besides. */
export interface StandingAsk {
  /** Verifier key of the root, under which `sealed.json` counts; absent: everything is read. */
  readonly root?: string;
  /** Records whose places are wanted. */
  readonly rule?: KeepRule;
}

/**
 * Reads a ledger and changes nothing: all of it, or what follows the segments that `sealed.json` sums up.
 * @throws CountersignError LEDGER_NOT_FOUND, or LEDGER_DAMAGED where the damage lies before the last file
 */
export const findStanding = async (
  dir: string,
  files: FilePort,
  { root, rule = {} }: StandingAsk = {},
): Promise<Standing> => {
  const segments = await listSegments(dir, files);
  const frontier = root === undefined ? null : await readFrontier({ dir, segments, root, rule, files });
  const begin = await prunedState(dir, files);
  const scan = await scanOnce(dir, { segments, files, frontier, begin, rule });
  const last = segments.at(-1) ?? null;
  if (last && scan.segment !== segments.length - 1) {
    // A new file is made before its first batch is written, so only the last one may be without a checkpoint.
    if (scan.segment !== segments.length - 2 || last.first !== scan.state.size) {
      throw new CountersignError('LEDGER_DAMAGED', { dir, problem: scan.problem ?? `${last.name} does not follow` });
    }
    scan.end = 0;
  }
  const { state, account, kept, end, problem } = scan;
  return { dir, segments, sealed: frontier?.files ?? [], state, account, kept, last, end, problem };
};

/**
 * The bytes behind the last checkpoint: a batch that did not reach the disk whole, acknowledged to nobody.
 * @throws CountersignError LEDGER_DAMAGED where they cannot be one
 */
export const readTornTail = async (
  { dir, last, end, problem }: Pick<Standing, 'dir' | 'last' | 'end' | 'problem'>,
  files: FilePort,
): Promise<Buffer> => {
  if (!last || last.size <= end) return Buffer.alloc(0);
  const damaged = (): CountersignError =>
    new CountersignError('LEDGER_DAMAGED', { dir, problem: problem ?? `${last.name} does not end with a checkpoint` });
  if (last.size - end > MAX_TAIL) throw damaged();
  const tail = await readTail(last.path, end, last.size, files);
  if (!isOneBatch(tail)) throw damaged();
  return tail;
};
