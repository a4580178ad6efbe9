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
  /** Wall clock of the first record beyond them. */
  openSince: string | null = null;
  private readonly kept: readonly KeptCheckpoint[];
  private readonly findings: Findings;
  /** How messages call the ledger. */
  private readonly what: string;

  constructor(kept: readonly KeptCheckpoint[], findings: Findings, what: string) {
    this.kept = kept;
    this.findings = findings;
    this.what = what;
  }

  /**
   * After each record.
   * @param t its wall clock
   */
  record(chain: Chain, t: string): void {
    this.openSince ??= t;
    for (const { origin, size, root } of this.kept) {
      if (size !== chain.size || origin !== chain.verifier?.name) continue;
      if (chain.state().range.root().toString('hex') === root) this.confirm(size);
      else this.mismatch(size, root);
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
