/** Which days each source covers. */
import { cellText, type Warehouse } from './open.js';

/** What a source says of one day. `none`: nothing; `partial`: hours or records are missing. */
export type DayState = 'full' | 'partial' | 'none';

export interface SourceDays {
  /** `gateway`, or `<account> <region>`. */
  readonly source: string;
  /** One for each day of the window, in order. */
  readonly days: readonly DayState[];
}

const DAY = 86_400_000;

const DAYS = `days AS (SELECT unnest(generate_series($from::TIMESTAMP, $to::TIMESTAMP - INTERVAL 1 MILLISECOND, INTERVAL 1 DAY)) AS day)`;

/** A stop in good order is no gap of the record: nothing was served. */
const GATEWAY = `WITH ${DAYS},
r AS (SELECT date_trunc('day', t) AS day, count(*) AS n FROM record GROUP BY 1),
g AS (SELECT DISTINCT day FROM days JOIN recording_gap ON from_t < day + INTERVAL 1 DAY AND to_t > day WHERE kind <> 'stopped')
SELECT d.day, CASE WHEN r.n IS NULL THEN 'none' WHEN g.day IS NOT NULL THEN 'partial' ELSE 'full' END AS state
FROM days d LEFT JOIN r ON r.day = d.day LEFT JOIN g ON g.day = d.day ORDER BY 1`;

/** Hours of each day that digests cover, up to two hours ago, or the newest digest: those to come are not missing. */
const CHAINS = `WITH ${DAYS},
h AS (SELECT DISTINCT account_id, region, start_t, end_t FROM ct_digest WHERE status <> 'INVALID' AND start_t IS NOT NULL AND account_id IS NOT NULL),
chains AS (SELECT account_id, region, max(end_t) AS newest FROM h GROUP BY ALL
  UNION ALL SELECT DISTINCT split_part(subject, '/', 1), split_part(subject, '/', 2), NULL FROM ct_finding WHERE code = 'CHAIN_ABSENT'),
due AS (SELECT account_id, region, day,
    epoch_ms(least(day + INTERVAL 1 DAY, greatest($now::TIMESTAMP - INTERVAL 2 HOUR, newest))) - epoch_ms(day) AS ms FROM chains CROSS JOIN days),
c AS (SELECT account_id, region, day, sum(epoch_ms(least(end_t, day + INTERVAL 1 DAY)) - epoch_ms(greatest(start_t, day))) AS ms
  FROM h JOIN days ON start_t < day + INTERVAL 1 DAY AND end_t > day GROUP BY ALL)
SELECT d.account_id || ' ' || d.region AS source, d.day, CASE WHEN coalesce(c.ms, 0) <= 0 AND d.ms > 0 THEN 'none'
    WHEN coalesce(c.ms, 0) >= d.ms THEN 'full' ELSE 'partial' END AS state
FROM due d LEFT JOIN c ON c.account_id = d.account_id AND c.region = d.region AND c.day = d.day ORDER BY 1, 2`;

const stateOf = (value: unknown): DayState => (value === 'full' || value === 'partial' ? value : 'none');

/**
 * The coverage of a window of whole days, the gateway's first. Times in RFC 3339, UTC.
 * @param now when the question is asked: hours to come are not missing
 */
export const coverageDays = async (
  warehouse: Warehouse,
  window: { readonly from: string; readonly to: string; readonly now: string },
): Promise<readonly SourceDays[]> => {
  const count = Math.round((Date.parse(window.to) - Date.parse(window.from)) / DAY);
  const gateway = (await warehouse.query(GATEWAY, window)).map((row) => stateOf(row['state']));
  const chains = await warehouse.query(CHAINS, window);
  const rows: SourceDays[] = [{ source: 'gateway', days: gateway }];
  for (let at = 0; at < chains.length; at += count) {
    const days = chains.slice(at, at + count).map((row) => stateOf(row['state']));
    rows.push({ source: cellText(chains[at]?.['source']), days });
  }
  return rows;
};
