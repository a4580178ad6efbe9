import type { Period } from '../model/evidence.js';
import type { LedgerHead, Reconciliation } from './content.js';
import { bounds, numberOf, only, type Reader, type Row } from './rows.js';
import { plural } from './words.js';

const IN = (column: string): string => `${column} >= $from::TIMESTAMP AND ${column} < $to::TIMESTAMP`;

/** Figures of both sides of every comparison, in one row. */
const COUNTS = `SELECT
  (SELECT count(*) FROM record) AS records,
  (SELECT coalesce(max(seq) + 1, 0) FROM record) AS numbered,
  (SELECT count(*) FROM record WHERE type = 'call' AND ${IN('t')}) AS call_records,
  (SELECT count(*) FROM gw_call WHERE ${IN('t')}) AS calls,
  (SELECT count(*) FROM gw_call WHERE forwarded AND ${IN('t')}) AS forwarded,
  (SELECT count(*) FROM gw_call WHERE forwarded AND result_seq IS NOT NULL AND ${IN('t')}) AS answered,
  (SELECT count(*) FROM gw_call WHERE forwarded AND result_seq IS NULL AND end_ts > (SELECT max(t) FROM record)
    AND ${IN('t')}) AS under_way,
  (SELECT count(*) FROM approval WHERE ${IN('requested_t')}) AS requested,
  (SELECT count(*) FROM approval WHERE state IN ('granted', 'consumed', 'revoked') AND ${IN('requested_t')}) AS granted,
  (SELECT count(*) FROM approval WHERE state IN ('denied', 'expired', 'cancelled') AND ${IN('requested_t')}) AS refused,
  (SELECT count(*) FROM approval WHERE state = 'pending' AND ${IN('requested_t')}) AS pending,
  (SELECT count(*) FROM approval WHERE consumed_t IS NOT NULL AND ${IN('consumed_t')}) AS used,
  (SELECT count(DISTINCT approval_id) FROM gw_call WHERE forwarded AND approval_id IS NOT NULL AND ${IN('t')}) AS named,
  (SELECT count(*) FROM ct_file WHERE kind IN ('log', 'digest')) AS files,
  (SELECT count(*) FROM ct_file WHERE kind IN ('log', 'digest') AND reason IS NULL) AS files_whole,
  (SELECT count(*) FROM ct_file WHERE kind = 'other') AS files_other,
  (SELECT count(*) FROM ct_log_integrity WHERE digest_key IS NOT NULL) AS logs_named,
  (SELECT count(*) FROM ct_log_integrity WHERE digest_key IS NOT NULL AND state <> 'missing') AS logs_present,
  (SELECT count(*) FROM ct_log_integrity WHERE state = 'in_no_digest') AS logs_in_no_digest,
  (SELECT coalesce(sum(rows_read), 0)::BIGINT FROM ct_file) AS rows_read,
  (SELECT coalesce(sum(out + rejected + duplicate + excluded), 0)::BIGINT FROM ct_file) AS rows_accounted,
  (SELECT coalesce(sum(rejected), 0)::BIGINT FROM ct_file) AS rows_rejected,
  (SELECT coalesce(sum(duplicate), 0)::BIGINT FROM ct_file) AS rows_duplicate,
  (SELECT count(*) FROM event_match WHERE ${IN('event_time')}) AS governed,
  (SELECT count(*) FROM event_match WHERE kind = 'MATCHED' AND ${IN('event_time')}) AS matched,
  (SELECT count(*) FROM event_match WHERE kind IN ('SUPPORTING', 'SERVICE') AND ${IN('event_time')}) AS supporting,
  (SELECT count(*) FROM event_match WHERE kind IN ('PROBABLE', 'DERIVED') AND ${IN('event_time')}) AS probable,
  (SELECT count(*) FROM gw_call AS c WHERE c.forwarded AND c.status = 'ok' AND ${IN('c.t')} AND EXISTS (
    SELECT 1 FROM tool_aws_map AS m WHERE m.server = c.server AND m.tool = c.target AND m.write)
    AND c.call_id NOT IN (SELECT call_id FROM call_unrecorded)) AS writes,
  (SELECT count(*) FROM call_missing AS x JOIN gw_call AS c USING (call_id) WHERE ${IN('c.t')} AND x.settled) AS no_effect,
  (SELECT count(*) FROM call_missing AS x JOIN gw_call AS c USING (call_id) WHERE ${IN('c.t')} AND NOT x.settled) AS unsettled`;

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly countA: number;
  readonly countB: number;
  /** Why the two may differ by exactly this much; absent: they must agree. */
  readonly because?: string;
  readonly apart?: number;
  readonly note?: string;
}

