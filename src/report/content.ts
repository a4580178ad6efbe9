/** What the report says, as plain data: gathered once from the warehouse, then drawn and written. */
import type { Period, Response, TestResult, Verification, Waiver } from '../model/evidence.js';
import type { Supplement } from './supplement.js';

/** A criterion with our wording, and how far the controls speak to it. */
export interface CriterionLine {
  readonly id: string;
  readonly text: string;
  readonly strength: 'direct' | 'partial' | 'corroborates' | 'none';
  readonly evidence: string;
}

export type BucketState = 'data' | 'gap' | 'none' | 'not_connected';

/** One source over the buckets of the period. */
export interface SourceCoverage {
  readonly source: string;
  readonly counts: readonly number[];
  readonly states: readonly BucketState[];
}

export interface Gap {
  readonly source: string;
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  readonly kind: string;
  readonly cause: string;
}

export interface CallsInBucket {
  readonly allowed: number;
  readonly held: number;
  readonly denied: number;
}

export interface Coverage {
  /** Bucket width, milliseconds. */
  readonly step: number;
  /** Starts of the buckets, milliseconds since 1970. */
  readonly buckets: readonly number[];
  readonly sources: readonly SourceCoverage[];
  readonly gaps: readonly Gap[];
  readonly calls: readonly CallsInBucket[];
}

/** Counts of one thing by kind, drawn as bars. */
export interface Distribution {
  readonly id: string;
  readonly title: string;
  /** What stands where there is nothing to count. */
  readonly empty: string;
  readonly bars: readonly { readonly label: string; readonly count: number }[];
}

/** Two counts that must agree, or whose difference is explained. */
export interface Reconciliation {
  readonly id: string;
  readonly a: string;
  readonly b: string;
  readonly countA: number;
  readonly countB: number;
  readonly explanation: string;
  readonly status: 'agrees' | 'differs' | 'explained';
}

/** Information produced by the entity: one input, with counts and hash. */
export interface Dataset {
  readonly name: string;
  readonly source: string;
  readonly locator: string;
  readonly read: number;
  readonly out: number;
  readonly rejected: number;
  readonly duplicate: number;
  readonly excluded: number;
  readonly sha256: string;
}

export interface ServerLine {
  readonly id: string;
  readonly kind: string;
  readonly aws: boolean;
  readonly personal: boolean;
  readonly classification: string;
  readonly purposes: string;
  readonly calls: number;
}

export interface Scope {
  readonly servers: readonly ServerLine[];
  readonly roles: readonly string[];
  readonly accounts: readonly { readonly account: string; readonly regions: string; readonly events: number }[];
  readonly gateways: readonly { readonly host: string; readonly version: string; readonly runs: number }[];
}

export interface Totals {
  readonly calls: number;
  readonly forwarded: number;
  readonly approvals: number;
  readonly events: number;
  readonly principals: number;
}

export interface LedgerHead {
  readonly origin: string;
  /** C2SP verifier key. */
  readonly key: string;
  readonly size: number;
  readonly root: string;
}

export interface ReportContent {
  readonly organization: string;
  readonly accent: string;
  /** Such as `CS-2026-Q3-01`. */
  readonly report: string;
  readonly revision: number;
  readonly status: 'DRAFT' | 'FINAL';
  /** Why it is a draft, in sentences; empty for FINAL. */
  readonly draftReasons: readonly string[];
  /** What else is to be said of its standing, in sentences. */
  readonly notes: readonly string[];
  /** Of a further report: what differs from the final one before it. */
  readonly supplement: Supplement | null;
  readonly demo: boolean;
  readonly version: string;
  readonly period: Period;
  readonly results: readonly TestResult[];
  readonly criteria: readonly CriterionLine[];
  /** Of management, in the order in which they were given. */
  readonly responses: readonly Response[];
  /** Those that bear on the period, by id. */
  readonly waivers: readonly Waiver[];
  readonly scope: Scope;
  readonly totals: Totals;
  readonly coverage: Coverage;
  readonly distributions: readonly Distribution[];
  readonly reconciliations: readonly Reconciliation[];
  readonly datasets: readonly Dataset[];
  readonly ledgers: readonly LedgerHead[];
  readonly cloudtrail: {
    readonly logs: number;
    readonly digests: number;
    readonly signatures: string;
    /** Whether only their index is in the package. */
    readonly leftOut: boolean;
  };
  readonly verification: Verification;
  readonly reportKey: string;
}
