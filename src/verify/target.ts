import type { Findings, VerifyProgress } from './findings.js';
import type { TrustedKeys } from './trust.js';

/** What is verified, against what, and where it is told. */
export interface Target {
  readonly dir: string;
  readonly trust: TrustedKeys;
  readonly findings: Findings;
  readonly onProgress: (progress: VerifyProgress) => void;
}
