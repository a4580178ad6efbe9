/** Checkpoints that the auditor kept: what they confirm of a ledger, and from which record on nothing is confirmed. */
import type { Chain } from '../ledger/chain.js';
import type { Findings } from './findings.js';

/** What the auditor learnt of a ledger at an earlier time, apart from it: its first `size` records give this root. */
export interface KeptCheckpoint {
  readonly origin: string;
  /** Number of records, at least 1. */
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** Follows the records of one ledger. Holds nothing but the checkpoints themselves. */
export class AnchorWalk {
  /** Records that a kept checkpoint confirms, from the first. */
  confirmed = 0;
  /** Wall clock of the first record beyond them, milliseconds since 1970. */
  openSince: number | null = null;
  private readonly kept: readonly KeptCheckpoint[];
  private readonly findings: Findings;
  /** How messages call the ledger. */
  private readonly what: string;

  constructor(kept: readonly KeptCheckpoint[], findings: Findings, what: string) {
    this.kept = kept;
    this.findings = findings;
    this.what = what;
  }

  /** Whether the root over so many records is asked for. */
  wants(size: number): boolean {
    return this.kept.some((kept) => kept.size === size);
  }

  /**
   * After each record.
   * @param size records so far
   * @param time its wall clock, milliseconds since 1970
   * @param origin of the ledger
   * @param root over them; asked for where `wants` says so
   */
  record(size: number, time: number, origin: string | undefined, root: (size: number) => Buffer | undefined): void {
    this.openSince ??= time;
    for (const kept of this.kept) {
      if (kept.size !== size || kept.origin !== origin) continue;
      if (root(size)?.toString('hex') === kept.root) this.confirm(size);
      else this.mismatch(size, kept.root);
    }
  }

  /** After the last record of a walk that came to the end. */
  end({ size, verifier }: Pick<Chain, 'size' | 'verifier'>): void {
    for (const kept of this.kept) {
      if (kept.origin !== verifier?.name || kept.size <= size) continue;
      const message = `${this.what}: ends after ${size} records, but had ${kept.size} when the trust file's checkpoint was taken.`;
      this.findings.add('integrity', 'TRUNCATED', message);
    }
  }

  private confirm(size: number): void {
    this.confirmed = size;
    this.openSince = null;
  }

  private mismatch(size: number, root: string): void {
    const message = `${this.what}: its first ${size} records do not give the root ${root} that the trust file kept: one of them was changed since.`;
    this.findings.add('integrity', 'ANCHOR_MISMATCH', message);
  }
}