const judge = (pair: Pair, index: number): Reconciliation => {
  const difference = pair.countA - pair.countB;
  const explained = difference !== 0 && difference === (pair.apart ?? 0);
  const status = difference === 0 ? 'agrees' : explained ? 'explained' : 'differs';
  const explanation = explained ? (pair.because ?? '') : (pair.note ?? '');
  const { a, b, countA, countB } = pair;
  return { id: `R${String(index + 1).padStart(2, '0')}`, a, b, countA, countB, explanation, status };
};

const recorded = (n: (name: string) => number, size: number): readonly Pair[] => [
  { a: 'Records under the verified head', b: 'records loaded', countA: size, countB: n('records') },
  { a: 'Record numbers given out', b: 'records loaded', countA: n('numbered'), countB: n('records') },
  {
    a: 'Call records of the period',
    b: 'calls in the population tables',
    countA: n('call_records'),
    countB: n('calls'),
  },
  {
    a: 'Calls forwarded',
    b: 'calls with an outcome',
    countA: n('forwarded'),
    countB: n('answered'),
    apart: n('under_way'),
    because: 'The others were still under way when the ledger was read.',
  },
  {
    a: 'Approvals requested',
    b: 'approvals granted, denied, expired or cancelled',
    countA: n('requested'),
    countB: n('granted') + n('refused'),
    apart: n('pending'),
    because: 'The others still wait for a person.',
  },
  { a: 'Approvals used', b: 'approvals that forwarded calls name', countA: n('used'), countB: n('named') },
];

const delivered = (n: (name: string) => number): readonly Pair[] => [
  {
    a: 'CloudTrail files collected',
    b: 'files read whole',
    countA: n('files'),
    countB: n('files_whole'),
    ...(n('files_other') > 0
      ? { note: `${plural(n('files_other'), 'further file')} of no use, named in raw/problems.ndjson.` }
      : {}),
  },
  {
    a: 'Log files that digests name',
    b: 'those that were collected',
    countA: n('logs_named'),
    countB: n('logs_present'),
    ...(n('logs_in_no_digest') > 0
      ? { note: `${plural(n('logs_in_no_digest'), 'collected file')} in no digest.` }
      : {}),
  },
  {
    a: 'Rows in CloudTrail files',
    b: 'rows used, rejected, duplicate or excluded',
    countA: n('rows_read'),
    countB: n('rows_accounted'),
    note: `${n('rows_rejected')} rejected, ${n('rows_duplicate')} duplicate.`,
  },
];

const matched = (n: (name: string) => number): readonly Pair[] => [
  {
    a: 'AWS events of governed identities',
    b: 'events that a recorded call explains',
    countA: n('governed'),
    countB: n('matched') + n('supporting'),
    note: `${n('governed') - n('matched') - n('supporting') - n('probable')} are exceptions of CS-NET-01; ${n('probable')} are only probable or derived. ${n('supporting')} of the explained are supporting operations.`,
  },
  {
    a: 'Successful calls that must leave an AWS event',
    b: 'those whose event was found',
    countA: n('writes'),
    countB: n('writes') - n('no_effect') - n('unsettled'),
    apart: n('unsettled'),
    because: 'The event of the others may still arrive.',
    ...(n('no_effect') > 0 ? { note: `${plural(n('no_effect'), 'call')} without it: see CS-EFF-01.` } : {}),
  },
];

/** Compares what must agree, pair by pair. Nothing is left out because it agrees. */
export const gatherReconciliations = async (
  reader: Reader,
  period: Period,
  ledgers: readonly LedgerHead[],
): Promise<readonly Reconciliation[]> => {
  const row: Row = await only(reader, COUNTS, bounds(period));
  const n = (name: string): number => numberOf(row[name]);
  const size = ledgers.reduce((sum, ledger) => sum + ledger.size, 0);
  return [...recorded(n, size), ...delivered(n), ...matched(n)].map(judge);
};
