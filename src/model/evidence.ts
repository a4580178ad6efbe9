/** Words and file formats of the evidence package (docs/architecture.md; formats in docs/ledger-format.md). */

/** A half-open window of time, milliseconds since 1970, UTC. */
export interface Period {
  readonly from: number;
  readonly to: number;
  /** Folder name, such as `2026-Q3`. */
  readonly label: string;
}

export type ResultWord = 'no_exceptions' | 'exceptions' | 'not_testable' | 'no_occurrence' | 'error';

/** One item where the control did not operate. */
export interface ControlException {
  /** Call, approval or event id. */
  readonly item: string;
  /** RFC 3339, or null where the item has no time. */
  readonly time: string | null;
  readonly person: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** Id of the waiver it falls under. It is an exception all the same: it stays counted and listed. */
  readonly waiver: string | null;
}

/** A written decision to live with exceptions of one control for a time, approved by somebody else than who asked. */
export interface Waiver {
  readonly id: string;
  /** Which exceptions it covers: those of the control that have all that is named here. */
  readonly scope: {
    readonly control: string;
    /** Null: every item, person, or kind of thing. */
    readonly items: readonly string[] | null;
    readonly person: string | null;
    readonly what: string | null;
  };
  readonly reason: string;
  readonly requester: string;
  readonly approver: string;
  /** RFC 3339. It covers what happened from `starts` on and before `expires`, or before it was revoked. */
  readonly starts: string;
  readonly expires: string;
  readonly revoked: string | null;
}

/** What management answers to an exception, or to every exception of a control. */
export interface Response {
  /** Such as `CS-APP-01/0001`, or a control. */
  readonly exception: string;
  readonly disposition: 'fixed' | 'will_fix' | 'risk_accepted' | 'disputed';
  readonly response: string;
  readonly owner: string;
  /** Who answers. */
  readonly by: string;
  /** `YYYY-MM-DD`. */
  readonly responded: string;
  /** Empty where nothing is said. */
  readonly cause: string;
  readonly action: string;
  readonly due: string | null;
}

/** Outcome of one test of control over its whole population. */
export interface TestResult {
  readonly control: string;
  readonly title: string;
  readonly result: ResultWord;
  readonly population: number;
  readonly exceptions: readonly ControlException[];
  /** For `not_testable` and `error`: what is missing. */
  readonly reason: string | null;
  /** Ids of the Trust Services Criteria. */
  readonly criteria: readonly string[];
  /** Requirements of other frameworks, by the framework's name. */
  readonly frameworks: Readonly<Record<string, readonly string[]>>;
  readonly category: readonly string[];
  readonly owner: string;
  readonly frequency: string;
  readonly statement: string;
  readonly test: string;
  readonly remediation: string;
  readonly limits: string;
  readonly sql: { readonly population: string; readonly exceptions: string };
}

/** One file of the package. */
export interface ManifestFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Rows below the head; of the tables in `csv/`, and of nothing else. */
  readonly rows?: number;
}

/**
 * `manifest.json`: canonical JSON (RFC 8785) and a line feed. `manifest.sig` is a C2SP signed note over
 * `countersign/manifest/v1\n<SHA-256 hex of manifest.json>\n` by the report key (`manifestText`, base/seal.ts).
 * `run.json` is what `sealRun` in base/seal.ts returns: a JSON object with `manifest` (that hash) and `signature`.
 */
export interface Manifest {
  readonly v: 1;
  readonly kind: 'countersign-evidence';
  readonly report: string;
  readonly organization: string;
  readonly period: { readonly label: string; readonly from: string; readonly to: string };
  readonly status: 'DRAFT' | 'FINAL';
  readonly demo: boolean;
  readonly tool: { readonly name: string; readonly version: string };
  /** SHA-256 over the `sha256sum` lines of `files` without report.pdf and report.html: `<hex>  <path>\n`, sorted by path. */
  readonly evidenceRoot: string;
  readonly ledgers: readonly {
    readonly origin: string;
    /** C2SP verifier key. Says who claims to sign; only a trust file says whether to believe it. */
    readonly key: string;
    readonly size: number;
    readonly root: string;
  }[];
  readonly cloudtrail: {
    readonly logs: number;
    readonly digests: number;
    /** Only their index is in the package, not their bytes. */
    readonly leftOut?: true;
  };
  /** The report of the period that this one supplements or answers, and the hash of its manifest; absent in the first. */
  readonly revises?: { readonly report: string; readonly manifest: string };
  /** Sorted by path; every file of the folder but manifest.json, manifest.sig and run.json. */
  readonly files: readonly ManifestFile[];
}

