/** Whole days of a period on which a source that is there otherwise has nothing. */
import { timestamp } from '../../base/clock.js';
import type { Period } from '../../model/evidence.js';
import { cellText, type Warehouse } from '../../warehouse/open.js';
import { STAMP } from './stamp.js';

const DAY = 86_400_000;
/** Runs of days that are named one by one. */
const MOST = 5;

/**
 * Days without a record, but for those between an orderly stop and the next start, on which nothing was served; and
 * days without a log, an event or a digest. A source of which nothing lies in the period is told of elsewhere.
 */
const EMPTY_DAYS = `WITH day AS (
  SELECT unnest(generate_series($from::TIMESTAMP, $to::TIMESTAMP - INTERVAL 1 DAY, INTERVAL 1 DAY)) AS d
), recorded AS (
  SELECT DISTINCT date_trunc('day', t) AS d FROM record WHERE t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
), delivered AS (
  SELECT DISTINCT date_trunc('day', event_time) AS d FROM ct_event
  UNION SELECT date_trunc('day', ${STAMP}) FROM ct_file WHERE kind = 'log'
)
SELECT 'gateway' AS source, strftime(d, '%Y-%m-%d') AS day FROM day
WHERE EXISTS (FROM recorded) AND d NOT IN (SELECT d FROM recorded) AND NOT EXISTS (
  SELECT 1 FROM recording_gap AS g WHERE g.kind = 'stopped' AND g.from_t <= day.d AND g.to_t >= day.d + INTERVAL 1 DAY)
UNION ALL
SELECT 'cloudtrail', strftime(d, '%Y-%m-%d') FROM day
WHERE EXISTS (SELECT 1 FROM delivered AS x JOIN day AS y ON y.d = x.d)
  AND d NOT IN (SELECT d FROM delivered WHERE d IS NOT NULL) AND NOT EXISTS (
  SELECT 1 FROM ct_digest AS g WHERE g.status <> 'INVALID' AND g.start_t < day.d + INTERVAL 1 DAY AND g.end_t > day.d)
ORDER BY 1, 2`;

const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`);

/** `2026-07-01 to 2026-07-13, 2026-08-02`. */
export const runsOfDays = (days: readonly string[]): string => {
  const runs: [first: string, last: string][] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run && dayOf(day) - dayOf(run[1]) === DAY) run[1] = day;
    else runs.push([day, day]);
  }
  const named = runs.slice(0, MOST).map(([first, last]) => (first === last ? first : `${first} to ${last}`));
  return runs.length > MOST ? `${named.join(', ')} and others` : named.join(', ');
};

const SOURCES: readonly (readonly [source: string, says: string])[] = [
  ['gateway', 'No record of the gateway lies on'],
  ['cloudtrail', 'No CloudTrail log, event or digest lies on'],
];

/**
 * In sentences; empty where every whole day has something.
 * @param now milliseconds since 1970: days that are not over are not looked at
 */
export const emptyDays = async (warehouse: Warehouse, period: Period, now: number): Promise<readonly string[]> => {
  const from = Math.ceil(period.from / DAY) * DAY;
  const to = Math.floor(Math.min(period.to, now) / DAY) * DAY;
  if (to <= from) return [];
  const rows = await warehouse.query(EMPTY_DAYS, { from: timestamp(from), to: timestamp(to) });
  return SOURCES.flatMap(([source, says]) => {
    const days = rows.filter((row) => row['source'] === source).map((row) => cellText(row['day']));
    if (days.length === 0) return [];
    return [`${says} ${days.length} ${days.length === 1 ? 'day' : 'days'}: ${runsOfDays(days)}.`];
  });
};
