/** Anchors: places outside this machine that confirm what the ledger held at a time. */

/** `timestamp`: a time stamp authority (RFC 3161). `witness`: C2SP tlog-witness. */
export type AnchorKind = 's3' | 'timestamp' | 'witness' | 'file';

/** `anchor`: a checkpoint was confirmed elsewhere, or that failed. */
export interface AnchorRecord {
  readonly event: 'anchored' | 'failed';
  /** Its name in the configuration. */
  readonly anchor: string;
  readonly kind: AnchorKind;
  /** The checkpoint: number of records, and their root in hex. */
  readonly size: number;
  readonly root: string;
  /** Where it can be looked up: an object, the address of a service, or a file. */
  readonly locator: string;
  /** The time that the anchor itself states, RFC 3339; null where it states none, or where it failed. */
  readonly at: string | null;
  /** Attempts that failed since this anchor last succeeded, this one included. */
  readonly failures: number;
  readonly problem: string | null;
}
