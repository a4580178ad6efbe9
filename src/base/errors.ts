/**
 * The one error table: every failure the product can name, with the exit code
 * it leads to, the sentence it prints and the mend it proposes.
 *
 * `docs/errors.md` is generated from this table and a test keeps the two equal.
 * A denied call is not an error: it is a `Decision`. See docs/architecture.md.
 */

/** Exit codes of every command (docs/errors.md). */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  exceptions: 10,
  incomplete: 11,
  integrity: 12,
  unanchored: 13,
  refused: 14,
} as const;

/** What each exit code says; docs/errors.md and the README print these words. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done; nothing to report',
  unexpected: 'unexpected failure: a defect, or the machine',
  usage: 'wrong usage or configuration; nothing was changed',
  exceptions: 'exceptions found by tests of control',
  incomplete: 'coverage incomplete, or something not testable',
  integrity: 'integrity failure: evidence was changed or does not verify',
  unanchored: 'consistent, but not anchored or not signed by a trusted key',
  refused: 'refused: not authenticated, not allowed, or not approved',
};

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface ErrorRow {
  readonly exit: ExitCode;
  /** What is wrong, in one sentence; `{name}` is filled from the details. */
  readonly message: string;
  /** What the user does about it. */
  readonly hint: string;
}

export const ERRORS = {
  // -- configuration ---------------------------------------------------------
  CONFIG_NOT_FOUND: {
    exit: 2,
    message: 'no configuration at {file}',
    hint: 'name it with -c FILE or COUNTERSIGN_CONFIG, or run the demo to get one',
  },
  CONFIG_INVALID: {
    exit: 2,
    message: '{file} is not a valid configuration: {problems}',
    hint: 'mend the fields named above; nothing was started or changed',
  },
  CASES_INVALID: {
    exit: 2,
    message: '{file} holds no cases that can be run: {problems}',
    hint: 'mend the places named above; docs/configuration.md shows a file of cases',
  },
  CONFIG_DEMO: {
    exit: 2,
    message: '{file}: {problem}',
    hint: 'a configuration with `demo: true` is for this machine only; write one for your organisation',
  },
  KEY_FILE: {
    exit: 2,
    message: 'the key file {file} cannot be used: {problem}',
    hint: 'the file must exist, be readable by its owner alone (chmod 600) and hold one key',
  },
  EXPORT_UNKNOWN: {
    exit: 2,
    message: 'there is no export {name}; the configuration has: {known}',
    hint: 'add it under export in the configuration, or leave the name out to print the records',
  },
  EXPORT_CURSOR: {
    exit: 12,
    message:
      'the export {name} goes on after record {seq}, and the ledger does not have that record any more: {problem}',
    hint: 'the ledger is another one, or was rewritten: verify it; to send everything again, remove {file}',
  },
  TLS_FILE: {
    exit: 2,
    message: 'TLS cannot be set up with {file}: {problem}',
    hint: 'certificate, key and client authority must be readable PEM files, and the key that of the certificate',
  },
  SECRET_MISSING: {
    exit: 2,
    message: 'the secret {name} is not set',
    hint: 'set the environment variable or the file that the configuration names',
  },
  SECRET_STORE: {
    exit: 2,
    message: 'AWS Secrets Manager does not give the secret {name}: {problem}',
    hint: 'see that the ARN is right and that the gateway may do secretsmanager:GetSecretValue on it',
  },
  SESSION_POLICY: {
    exit: 2,
    message: 'the session policy {file} cannot be used: {problem}',
    hint: 'write an IAM policy as JSON, of at most 2048 characters without spaces',
  },
  USAGE: {
    exit: 2,
    message: '{problem}',
    hint: 'see --help for the arguments this command takes',
  },
  // -- identity and login ------------------------------------------------------
  ISSUER_INVALID: {
    exit: 2,
    message: 'the issuer {issuer} cannot be used: {problem}',
    hint: 'mend the entry under identity.issuers of the configuration',
  },
  IDENTITY_PROVIDER: {
    exit: 2,
    message: 'the identity provider of the demo cannot start: {problem}',
    hint: 'install the optional dependencies (npm ci) and see that its port is free',
  },
  LOGIN_UNAVAILABLE: {
    exit: 2,
    message: 'no login is possible: {problem}',
    hint: 'name one of the configured issuers with --issuer and give it clientId and approvalAudience',
  },
  LOGIN_FAILED: {
    exit: 14,
    message: 'the login did not complete: {problem}',
    hint: 'run `countersign login` again and finish it in the browser',
  },
  NOT_LOGGED_IN: {
    exit: 14,
    message: 'not logged in for {use}: {problem}',
    hint: 'run `countersign login`',
  },
  TOKEN_STORE: {
    exit: 2,
    message: 'the login store {file} cannot be used: {problem}',
    hint: 'delete the file and run `countersign login`; it must belong to you alone (chmod 600)',
  },
  WRAP_ADDRESS: {
    exit: 2,
    message: 'there is nothing to speak with: {problem}',
    hint: 'name a server of the gateway, and the gateway itself with --gateway or its configuration with -c',
  },
  LISTEN_FAILED: {
    exit: 2,
    message: 'the gateway cannot listen on {address}: {problem}',
    hint: 'choose another port in the configuration, or stop what uses this one',
  },
  // -- ledger ----------------------------------------------------------------
  LEDGER_LOCKED: {
    exit: 2,
    message: 'the ledger {dir} is in use by {holder}',
    hint: 'stop that process, or let it do the work',
  },
  LEDGER_DAMAGED: {
    exit: 12,
    message: 'the ledger {dir} is damaged before its last checkpoint: {problem}',
    hint: 'do not write to it; run `countersign verify` on it and restore from a copy',
  },
  LEDGER_WRITE_FAILED: {
    exit: 1,
    message: 'the ledger could not be written: {problem}',
    hint: 'no call is let through until it can; `countersign ledger doctor` looks at the disk and the ledger; a running gateway goes on by itself when the disk is back',
  },
  LEDGER_NOT_FOUND: {
    exit: 2,
    message: 'no ledger at {dir}',
    hint: 'name the data folder of a gateway that has run',
  },
  LEDGER_KEY: {
    exit: 2,
    message: 'the ledger {dir} was begun with another key or origin: {problem}',
    hint: 'give the key and origin it was begun with, or another data folder',
  },
  ROOT_KEY_UNAVAILABLE: {
    exit: 1,
    message: 'the root key of the ledger cannot be used: {problem}',
    hint: 'a running gateway goes on in the open segment and tries again; to start, it must be able to sign',
  },
  LEDGER_ROLLED_BACK: {
    exit: 12,
    message: 'the ledger {dir} is not the history that was anchored: {problem}',
    hint: 'write nothing to it: restore its newest copy; `countersign ledger doctor` shows each anchor, and an anchor taken out of ledger.anchors is not asked',
  },
  LEDGER_PRUNED_MEANWHILE: {
    exit: 1,
    message: 'records from {from} on were removed by order from the ledger {dir} while it was read',
    hint: 'run the command again: it begins behind them',
  },
  REMOVAL_REFUSED: {
    exit: 14,
    message: 'nothing is removed from the ledger: {problem}',
    hint: 'docs/configuration.md tells what retention, holds, anchors and custodians demand of a removal',
  },
  ORDER_INVALID: {
    exit: 2,
    message: 'the order {file} cannot be used: {problem}',
    hint: 'write one with --prepare, and have each custodian sign that very file with `countersign ledger sign`',
  },
  LEDGER_UNANCHORED: {
    exit: 1,
    message: 'records since {since} are confirmed by no anchor, longer than ledger.maxUnanchored allows',
    hint: 'no call is let through until an anchor answers; `countersign ledger anchor` tries each now and says what is wrong',
  },
  CONTROL_FAILED: {
    exit: 1,
    message: 'the running gateway could not be asked: {problem}',
    hint: 'run the command as the user that runs the gateway; /healthz of the gateway says how it is',
  },
  LEDGER_BUSY: {
    exit: 1,
    message: 'the ledger has {bytes} bytes waiting for the disk and takes no more',
    hint: 'the disk is too slow for this load; no call is let through meanwhile',
  },
  VERIFY_NOT_FOUND: {
    exit: 2,
    message: 'there is nothing at {path}',
    hint: 'name the folder of a ledger or of an evidence package',
  },
  TRUST_INVALID: {
    exit: 2,
    message: 'the trust file {file} cannot be used: {problem}',
    hint: 'docs/ledger-format.md shows the form; get the keys from their owners, not from the package',
  },
  RECORD_INVALID: {
    exit: 1,
    message: 'a record cannot be written: {problem}',
    hint: 'this is a defect of the program; please report it',
  },
  // -- controls and report ---------------------------------------------------
  CONTROL_INVALID: {
    exit: 2,
    message: 'the control definition {file} cannot be used: {problem}',
    hint: 'mend the file at the place named; no test was run',
  },
  CONTROL_DUPLICATE: {
    exit: 2,
    message: 'the control {id} is defined twice: in {first} and in {second}',
    hint: 'give one of them another id, or remove it',
  },
  WAIVER_INVALID: {
    exit: 2,
    message: 'the waiver {file} cannot be used: {problem}',
    hint: 'mend the file at the place named, or take it out of the folder; no report was made',
  },
  PERIOD_INVALID: {
    exit: 2,
    message: 'the period {text} cannot be used: {problem}',
    hint: 'write 2026, 2026-Q3, 2026-11, 2026-11-24 or 2026-11-24T05 (UTC), FY2026 or FY2026-Q3, or give --from and --to',
  },
  PACKAGE_CHANGED: {
    exit: 12,
    message: 'the file {file} of the package is not what its manifest says: {problem}',
    hint: 'run `countersign verify` on the package, and ask for an untouched copy',
  },
  PACKAGE_UNSOUND: {
    exit: 12,
    message: 'the package {dir} cannot be used: {problem}',
    hint: 'run `countersign verify` on the package, and ask for an untouched copy',
  },
  INTERRUPTED: {
    exit: 1,
    message: 'stopped by {signal} before it was done: nothing was written',
    hint: 'run it again; what was there before is as it was',
  },
  DISK_FULL: {
    exit: 1,
    message: 'there is no room left on a disk, so no package was written: {problem}',
    hint: 'make room where the data folder, evidence.outDir and the temporary folder (TMPDIR) lie; a package needs as much as the ledger and raw/ once more, and its making as much again',
  },
  RAW_LEFT_OUT: {
    exit: 11,
    message:
      'the package {dir} names {objects} CloudTrail objects by hash and leaves them out; they are not all in {where}',
    hint: 'ask for the raw/ folder of whoever made it, and name it with --raw',
  },
  RESPONSES_INVALID: {
    exit: 2,
    message: 'the responses in {file} cannot be taken: {problems}',
    hint: 'mend the lines named above; no revision was written. docs/start-compliance.md shows the columns',
  },
  EVIDENCE_CHANGED: {
    exit: 12,
    message: 'the evidence file {file} is not what was collected: {problem}',
    hint: 'collect it again from its source; no report was written',
  },
  // -- approvals -------------------------------------------------------------
  APPROVAL_RECORD_INVALID: {
    exit: 12,
    message: 'an approval record of the ledger cannot be read: {problem}',
    hint: 'run `countersign verify` on the ledger; approvals are not rebuilt from records that do not hold',
  },
  APPROVAL_LOGIN: {
    exit: 14,
    message: 'the gateway does not accept this login for approvals: {problem}',
    hint: 'log in again: countersign login',
  },
  APPROVAL_REFUSED: {
    exit: 14,
    message: '{problem}',
    hint: '`countersign approvals show ID` tells who may decide a request and how it stands',
  },
  APPROVAL_UNKNOWN: {
    exit: 2,
    message: '{problem}',
    hint: 'see `countersign approvals list --all` for the requests you may see',
  },
  APPROVAL_ADDRESS: {
    exit: 2,
    message: 'the admin address {address} is not on this machine, so the login would cross the network in clear',
    hint: 'run the command on the machine of the gateway, or reach it through a tunnel that ends on loopback',
  },
  APPROVAL_GATEWAY: {
    exit: 1,
    message: 'the gateway at {url} gave no usable answer: {problem}',
    hint: 'start it with `countersign proxy`, or name its configuration with -c FILE',
  },
  // -- collection and warehouse ------------------------------------------------
  COLLECT_FOLDER: {
    exit: 2,
    message: 'the folder {dir} cannot be collected: {problem}',
    hint: 'name a folder that holds CloudTrail files, such as a copy of the trail bucket',
  },
  COLLECT_BUCKET: {
    exit: 2,
    message: 'the bucket {bucket} cannot be collected: {problem}',
    hint: 'check bucket, prefix, organization, region and credentials under collect.cloudtrail; reading needs s3:ListBucket, s3:ListBucketVersions, s3:GetObject and s3:GetObjectVersion',
  },
  REGISTER_FILE: {
    exit: 2,
    message: 'the register {file} cannot be read: {problem}',
    hint: 'name a CSV file of at most 64 MiB; docs/configuration.md lists the columns of each register',
  },
  IDENTITY_SOURCE: {
    exit: 2,
    message: 'no source of identities is named under collect.identity',
    hint: 'name an Okta organisation, a SCIM or CSV export, or an AWS account there; docs/configuration.md lists the fields',
  },
  RAW_INDEX: {
    exit: 12,
    message: 'the index of collected evidence {file} is damaged: {problem}',
    hint: 'restore it from a copy, or move the raw folder aside and collect again',
  },
  RAW_CHANGED: {
    exit: 12,
    message: 'the collected file {key} is not what was collected: {problem}',
    hint: 'collect it again from the bucket; find out who changed the raw folder',
  },
  COUNTS_DIFFER: {
    exit: 1,
    message: 'the counts of {what} do not agree: {problem}',
    hint: 'this is a defect of the program; please report it',
  },
  WAREHOUSE_NOT_FOUND: {
    exit: 2,
    message: 'no warehouse at {file}',
    hint: 'run `countersign collect cloudtrail` or `countersign report` first',
  },
  SQL_FAILED: {
    exit: 2,
    message: 'the statement cannot be answered: {problem}',
    hint: 'docs/warehouse.md names the tables and columns; only statements that read are possible',
  },
  TIMELINE_UNKNOWN: {
    exit: 2,
    message: 'no session, call, approval or event has the id {id}',
    hint: 'take an id from the report or from `countersign sql`; what happened since the last collection is not there yet',
  },
  WAREHOUSE_NOT_UNIQUE: {
    exit: 12,
    message: 'the records name {what} more than once: {problem}',
    hint: 'verify the ledger; the gateway never writes such records',
  },
  WAREHOUSE_FAILED: {
    exit: 1,
    message: 'the warehouse could not be built or asked: {problem}',
    hint: 'check free disk space and memory, then build it again',
  },
  // -- AWS credentials of sessions ---------------------------------------------
  AWS_ASSUME_ROLE: {
    exit: 1,
    message: 'the AWS role {role} could not be assumed for a session: {problem}',
    hint: "check the gateway's own AWS credentials, and that the role trusts it for sts:AssumeRole, sts:SetSourceIdentity and, with tags, sts:TagSession",
  },
  // -- masking ---------------------------------------------------------------
  MASKING_FAILED: {
    exit: 1,
    message: 'a message cannot be masked: {problem}',
    hint: 'it was blocked; the server must send strict JSON (RFC 8259) in UTF-8, without duplicate names',
  },
  MASKING_BLOCKED: {
    exit: 14,
    message: 'the masking rule {rule} lets no {detector} pass',
    hint: 'leave the value out, or change the mode of the rule under masking.profiles',
  },
  // -- demo ------------------------------------------------------------------
  DEMO_PACKAGE: {
    exit: 2,
    message: 'the demo needs the package {name}, which is not installed',
    hint: 'install with optional dependencies: npm ci --include=optional',
  },
  DEMO_FAILED: {
    exit: 1,
    message: 'the demo did not go as planned: {problem}',
    hint: 'this may be a defect; please report it with the seed',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number>>;

const fill = (template: string, details: ErrorDetails): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole));

/** An error of the table. `message` never holds a secret: details are names, paths and positions. */
export class CountersignError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(fill(ERRORS[code].message, details), options);
    this.name = 'CountersignError';
    this.code = code;
    this.details = details;
  }

  get exit(): ExitCode {
    return ERRORS[this.code].exit;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }
}

/** The text of an unknown thrown value, for a `{problem}`. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const PRECEDENCE: readonly ExitCode[] = [1, 2, 14, 12, 11, 10, 13, 0];

/** The exit code of a command for which several outcomes hold: the first of 1, 2, 14, 12, 11, 10, 13. */
export const worstExit = (codes: Iterable<ExitCode>): ExitCode => {
  const seen = new Set(codes);
  return PRECEDENCE.find((code) => seen.has(code)) ?? EXIT.ok;
};
