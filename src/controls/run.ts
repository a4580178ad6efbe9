import { timestamp } from '../base/clock.js';
import { reason } from '../base/errors.js';
import type { ControlException, Period, ResultWord, TestResult } from '../model/evidence.js';
import type { Control, Source } from './definition.js';

/** Reads from the warehouse. Named parameters, each `$name` of the statement and no other. */
export type Query = (
  sql: string,
  parameters: Readonly<Record<string, string>>,
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

export interface RunOptions {
  readonly period: Period;
  /** The sources that are there. What is absent makes the tests that require it not testable. */
  readonly sources: ReadonlySet<Source>;
  /** Told before each control, for progress. */
  readonly onControl?: (id: string, done: number, total: number) => void;
}

/** Beyond this a list helps nobody, and the test is reported as an error instead of being cut. */
const MAX_EXCEPTIONS = 200_000;

const MISSING: Readonly<Record<Source, string>> = {
  gateway: 'no record of the gateway lies in the period',
  approvals: 'no approval rule is configured and no approval was recorded',
  cloudtrail: 'no CloudTrail log of the period was collected',
  cloudtrail_digests: 'no CloudTrail digest file was collected',
  purposes: 'no server is declared to hold personal data',
  ledger_check: 'the ledger was not verified',
  rescan: 'the recorded answers were not scanned again',
  change_register: 'no change register is connected',
  leavers: 'no register of leavers was taken',
  cases: 'no register of cases was taken',
  disclosures: 'no register of disclosures was taken',
  hours: 'neither usual hours nor a rule with hours is configured',
  retention: 'no retention is configured',
  idp_snapshot: 'no snapshot of an identity provider was taken',
};

/** Why a test cannot be done, in one sentence. */
const missingReason = (missing: readonly Source[]): string =>
  `${missing.map((source) => MISSING[source]).join('; ')}.`.replace(/^./, (first) => first.toUpperCase());

/** The statement as a subquery: no closing semicolon, and a line feed so that a comment at the end does no harm. */
export const subquery = (sql: string): string => `(${sql.trim().replace(/;\s*$/, '')}\n)`;

/** Makes every statement name both parameters, used or not: DuckDB refuses a parameter it does not find. */
const BOUNDED = 'CAST($from AS TIMESTAMP) <= CAST($to AS TIMESTAMP)';

const TIME = `strftime(time, '%Y-%m-%dT%H:%M:%S.%gZ') AS time`;
const texts = (...names: readonly string[]): string =>
  names.map((name) => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ');

/**
 * Population rows as text, in an order that is total: what the package's CSV holds. The control's own statement begins
 * on the first line, so that DuckDB's messages name its lines.
 */
export const populationQuery = (sql: string): string =>
  `SELECT ${texts('item')}, ${TIME}, ${texts('person', 'what')} FROM ${subquery(sql)} AS population WHERE ${BOUNDED} ORDER BY time NULLS LAST, item, person, what`;

/** Exceptions as text, in an order that is total. */
export const exceptionQuery = (sql: string): string =>
  `SELECT ${texts('item')}, ${TIME}, ${texts('person', 'what', 'expected', 'found')} FROM ${subquery(sql)} AS exceptions WHERE ${BOUNDED}
ORDER BY time NULLS LAST, item, what, expected, found, person LIMIT ${MAX_EXCEPTIONS + 1}`;

/** What must hold of the two queries for their figures to mean anything. */
const soundnessQuery = (control: Control): string =>
  `WITH population AS ${subquery(control.sql.population)}, exceptions AS ${subquery(control.sql.exceptions)}
SELECT CAST((SELECT count(*) FROM population) AS VARCHAR) AS items,
  CAST((SELECT count(DISTINCT item) FROM population) AS VARCHAR) AS distinct_items,
  CAST((SELECT count(*) FROM exceptions WHERE item NOT IN (SELECT item FROM population)) AS VARCHAR) AS strangers
WHERE ${BOUNDED}`;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const toException = (row: Readonly<Record<string, unknown>>): ControlException => ({
  item: text(row.item),
  time: textOrNull(row.time),
  person: text(row.person),
  what: text(row.what),
  expected: text(row.expected),
  found: text(row.found),
  waiver: null,
});

/** What the queries of a period take: RFC 3339 in UTC, which DuckDB casts to a naive TIMESTAMP. */
const periodParameters = (period: Period): Readonly<Record<string, string>> => ({
  from: timestamp(period.from),
  to: timestamp(period.to),
});

interface Outcome {
  readonly result: ResultWord;
  readonly population: number;
  readonly exceptions: readonly ControlException[];
  readonly reason: string | null;
}

const failed = (problem: string): Outcome => ({ result: 'error', population: 0, exceptions: [], reason: problem });

const execute = async (control: Control, query: Query, period: Period): Promise<Outcome> => {
  const parameters = periodParameters(period);
  const [counts] = await query(soundnessQuery(control), parameters);
  const population = Number(text(counts?.items));
  if (counts === undefined || !Number.isSafeInteger(population)) return failed('The population could not be counted.');
  if (text(counts.distinct_items) !== text(counts.items)) {
    return failed('The population query returns an item more than once, or one without an id.');
  }
  if (text(counts.strangers) !== '0')
    return failed('The exceptions query returns items that are not in the population.');
  const exceptions = (await query(exceptionQuery(control.sql.exceptions), parameters)).map(toException);
  if (exceptions.length > MAX_EXCEPTIONS) {
    const reason = `There are more than ${MAX_EXCEPTIONS} exceptions: run sql/${control.id}.exceptions.sql by itself.`;
    return { result: 'error', population, exceptions: [], reason };
  }
  if (exceptions.length > 0) return { result: 'exceptions', population, exceptions, reason: null };
  return { result: population === 0 ? 'no_occurrence' : 'no_exceptions', population, exceptions, reason: null };
};

const runOne = async (control: Control, query: Query, options: RunOptions): Promise<Outcome> => {
  const missing = control.requires.filter((source) => !options.sources.has(source));
  if (missing.length > 0) {
    return { result: 'not_testable', population: 0, exceptions: [], reason: missingReason(missing) };
  }
  try {
    return await execute(control, query, options.period);
  } catch (error) {
    return failed(reason(error).split('\n')[0] ?? 'The query failed.');
  }
};

/**
 * Runs each test over its whole population. Never throws for a test: a query that fails is a result of its own.
 * @returns one result per control, in their order
 */
export const runControls = async (
  controls: readonly Control[],
  query: Query,
  options: RunOptions,
): Promise<readonly TestResult[]> => {
  const results: TestResult[] = [];
  for (const control of controls) {
    options.onControl?.(control.id, results.length, controls.length);
    const outcome = await runOne(control, query, options);
    const { id, title, criteria, frameworks, category, owner, frequency, statement, test, remediation, limits, sql } =
      control;
    results.push({
      control: id,
      title,
      ...outcome,
      criteria,
      frameworks,
      category,
      owner,
      frequency,
      statement,
      test,
      remediation,
      limits,
      sql,
    });
  }
  return results;
};
