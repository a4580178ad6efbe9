/** CSV files that are one query each: columns in a fixed order, rows in a total order, bounded memory. */
import type { Period } from '../model/evidence.js';
import { type CsvField, csvLine } from './csv.js';
import { bounds, type Reader, type Row } from './rows.js';
import type { Staging } from './staging.js';

export interface QueryTable {
  readonly file: string;
  readonly columns: readonly string[];
  readonly sql: string;
}

const IN = (column: string): string => `${column} >= $from::TIMESTAMP AND ${column} < $to::TIMESTAMP`;

export const QUERY_TABLES: readonly QueryTable[] = [
  {
    file: 'call_event_match.csv',
    columns: [
      'event_id',
      'account_id',
      'event_time',
      'event_source',
      'event_name',
      'region',
      'error_code',
      'kind',
      'tier',
      'basis',
      'session_id',
      'call_id',
      'delta_s',
      'person_ok',
    ],
    sql: `SELECT m.event_id, m.account_id, m.event_time, e.event_source, e.event_name, e.region, e.error_code, m.kind, m.tier,
  m.basis, m.session_id, m.call_id, m.delta_s, m.person_ok
FROM event_match AS m JOIN ct_event AS e USING (event_id, account_id)
WHERE ${IN('m.event_time')} ORDER BY m.event_time, m.event_id, m.account_id`,
  },
  {
    file: 'approvals.csv',
    columns: [
      'approval_id',
      'requester',
      'requester_label',
      'server',
      'tool',
      'args_digest',
      'rule',
      'requested_at',
      'deadline',
      'needed',
      'state',
      'granted_at',
      'used_at',
      'call_id',
      'uses',
      'decision',
      'decided_by',
      'decided_by_label',
      'decided_at',
      'reason',
      'approver',
      'passkey',
      'enrolment',
    ],
    sql: `SELECT a.approval_id, a.requester, a.requester_label, a.server, a.tool, a.args_digest, a.rule,
  a.requested_t AS requested_at, a.deadline, a.needed, a.state, a.granted_t AS granted_at, a.consumed_t AS used_at,
  a.consumed_call AS call_id, a.consumptions AS uses, d.verdict AS decision, d.by_principal AS decided_by,
  d.by_label AS decided_by_label, d.t AS decided_at, d.reason,
  CASE WHEN d.passkey IS NOT NULL THEN 'signed with a passkey'
    WHEN d.verdict = 'approve' THEN 'asserted by the gateway' END AS approver,
  d.passkey,
  -- Whose key it is, only the trust file of the auditor can say; verify names it.
  CASE WHEN d.passkey IS NOT NULL THEN 'asserted by the gateway' END AS enrolment
FROM approval AS a LEFT JOIN approval_decision AS d USING (approval_id)
WHERE ${IN('a.requested_t')} OR ${IN('a.consumed_t')} OR ${IN('d.t')}
ORDER BY a.requested_t, a.approval_id, d.seq NULLS LAST`,
  },
  {
    file: 'config_changes.csv',
    columns: ['record', 'at', 'outcome', 'digest', 'previous_digest', 'policy', 'git_commit', 'git_dirty', 'reason'],
    sql: `SELECT seq AS record, t AS at, outcome, digest, previous_digest, policy, git_commit, git_dirty, reason
FROM (SELECT *, lag(digest) OVER (ORDER BY seq) AS previous_digest FROM config_load) AS c
WHERE ${IN('t')} ORDER BY seq`,
  },
];

const field = (value: unknown): CsvField =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? value : null;

async function* lines(columns: readonly string[], rows: AsyncIterable<Row>): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const row of rows) yield csvLine(columns.map((column) => field(row[column])));
}

/** Writes a query's rows as CSV in bounded memory. @returns number of rows */
export const writeQuery = async (
  staging: Staging,
  reader: Reader,
  table: QueryTable,
  period: Period,
): Promise<number> => {
  let count = 0;
  async function* counted(): AsyncGenerator<string> {
    for await (const line of lines(table.columns, reader.stream(table.sql, bounds(period)))) {
      yield line;
      count++;
    }
  }
  await staging.writeChunks(`csv/${table.file}`, counted());
  return count - 1;
};

export const POPULATION_COLUMNS = ['item', 'time', 'person', 'what'] as const;