/** What a bucket says of an object beside its bytes. */
export interface RawDelivery {
  /** `s3://<bucket>`, or `cloudtrail:<region>` for what the service itself answered. */
  readonly source: string;
  /** Version id; null where the bucket keeps no versions. */
  readonly version: string | null;
  readonly etag: string | null;
  /** When it was stored, RFC 3339. */
  readonly modified: string;
  /** Object Lock, such as `COMPLIANCE until 2027-01-01T00:00:00.000Z`; null where there is none or it may not be read. */
  readonly lock: string | null;
  /** Metadata `backfill-generation-timestamp` of a late digest; AWS does not sign it. */
  readonly backfill: string | null;
}

/** One line of `raw/index.ndjson`: an object as delivered, kept under `raw/<aa>/<sha256>`. */
export interface RawObject {
  /** SHA-256 of the bytes as delivered. */
  readonly sha256: string;
  readonly bytes: number;
  readonly kind: 'cloudtrail-log' | 'cloudtrail-digest' | 'cloudtrail-public-keys';
  /** Bucket key, or path below the collected folder, with `/`. */
  readonly key: string;
  /** Object metadata `signature` of a digest, hex, where it was delivered. */
  readonly signature: string | null;
  /** Absent where it was read from a folder. */
  readonly delivery?: RawDelivery;
}

/**
 * The auditor's own statement of what to believe; obtained apart from the package. Strict JSON.
 */
export interface Trust {
  readonly v: 1;
  /** C2SP verifier keys of ledgers. */
  readonly ledgers: readonly string[];
  /** C2SP verifier keys of report signers. */
  readonly reports: readonly string[];
  /** CloudTrail public keys, as ListPublicKeys gave them to the auditor: base64 DER. */
  readonly cloudtrail: readonly { readonly region: string; readonly fingerprint: string; readonly publicKey: string }[];
  /** Kept from an earlier time: the root, hex, over the first `size` records. */
  readonly checkpoints?: readonly { readonly origin: string; readonly size: number; readonly root: string }[];
  /** Longest silence between records that is not a gap, seconds; clock tolerance, milliseconds. */
  readonly thresholds?: { readonly heartbeatSeconds?: number; readonly skewMs?: number };
}

export type Finding = {
  readonly severity: 'integrity' | 'incomplete' | 'unestablished' | 'note';
  /** Stable word, such as CHAIN_BREAK. */
  readonly code: string;
  /** One sentence for people, naming file, record and byte where there is one. */
  readonly message: string;
  /** Where it was found, of a line that does not hold. */
  readonly place?: { readonly file: string; readonly record: number | null; readonly byte: number };
};

/** A time in which nothing was recorded, and nothing says why. RFC 3339. */
export interface RecordingGap {
  readonly from: string;
  readonly to: string;
  /** The record before it. */
  readonly after: number;
}

/** One ledger in figures, as far as it was read. */
export interface LedgerSummary {
  readonly origin: string;
  /** C2SP verifier key of the root. */
  readonly key: string;
  /** Number and wall clock of the first and the last record read. */
  readonly first: { readonly seq: number; readonly t: string };
  readonly last: { readonly seq: number; readonly t: string };
  /** False where a fault ended the reading before the end of the ledger. */
  readonly whole: boolean;
  readonly segments: number;
  readonly bytes: number;
  /** From which record on which key signs; of very many, the first ones. */
  readonly signers: readonly { readonly seq: number; readonly key: string }[];
  /** Records under the last signed checkpoint, and its root in hex. */
  readonly signed: number;
  readonly root: string;
  /** Records that an anchor or a kept checkpoint confirms. */
  readonly anchored: number;
  /** Wall clock of the first record that none confirms; null where all are confirmed. */
  readonly openSince: string | null;
  /** The first hundred, and how many there are. */
  readonly gaps: readonly RecordingGap[];
  readonly gapCount: number;
  /** Records whose clocks do not follow those of the record before. */
  readonly clockSteps: number;
}

/** What a verification established, and what it did not. */
export interface Verification {
  readonly target: string;
  readonly kind: 'ledger' | 'package' | 'proof';
  /** What holds, in sentences. */
  readonly established: readonly string[];
  readonly findings: readonly Finding[];
  /** Each ledger that has a signed record. */
  readonly ledgers: readonly LedgerSummary[];
  /** 0, 11, 12 or 13; never 0 when nothing was found. */
  readonly exit: number;
}
