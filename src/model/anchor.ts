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

interface ReceiptFacts {
  readonly v: 1;
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** See `AnchorRecord`. */
  readonly locator: string;
  /** See `AnchorRecord`. */
  readonly at: string | null;
}

/**
 * A line of `anchors/<name>-<day>.jsonl`. It proves nothing by itself: it counts under a key of the trust file, or
 * where what it points to is fetched with the auditor's credentials.
 */
export type AnchorReceipt = ReceiptFacts &
  (
    | { readonly kind: 's3'; readonly bucket: string; readonly key: string; readonly version: string | null }
    /** The token of RFC 3161 over SHA-256 of the checkpoint's text, base64. */
    | { readonly kind: 'timestamp'; readonly token: string }
    /** The signature line of cosignature/v1. */
    | { readonly kind: 'witness'; readonly cosignature: string }
    | { readonly kind: 'file' }
  );

/** An anchor as the configuration names it. */
export type AnchorSettings = {
  readonly name: string;
  /** Milliseconds between one confirmation and the next. */
  readonly every: number;
} & (
  | {
      readonly kind: 's3';
      readonly bucket: string;
      readonly region: string;
      /** Ends in `/`. */
      readonly prefix: string;
      /** How long each object is locked, milliseconds. */
      readonly retention: number;
      readonly profile: string | null;
      readonly roleArn: string | null;
      readonly externalId: string | null;
      /** Endpoint of S3 where it is not AWS's own. */
      readonly endpoint: string | null;
    }
  | { readonly kind: 'timestamp'; readonly url: string }
  /** `key`: verifier key of type 4. */
  | { readonly kind: 'witness'; readonly url: string; readonly key: string }
  | { readonly kind: 'file'; readonly path: string }
);
