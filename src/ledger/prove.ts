/** Makes proof files of a ledger: one walk over it, every line checked, in memory that does not grow with it. */
import { type FilePort, realFiles } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { readLines } from '../base/lines.js';
import { TreeProver } from '../base/prover.js';
import type { ProofFile, ProvedRecord } from '../model/proof.js';
import { type Chain, ChainError, createChain } from './chain.js';
import { listSegments, type Segment } from './folder.js';
import { MAX_LINE_BYTES } from './format.js';

/** What is to be proved. Numbers are those of records, ends exclusive. */
export type ProofAsk =
  | { readonly kind: 'records'; readonly seqs: readonly number[] }
  /** `redacted` records stand there as leaf hashes alone. */
  | { readonly kind: 'range'; readonly from: number; readonly to: number; readonly redacted: ReadonlySet<number> }
  /** The first `size` records are the begin of the ledger as it is. */
  | { readonly kind: 'begin'; readonly size: number };

export interface ProveOptions {
  readonly dir: string;
  readonly ask: ProofAsk;
  /** Size of the checkpoint to prove against, such as one that an auditor kept; absent: the last one. */
  readonly at?: number | undefined;
  readonly files?: FilePort;
}

/** More records than an auditor's sample, and less than a file that cannot be opened. */
const MAX_RECORDS = 100_000;

interface Kept {
  readonly line: string;
  readonly leaf: Buffer;
  readonly payloads: string[];
}

/** The records that the way up of each is needed of. */
const leavesOf = (ask: ProofAsk): readonly number[] => {
  if (ask.kind === 'records') return ask.seqs;
  return [ask.kind === 'range' ? ask.to - 1 : ask.size - 1];
};

const usage = (problem: string): CountersignError => new CountersignError('USAGE', { problem });

const checkAsk = (ask: ProofAsk): void => {
  const leaves = leavesOf(ask);
  if (leaves.length === 0 || leaves.some((seq) => !Number.isSafeInteger(seq) || seq < 0)) {
    throw usage('name records by their numbers, from 0');
  }
  if (ask.kind === 'range' && ask.from >= ask.to) throw usage('a range begins before it ends');
  const count = ask.kind === 'range' ? ask.to - ask.from : leaves.length;
  if (count > MAX_RECORDS) throw usage(`a proof holds at most ${MAX_RECORDS} records`);
};

/** Follows the lines up to the checkpoint that is proved against. */
class ProofWalk {
  checkpoint: { readonly note: string; readonly size: number } | null = null;
  /** The `seg` record whose key signed it. */
  segment = '';
  /** Peaks of the tree before the range. */
  left: readonly Buffer[] = [];
  /** Root of the begin that is asked for. */
  begin = '';
  readonly kept = new Map<number, Kept>();
  readonly prover: TreeProver;
  private readonly ask: ProofAsk;
  private readonly wanted: ReadonlySet<number>;
  private lastSegment = '';
  private batch: Buffer[] = [];

  constructor(ask: ProofAsk) {
    this.ask = ask;
    this.prover = new TreeProver(leavesOf(ask));
    this.wanted = new Set(ask.kind === 'records' ? ask.seqs : []);
  }

  /** Takes a line that the chain is asked about first. */
  line(bytes: Buffer, chain: Chain): void {
    const item = chain.next(bytes);
    if (item?.kind === 'record') {
      if (item.type === 'seg') this.lastSegment = bytes.toString();
      this.batch.push(item.leaf);
      if (this.wants(item.seq)) this.kept.set(item.seq, { line: bytes.toString(), leaf: item.leaf, payloads: [] });
    }
    if (item?.kind === 'payload') this.kept.get(item.seq)?.payloads.push(bytes.toString());
    if (item?.kind === 'checkpoint') this.covered(String(JSON.parse(bytes.toString('utf8', 1))), item.checkpoint.size);
  }

  private wants(seq: number): boolean {
    const { ask } = this;
    return ask.kind === 'range' ? seq >= ask.from && seq < ask.to : this.wanted.has(seq);
  }

  private covered(note: string, size: number): void {
    for (const leaf of this.batch) {
      if (this.ask.kind === 'range' && this.prover.size === this.ask.from) this.left = this.prover.peaks();
      this.prover.append(leaf);
      if (this.ask.kind === 'begin' && this.prover.size === this.ask.size)
        this.begin = this.prover.root().toString('hex');
    }
    this.batch = [];
    this.checkpoint = { note, size };
    this.segment = this.lastSegment;
  }
}

const walkLines = async (
  walk: ProofWalk,
  segments: readonly Segment[],
  { dir, at, files = realFiles }: ProveOptions,
): Promise<void> => {
  const chain = createChain({ onPayloadFault: () => undefined });
  for (const { name, path } of segments) {
    try {
      for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
        for (const line of lines) {
          // A line under way, at the end of a ledger that is being written.
          if (line.end === 'file') return;
          walk.line(line.bytes, chain);
          if (at !== undefined && walk.checkpoint?.size === at) return;
        }
      }
    } catch (error) {
      if (error instanceof ChainError)
        throw new CountersignError('LEDGER_DAMAGED', { dir, problem: `${name} ${error.message}` });
      throw error;
    }
  }
};

const hex = (hashes: readonly Buffer[]): readonly string[] => hashes.map((hash) => hash.toString('hex'));
const writtenOf = ({ line, payloads }: Kept): ProvedRecord => ({ line, payloads });

/** The member that holds what was asked for. */
const partOf = ({ prover, kept, left, begin }: ProofWalk, ask: ProofAsk): Partial<ProofFile> => {
  const recordOf = (seq: number): Kept => {
    const found = kept.get(seq);
    if (!found) throw usage(`record ${seq} is not under that checkpoint`);
    return found;
  };
  if (ask.kind === 'records') {
    return { records: ask.seqs.map((seq) => ({ ...writtenOf(recordOf(seq)), path: hex(prover.inclusion(seq)) })) };
  }
  if (ask.kind === 'begin') {
    if (begin === '') throw usage(`the ledger has no ${ask.size} records under that checkpoint`);
    return { begin: { size: ask.size, root: begin, path: hex(prover.consistency(ask.size)) } };
  }
  const records = Array.from({ length: ask.to - ask.from }, (_, i) => {
    const found = recordOf(ask.from + i);
    return ask.redacted.has(ask.from + i) ? { leaf: found.leaf.toString('hex') } : writtenOf(found);
  });
  return { range: { from: ask.from, records, left: hex(left), right: hex(prover.after(ask.to - 1)) } };
};

/**
 * A proof file over the ledger in a folder, which another process may be writing.
 * @throws CountersignError USAGE where a record is not there, LEDGER_NOT_FOUND, LEDGER_DAMAGED
 */
export const proveFrom = async (options: ProveOptions): Promise<ProofFile> => {
  const { dir, ask, at, files = realFiles } = options;
  checkAsk(ask);
  const walk = new ProofWalk(ask);
  await walkLines(walk, await listSegments(dir, files), options);
  const { checkpoint, segment } = walk;
  if (!checkpoint) throw usage('the ledger has no checkpoint yet');
  if (at !== undefined && checkpoint.size !== at) throw usage(`the ledger has no checkpoint over ${at} records`);
  return { v: 1, kind: 'countersign-proof', checkpoint: checkpoint.note, segment, ...partOf(walk, ask) };
};
