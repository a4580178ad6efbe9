/** What stands in the YAML files of a control: strict, so that a misspelt field is an error and not a silence. */
import { z } from 'zod';
import type { FixtureRows } from './fixture.js';

const words = (max: number) => z.string().trim().min(1).max(max);
const criterionId = z.string().regex(/^(?:CC|A|PI|C|P)[1-9]\.[1-9]$/, 'a criterion id such as CC6.1');

/** Where a test's facts come from. A test whose source is missing is not testable. */
export const SOURCES = [
  'gateway',
  'approvals',
  'cloudtrail',
  'cloudtrail_digests',
  'purposes',
  'ledger_check',
  'rescan',
  'change_register',
  'leavers',
  'cases',
  'disclosures',
  'hours',
  'retention',
  'idp_snapshot',
] as const;

export type Source = (typeof SOURCES)[number];

/** Other frameworks by their name and edition, such as `ISO/IEC 27001:2022`, with the ids of their requirements. */
const frameworks = z
  .record(words(80), z.array(words(40)).min(1).max(50))
  .refine((map) => Object.keys(map).length <= 20, { error: 'must name at most 20 frameworks' });

const control = z.strictObject({
  id: z.string().regex(/^[A-Z][A-Z0-9]*(?:-[A-Z0-9]+){1,4}$/, 'an id such as CS-ACC-01'),
  title: words(80),
  /** Who does what, when, in which system. */
  statement: words(2_000),
  owner: words(120),
  frequency: words(120),
  category: z
    .array(z.enum(['security', 'availability', 'processing_integrity', 'confidentiality', 'privacy']))
    .min(1)
    .max(5),
  criteria: z.array(criterionId).max(20).default([]),
  frameworks: frameworks.default({}),
  risk: words(2_000),
  requires: z.array(z.enum(SOURCES)).min(1).max(SOURCES.length),
  /** The procedure in words. */
  test: words(4_000),
  remediation: words(4_000),
  /** What a result without exceptions does not prove. */
  limits: words(4_000),
});

export const controlSchema = control.refine(
  ({ criteria, frameworks: others }) => criteria.length > 0 || Object.keys(others).length > 0,
  { path: ['criteria'], error: 'must name a criterion, or a requirement of another framework under frameworks' },
);

const cell = z.union([
  z.null(),
  z.boolean(),
  z.number(),
  z.string().max(10_000),
  z.array(z.string().max(1_000)).max(100),
]);
const rows: z.ZodType<FixtureRows> = z.record(z.string(), z.array(z.record(z.string(), cell)).max(200));

const controlCase = z.strictObject({
  name: words(200),
  expect: z.enum(['no_exceptions', 'exceptions', 'not_testable', 'no_occurrence', 'error']),
  /** The items on which exceptions must be found, and no others. */
  items: z.array(words(500)).max(200).default([]),
  population: z.int().min(0).optional(),
  /** Sources of `requires` that are absent. */
  without: z.array(z.enum(SOURCES)).max(SOURCES.length).default([]),
  /** Rows by table of the warehouse; what a row leaves out has a plain value (`fixture.ts`). */
  rows: rows.default({}),
});

export const casesSchema = z.strictObject({ cases: z.array(controlCase).max(100) });

/** A small invented warehouse, and the result the test must give there. */
export type ControlCase = z.infer<typeof controlCase>;

const criterionSchema = z.strictObject({
  id: criterionId,
  text: words(200),
  /** How far the controls can speak to it; the words are explained in `criteria.yaml`. */
  strength: z.enum(['direct', 'partial', 'corroborates', 'none']),
  evidence: words(500),
});

export const criteriaSchema = z.strictObject({
  version: z.literal(1),
  criteria: z.array(criterionSchema).min(1).max(200),
});

/** One criterion: its id, our own short wording, and how far this product can speak to it. */
export type Criterion = z.infer<typeof criterionSchema>;

/** A file of a control's definition, as read. */
export interface DefinitionFile {
  /** Path below the package's `controls/`, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A control with the SQL of its test. */
export type Control = z.infer<typeof controlSchema> & {
  /** Both take `$from` and `$to` (naive UTC TIMESTAMP, half-open). */
  readonly sql: { readonly population: string; readonly exceptions: string };
  /** From `cases.yaml`; empty where there is none. */
  readonly cases: readonly ControlCase[];
  readonly files: readonly DefinitionFile[];
};
