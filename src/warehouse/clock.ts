/**
 * AWS's clock against the gateway's, day by day: what both record of one moment bounds their distance, and the distance
 * that most such pairs allow is taken (Marzullo's algorithm, as NTP selects its clocks), so that a wrong pair moves nothing.
 */
import type { TrailFinding } from '../base/trail-findings.js';
import { type Builder, cellText } from './open.js';

/** Sessions open within a minute after their role was assumed. */
const BEFORE_OPEN_MS = 60_000;
/** Clocks this near are in step; an interval that reaches into it is cut to it. Also what is taken where nothing is known. */
const NEAR_MS = 2_000;

/**
 * Pairs of a call and an event that its answer names, in which the session's own name or key stands, or the role of a shared
 * server; asynchronous tools are left out. And pairs of an AssumeRole event and the first record that uses the key it issued,
 * of sessions whose opening is on record. Event times are whole seconds at completion.
 */
const PAIRS = `CREATE TEMP TABLE clock_pair AS
SELECT c.origin, date_trunc('day', c.start_ts) AS day, epoch_ms(e.event_time) - epoch_ms(c.end_ts) AS lo,
  epoch_ms(e.event_time) + 1000 - epoch_ms(c.start_ts) AS hi
FROM ct_event e JOIN req r ON r.request_id = e.request_id JOIN cor_call c ON c.call_no = r.call_no
LEFT JOIN cor_session s ON s.session_id = c.session_id LEFT JOIN server v ON v.id = c.server
WHERE (coalesce(e.role_session_name = s.role_session_name, false) OR coalesce(e.access_key_id = c.access_key_id, false)
    OR (c.role_arn IS NULL AND coalesce(e.issuer_arn = v.role_arn, false)))
  AND NOT EXISTS (FROM tool_aws_map m WHERE m.server = c.server AND m.tool = c.target AND m.async_s > 0)
UNION ALL
SELECT k.origin, date_trunc('day', k.first_seen), epoch_ms(e.event_time) - epoch_ms(k.first_seen),
  epoch_ms(e.event_time) + 1000 - epoch_ms(s.opened_t) + ${BEFORE_OPEN_MS}
FROM ct_event e JOIN cor_credential k ON k.access_key_id = e.assume_key_id JOIN cor_session s USING (session_id)
WHERE s.opening_recorded AND e.error_code IS NULL`;

/** Of several distances that as many pairs allow, the nearest to none. */
const CHOSEN = `WITH p AS (SELECT origin, day, lo, hi FROM clock_pair WHERE lo <= hi UNION ALL SELECT origin, NULL, lo, hi FROM clock_pair WHERE lo <= hi),
edge AS (SELECT origin, day, lo AS x, 1 AS step FROM p UNION ALL SELECT origin, day, hi, -1 FROM p),
run AS (SELECT *, sum(step) OVER w AS n, lead(x) OVER w AS up_to FROM edge
  WINDOW w AS (PARTITION BY origin, day ORDER BY x, step DESC ROWS UNBOUNDED PRECEDING)),
best AS (SELECT origin, day, arg_max(struct_pack(lo := x, hi := up_to, n := n),
    (n, -greatest(x, -up_to, 0))) AS found FROM run WHERE step = 1 GROUP BY ALL),
total AS (SELECT origin, day, count(*) AS pairs FROM p GROUP BY ALL)
SELECT t.origin, t.day, found.lo AS lo, found.hi AS hi, greatest(found.lo, -${NEAR_MS}) AS near_lo, least(found.hi, ${NEAR_MS}) AS near_hi,
  t.pairs, found.n AS agreeing
FROM total t JOIN best b ON b.origin = t.origin AND b.day IS NOT DISTINCT FROM t.day`;

/** One row per ledger and day with pairs, and one without a day for every ledger. */
const OFFSETS = `INSERT INTO clock_offset
WITH chosen AS (${CHOSEN})
SELECT origin, day, CASE WHEN near_lo <= near_hi THEN near_lo ELSE lo END, CASE WHEN near_lo <= near_hi THEN near_hi ELSE hi END,
  pairs, agreeing FROM chosen
UNION ALL SELECT origin, NULL, -${NEAR_MS}, ${NEAR_MS}, 0, 0 FROM (SELECT DISTINCT origin FROM cor_session UNION SELECT DISTINCT origin FROM cor_call)
WHERE origin NOT IN (SELECT origin FROM chosen WHERE day IS NULL)`;

/** Before them: `req`, and the calls, sessions and credentials that take part. */
export const CLOCK: readonly string[] = [PAIRS, OFFSETS, 'DROP TABLE clock_pair'];

/**
 * Joins the distance that holds at a time: that of its day, else that of all days.
 * @param name of the joined columns `low_ms` and `high_ms`
 */
export const clockAt = (name: string, origin: string, time: string): string =>
  `JOIN (SELECT * FROM clock_offset WHERE day IS NULL) ${name}_all ON ${name}_all.origin = ${origin}
   LEFT JOIN (SELECT * FROM clock_offset WHERE day IS NOT NULL) ${name}_day ON ${name}_day.origin = ${origin} AND ${name}_day.day = date_trunc('day', ${time})`;

export const lowMs = (name: string): string => `coalesce(${name}_day.low_ms, ${name}_all.low_ms)`;
export const highMs = (name: string): string => `coalesce(${name}_day.high_ms, ${name}_all.high_ms)`;

const APART = `SELECT origin, strftime(day, '%Y-%m-%d') AS day, low_ms, high_ms, pairs, agreeing FROM clock_offset
WHERE day IS NOT NULL AND (low_ms > ${NEAR_MS} OR high_ms < -${NEAR_MS}) ORDER BY 1, 2`;

/** From here on evidence of the day is not complete without a look at it. */
const MINUTE_MS = 60_000;

const spoken = (ms: number): string => {
  const minutes = Math.round(ms / MINUTE_MS);
  if (ms >= 2 * MINUTE_MS) return `${minutes} minutes`;
  return `${Math.round(ms / 1000)} seconds`;
};

/** Days on which the clocks were apart, in sentences. Needs what correlation wrote. */
export const clockFindings = async (builder: Pick<Builder, 'query'>): Promise<readonly TrailFinding[]> =>
  (await builder.query(APART)).map((row): TrailFinding => {
    const [low, high] = [Number(row['low_ms']), Number(row['high_ms'])];
    const [origin, day] = [cellText(row['origin']), cellText(row['day'])];
    // At least: the end of the interval that is nearer to none.
    const apart = low > 0 ? low : -high;
    const gateway = origin === '' ? 'the gateway' : `the gateway ${origin}`;
    const which = `the clock of ${gateway} was ${spoken(apart)} ${low > 0 ? 'behind' : 'ahead of'} that of AWS`;
    const by = `by ${Number(row['agreeing'])} of ${Number(row['pairs'])} pairs of a call and its event`;
    return {
      severity: apart >= MINUTE_MS ? 'incomplete' : 'note',
      code: 'CLOCK_APART',
      subject: day,
      message: `On ${day} ${which}, ${by}; the events of the day are matched by AWS's clock.`,
    };
  });
