/** A proof file: some of a ledger that verifies without the rest (docs/ledger-format.md). */

/** A record as it stands in the ledger; hashes of paths are hex, the lowest first. */
export interface ProvedRecord {
  /** Without its line feed. */
  readonly line: string;
  /** Its payload lines; fewer than it names where some were withheld or erased. */
  readonly payloads: readonly string[];
}

export interface ProofFile {
  readonly v: 1;
  readonly kind: 'countersign-proof';
  /** The signed note of a checkpoint of the ledger. */
  readonly checkpoint: string;
  /** The `seg` record whose key signed it. */
  readonly segment: string;
  /** Single records, each with its path to the root. */
  readonly records?: readonly (ProvedRecord & { readonly path: readonly string[] })[];
  /** All records from one on, as written or as leaf hash alone, between the subtrees on both sides. */
  readonly range?: {
    readonly from: number;
    readonly records: readonly (ProvedRecord | { readonly leaf: string })[];
    readonly left: readonly string[];
    readonly right: readonly string[];
  };
  /** An earlier state of the ledger, which the checkpoint extends. */
  readonly begin?: { readonly size: number; readonly root: string; readonly path: readonly string[] };
}
