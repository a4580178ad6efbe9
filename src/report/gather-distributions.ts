/** What people would rather look at than read: how long approvals waited, what was masked, how events were matched. */
import type { Period } from '../model/evidence.js';
import type { Distribution } from './content.js';
import { bounds, numberOf, type Reader, textOf } from './rows.js';

const IN = (column: string): string => `${column} >= $from::TIMESTAMP AND ${column} < $to::TIMESTAMP`;

const WAITS = `WITH waited AS (
  SELECT CASE WHEN a.state = 'denied' THEN (SELECT max(d.t) FROM approval_decision AS d WHERE d.approval_id = a.approval_id)
    ELSE a.granted_t END - a.requested_t AS wait
  FROM approval AS a WHERE ${IN('a.requested_t')})
SELECT CASE WHEN wait IS NULL THEN 5 WHEN wait < INTERVAL 1 MINUTE THEN 0 WHEN wait < INTERVAL 5 MINUTE THEN 1
  WHEN wait < INTERVAL 15 MINUTE THEN 2 WHEN wait < INTERVAL 1 HOUR THEN 3 ELSE 4 END AS bucket, count(*) AS n
FROM waited GROUP BY 1 ORDER BY 1`;

const WAIT_LABELS = [
  'under 1 minute',
  '1 to 5 minutes',
  '5 to 15 minutes',
  '15 minutes to 1 hour',
  '1 hour and longer',
  'never decided',
] as const;

const MASKED = `WITH kinds AS (
  SELECT redactions, unnest(json_keys(redactions)) AS kind FROM gw_call WHERE ${IN('t')} AND redactions IS NOT NULL)
SELECT kind AS label, sum(CAST(json_extract(redactions, '$."' || kind || '"') AS BIGINT))::BIGINT AS n
FROM kinds GROUP BY 1 ORDER BY n DESC, label`;

const MATCHES = `SELECT kind, tier, count(*) AS n FROM event_match WHERE ${IN('event_time')}
GROUP BY 1, 2 ORDER BY n DESC, kind, tier`;

const TIERS: Readonly<Record<string, string>> = {
  T1: 'session name of the role',
  T2: 'access key of the session',
  T3: 'request id in the answer',
  T4: 'role, tool and time only',
};

const KINDS: Readonly<Record<string, string>> = {
  MATCHED: 'explained',
  SUPPORTING: 'supporting operation',
  SERVICE: 'by an AWS service',
  PROBABLE: 'probable',
  BYPASS: 'no recorded session',
  UNEXPLAINED_IN_SESSION: 'in a session, no call explains it',
};

const matchLabel = (kind: string, tier: string): string => {
  const word = KINDS[kind] ?? kind.toLowerCase().replaceAll('_', ' ');
  return tier === '' ? word : `${word}: ${TIERS[tier] ?? tier} (${tier})`;
};

const waits = async (reader: Reader, period: Period): Promise<Distribution['bars']> => {
  const rows = await reader.query(WAITS, bounds(period));
  const found = new Map(rows.map((row) => [numberOf(row.bucket), numberOf(row.n)]));
  return rows.length === 0 ? [] : WAIT_LABELS.map((label, i) => ({ label, count: found.get(i) ?? 0 }));
};

/** Counts of the period for the charts; each stands in distributions.csv as it is drawn. */
export const gatherDistributions = async (reader: Reader, period: Period): Promise<readonly Distribution[]> => {
  const masked = await reader.query(MASKED, bounds(period));
  const matches = await reader.query(MATCHES, bounds(period));
  return [
    {
      id: 'approval_wait',
      title: 'How long approvals waited',
      empty: 'No approval was requested.',
      bars: await waits(reader, period),
    },
    {
      id: 'masked_values',
      title: 'Values masked in answers, by kind',
      empty: 'No value was masked in an answer.',
      bars: masked.map((row) => ({ label: textOf(row.label), count: numberOf(row.n) })),
    },
    {
      id: 'event_matches',
      title: 'How AWS events of governed identities were matched with calls',
      empty: 'There is no AWS event of a governed identity.',
      bars: matches.map((row) => ({ label: matchLabel(textOf(row.kind), textOf(row.tier)), count: numberOf(row.n) })),
    },
  ];
};
