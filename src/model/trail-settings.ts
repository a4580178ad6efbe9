/** Where CloudTrail is collected from: what stands under `collect.cloudtrail`. */

/** A trail bucket to collect from. */
export interface S3TrailSettings {
  readonly bucket: string;
  /** Before `AWSLogs/`; empty, or ends in `/`. */
  readonly prefix: string;
  /** Organisation id of an organisation trail. */
  readonly organization: string | null;
  /** Accounts and regions that must have logs; empty: those found. */
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  /** Region of the bucket; where it lies in another one, the answers of S3 lead there. */
  readonly region: string;
  readonly profile: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Endpoints where S3 and CloudTrail are not AWS's own. */
  readonly endpoint: string | null;
  readonly cloudtrailEndpoint: string | null;
  readonly requestPayer: boolean;
  /** How far back the first collection reads, milliseconds. */
  readonly since: number;
  /** Requests under way at once. */
  readonly concurrency: number;
}

/** An account whose events are looked up, since no trail of it is collected. */
export interface LookupSettings {
  readonly account: string;
  readonly regions: readonly string[];
  readonly profile: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Where CloudTrail is not AWS's own. */
  readonly endpoint: string | null;
  /** How far back windows are asked for, milliseconds. */
  readonly since: number;
}

/** Where CloudTrail is collected from. */
export type TrailSource =
  | { readonly dir: string }
  | { readonly s3: S3TrailSettings }
  | { readonly lookup: LookupSettings };
