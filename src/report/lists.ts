/** CSV files that list what was gathered: columns and rows in a fixed order. */
import { sha256 } from '../base/digest.js';
import type { TestResult } from '../model/evidence.js';
import { CLAIMS, testsOf } from './claims.js';
import type { ReportContent } from './content.js';
import { csv } from './csv.js';
import { exceptionTable } from './exceptions.js';
import { datasetTable, findingTable, scopeTable } from './inventory.js';
import { responseTable } from './responses.js';
import type { Staging } from './staging.js';
import { waived, waiverTable } from './waivers.js';

/** The lists that come from the results and from what was gathered. */
export const contentTables = (content: ReportContent): Readonly<Record<string, string>> => ({
  'results.csv': results(content),
  'exceptions.csv': exceptionTable(content),
  'control_matrix.csv': matrix(content),
  'criteria.csv': criteria(content),
  'claims.csv': claims(content),
  'waivers.csv': waiverTable(content),
  'responses.csv': responseTable(content.responses),
  'reconciliation.csv': csv(
    ['recon_id', 'side_a', 'side_b', 'count_a', 'count_b', 'difference', 'status', 'explanation'],
    content.reconciliations.map((r) => [
      r.id,
      r.a,
      r.b,
      r.countA,
      r.countB,
      r.countA - r.countB,
      r.status,
      r.explanation,
    ]),
  ),
  'ipe.csv': datasetTable(content),
  'coverage.csv': coverage(content),
  'distributions.csv': distributions(content),
  'scope.csv': scopeTable(content),
  'findings.csv': findingTable(content),
  'gaps.csv': csv(
    ['source', 'from', 'to', 'seconds', 'kind', 'cause'],
    content.coverage.gaps.map((g) => [g.source, g.from, g.to, g.seconds, g.kind, g.cause]),
  ),
});

const distributions = (content: ReportContent): string =>
  csv(
    ['chart', 'label', 'count'],
    content.distributions.flatMap(({ id, bars }) => bars.map(({ label, count }) => [id, label, count])),
  );

const results = ({ results: rows }: ReportContent): string =>
  csv(
    [
      'control_id',
      'title',
      'result',
      'population',
      'items_excepted',
      'exceptions',
      'waived',
      'reason',
      'criteria',
      'category',
      'owner',
      'frequency',
      'population_sql_sha256',
      'exceptions_sql_sha256',
    ],
    rows.map((r) => [
      r.control,
      r.title,
      r.result,
      r.result === 'not_testable' || r.result === 'error' ? null : r.population,
      new Set(r.exceptions.map(({ item }) => item)).size,
      r.exceptions.length,
      waived(r),
      r.reason,
      r.criteria.join(' '),
      r.category.join(' '),
      r.owner,
      r.frequency,
      sha256(r.sql.population),
      sha256(r.sql.exceptions),
    ]),
  );

const TSC = 'AICPA TSC 2017';

/** What a control speaks to: criteria first, then the other frameworks by name. */
const requirements = ({ criteria: ids, frameworks }: TestResult): readonly (readonly [string, string])[] => [
  ...ids.map((id) => [TSC, id] as const),
  ...Object.keys(frameworks)
    .sort()
    .flatMap((name) => (frameworks[name] ?? []).map((id) => [name, id] as const)),
];

const matrix = ({ results: rows, criteria: lines }: ReportContent): string => {
  const strength = new Map(lines.map((line) => [line.id, line.strength]));
  return csv(
    [
      'control_id',
      'title',
      'framework',
      'criterion',
      'strength',
      'statement',
      'owner',
      'frequency',
      'test',
      'remediation',
      'limits',
    ],
    rows.flatMap((r) =>
      requirements(r).map(([framework, id]) => [
        r.control,
        r.title,
        framework,
        id,
        framework === TSC ? (strength.get(id) ?? 'none') : null,
        r.statement,
        r.owner,
        r.frequency,
        r.test,
        r.remediation,
        r.limits,
      ]),
    ),
  );
};

const criteria = ({ results: rows, criteria: lines }: ReportContent): string =>
  csv(
    ['criterion', 'our_words', 'strength', 'evidence', 'controls'],
    lines.map(({ id, text, strength, evidence }) => [
      id,
      text,
      strength,
      evidence,
      rows
        .filter((r) => r.criteria.includes(id))
        .map((r) => r.control)
        .join(' '),
    ]),
  );

const claims = ({ results: rows }: ReportContent): string =>
  csv(
    ['category', 'claim', 'judgement', 'remains', 'control_id', 'result', 'exceptions'],
    CLAIMS.flatMap((claim) =>
      testsOf(claim, rows).map((r) => [
        claim.category,
        claim.said,
        claim.judged,
        claim.remains,
        r.control,
        r.result,
        r.exceptions.length,
      ]),
    ),
  );

const coverage = ({ coverage: { step, buckets, sources, calls } }: ReportContent): string =>
  csv(
    ['source', 'from', 'to', 'observed', 'state', 'calls_allowed', 'calls_held', 'calls_denied'],
    sources.flatMap(({ source, counts, states }, row) =>
      buckets.map((start, i) => {
        const own = row === 0 ? calls[i] : undefined;
        return [
          source,
          new Date(start).toISOString(),
          new Date(start + step).toISOString(),
          counts[i] ?? 0,
          states[i] ?? 'none',
          own?.allowed ?? null,
          own?.held ?? null,
          own?.denied ?? null,
        ];
      }),
    ),
  );

/** Which file supports which criterion. Written last among the tables, for it names their hashes. */
export const evidenceIndex = (content: ReportContent, staging: Staging): string => {
  const files = new Map(staging.files().map((file) => [file.path, file]));
  const rows = content.results.flatMap((r) => {
    const paths = [
      `csv/population_${r.control}.csv`,
      `sql/${r.control}.population.sql`,
      `sql/${r.control}.exceptions.sql`,
    ];
    if (r.exceptions.length > 0) paths.push('csv/exceptions.csv');
    return paths.flatMap((path) => {
      const file = files.get(path);
      if (!file) return [];
      const type = path.startsWith('sql/') ? 'query' : path.includes('population') ? 'population' : 'exceptions';
      return [[r.control, r.criteria.join(' '), type, r.result, path, file.bytes, file.sha256] as const];
    });
  });
  const period = [new Date(content.period.from).toISOString(), new Date(content.period.to).toISOString()] as const;
  return csv(
    [
      'evidence_id',
      'control_id',
      'criteria',
      'type',
      'result',
      'period_start',
      'period_end',
      'file',
      'bytes',
      'sha256',
    ],
    rows.map(([control, ids, type, result, path, bytes, hash], i) => [
      `E${String(i + 1).padStart(4, '0')}`,
      control,
      ids,
      type,
      result,
      ...period,
      path,
      bytes,
      hash,
    ]),
  );
};
