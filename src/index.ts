/** The public API. The command line is built on it, and so can other programs be. */

export {
  approvalLines,
  decidedText,
  shorten,
  stateText,
  targetText,
  timeLeft,
} from './app/approval-text.js';
export {
  type ApprovalDetail,
  type ApprovalsClient,
  type ApprovalView,
  createApprovalsClient,
  openApprovals,
} from './app/approvals.js';
export { type Bypass, tryBypass } from './app/bypass.js';
export { type CollectSummary, collectCloudTrail, type FileProblem } from './app/collect.js';
export { collectIdentity, type IdentityAsk, type IdentityNote, type IdentitySummary } from './app/collect-identity.js';
export { collectLedgers, type LedgerProblem, type LedgersAsk, type LedgersSummary } from './app/collect-ledgers.js';
export type { CollectAsk } from './app/collect-sources.js';
export { closest } from './app/config/closest.js';
export { loadSettings } from './app/config.js';
export { type ShownConfig, type ShownField, showConfig } from './app/config-show.js';
export { type CaseOutcome, type ControlsTested, testControls } from './app/controls-test.js';
export { type Checkup, type CheckupAsk, checkUp, type DoctorCheck } from './app/doctor.js';
export { type Exported, exportRecords, printedRecords } from './app/export.js';
export { INIT_DEFAULTS, type InitAsk, type InitResult, initialize } from './app/init.js';
export { type AnchorAnswered, type AnchorAsk, type Anchored, anchorOwnLedger } from './app/ledger-anchor.js';
export { type Diagnosis, type DoctorAsk, examineLedger, type LedgerState } from './app/ledger-doctor.js';
export { type RotateAsk, type Rotated, rotateLedger } from './app/ledger-rotate.js';
export { type LoginAsk, type LoginDeps, type LoginSummary, logIn, whoAmI } from './app/login.js';
export { auditMasking, type MaskingAudit } from './app/masking-audit.js';
export { type MaskingTest, testMasking } from './app/masking-test.js';
export { onlineBuckets } from './app/online-bucket.js';
export {
  type CaseResult,
  checkPolicy,
  explainCall,
  type PolicyChecked,
  type PolicyTested,
  testPolicy,
} from './app/policy.js';
export type { PolicyQuestion } from './app/policy-question.js';
export { type ProofAsk, prove } from './app/prove.js';
export { readText } from './app/read-text.js';
export { collectRegister, type RegisterSummary } from './app/register.js';
export { type EraseAsk, erase, prepareErase } from './app/removal/erase.js';
export { type SignedFile, type SignOrderAsk, signOrder } from './app/removal/order-file.js';
export {
  type Prepared,
  type PreparePruneAsk,
  preparePrune,
  prune,
  type RemovalDeps,
  type RemovalResult,
} from './app/removal/prune.js';
export { type ReperformAsk, type Reperformance, type Reperformed, reperform } from './app/reperform.js';
export type { ReportAsk } from './app/report/ask.js';
export { controlSet, parsePeriod, periodBetween, type ReportSummary, report, reportSigner } from './app/report.js';
export { type OpenException, openExceptions, type RespondAsk, respond, responseFile } from './app/respond.js';
export { type ProxyRun, runProxy } from './app/run-proxy.js';
export { type Sample, type SampleAsk, sample } from './app/sample.js';
export { askWarehouse, type SqlAnswer, type SqlAsk } from './app/sql.js';
export { type Status, type StatusAsk, status } from './app/status.js';
export { recordText, type TailAsk, type TailedRecord, tailLedger } from './app/tail.js';
export { terminal } from './app/terminal.js';
export { type Timeline, type TimelineAsk, timeline } from './app/timeline.js';
export { readToken, type StoredToken, type TokenStore, tokenStore } from './app/token-store.js';
export {
  diffTools,
  listTools,
  type Pinned,
  pinTools,
  type ToolDiff,
  type ToolView,
} from './app/tools.js';
export { type Narrate, type ServedDemo, type Tone, type TourAsk, type TourResult, tour } from './app/tour.js';
export { type VerifierKeys, verifierKeys } from './app/verifier-keys.js';
export { version } from './app/version.js';
export { type Snippet, WRAP_PROGRAMS, type WrapProgram } from './app/wrap/snippets.js';
export { runWrap, type WrapAsk, type WrapStreams, wrapSnippet } from './app/wrap.js';
export { CountersignError, ERRORS, type ErrorCode, EXIT, type ExitCode, worstExit } from './base/errors.js';
export { printable } from './base/json-rows.js';
export type { Finding, LedgerSummary, Period, TestResult, Verification } from './model/evidence.js';
export type { ProofFile } from './model/proof.js';
export { REGISTER_KINDS } from './model/registers.js';
export { type VerifyOptions, verifyPath } from './verify/verify.js';
