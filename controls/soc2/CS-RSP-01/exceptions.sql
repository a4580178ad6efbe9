-- Nobody's case, or open for more than 30 days.
WITH open AS (
  SELECT item, opened_t, max(owner) AS owner, max(control) AS control, max(ref) AS ref,
    CASE WHEN bool_and(closed_t IS NOT NULL) THEN max(closed_t) END AS closed_t
  FROM finding_case
  WHERE opened_t < $to::TIMESTAMP AND (closed_t IS NULL OR closed_t >= $from::TIMESTAMP)
  GROUP BY item, opened_t
)
SELECT item || '@' || strftime(opened_t, '%Y-%m-%dT%H:%M:%SZ') AS item, opened_t AS time, coalesce(owner, 'nobody') AS person,
  coalesce(control, 'case') || coalesce(' / ' || ref, '') AS what,
  'An owner, and closed within 30 days' AS expected,
  CASE WHEN owner IS NULL THEN 'It has no owner'
    WHEN closed_t IS NULL THEN 'Open for ' || date_diff('day', opened_t, $to::TIMESTAMP) || ' days at the end of the period'
    ELSE 'Closed after ' || date_diff('day', opened_t, closed_t) || ' days' END AS found
FROM open
WHERE owner IS NULL OR coalesce(closed_t, $to::TIMESTAMP) > opened_t + INTERVAL 30 DAY
