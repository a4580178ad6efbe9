/** A trail's bucket as collection sees it. What stands behind it is S3, or a server that speaks its API. */

/** One version of an object, or a delete marker. */
export interface ListedVersion {
  readonly key: string;
  /** Null where the bucket keeps no versions. */
  readonly version: string | null;
  readonly etag: string | null;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly deleted: boolean;
}

export interface Delivered {
  readonly bytes: Buffer;
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly lock: string | null;
}

export interface TrailBucket {
  /** `s3://<bucket>`. */
  readonly source: string;
  /** Names below a prefix up to the next `/`, without it. @throws BucketError */
  folders(prefix: string): Promise<readonly string[]>;
  /** Every version and delete marker below a prefix whose key sorts after `after`, page by page. @throws BucketError */
  list(prefix: string, after: string): AsyncIterable<readonly ListedVersion[]>;
  /** @throws BucketError, RangeError over `maxBytes` */
  get(object: ListedVersion, maxBytes: number): Promise<Delivered>;
  /** AWS's clock less this machine's, milliseconds, by the last answer; null before the first. */
  clockOffset(): number | null;
}

/** A CloudTrail public key as ListPublicKeys gives it. */
export interface ListedKey {
  /** Base64 DER. */
  readonly value: string;
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** ListPublicKeys in a region. Times in milliseconds since 1970. @throws BucketError */
export type ListKeys = (region: string, from: number, to: number) => Promise<readonly ListedKey[]>;

/** Why a request to AWS failed: its sentence, and whether any further request would fail as well. */
export class BucketError extends Error {
  /** Whether the credentials are refused as a whole. */
  readonly ends: boolean;
  constructor(problem: string, ends = false) {
    super(problem);
    this.name = 'BucketError';
    this.ends = ends;
  }
}
