import type { Anchored } from './anchors.js';
import type { Findings, VerifyProgress } from './findings.js';
import type { Scanner } from './scan/scanner.js';
import type { TrustedKeys } from './trust.js';

/** What is verified, against what, and where it is told. */
export interface Target {
  readonly dir: string;
  readonly trust: TrustedKeys;
  readonly findings: Findings;
  /** Who looks at most of a ledger, in place of threads where there is much of it; what is found is the same. */
  readonly scanner?: Scanner;
  /** Checkpoints that were read from buckets of the trust file; absent: none were looked up. */
  readonly online?: readonly Anchored[];
  /** Where the CloudTrail objects lie whose bytes are not in the package, by hash; absent: they are not looked at. */
  readonly raw?: string;
  /** Gaps and turned clocks before this time are counted, not listed; milliseconds since 1970. Absent: all are listed. */
  readonly since?: number;
  readonly onProgress: (progress: VerifyProgress) => void;
}
