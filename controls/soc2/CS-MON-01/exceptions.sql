-- More denials than ten, and than five deviations above the median of the 30 days before.
WITH daily AS (
  SELECT principal, any_value(coalesce(person, person_label)) AS person, date_trunc('day', t) AS day,
    count(*) FILTER (decision = 'deny') AS denied
  FROM gw_call WHERE t < $to::TIMESTAMP GROUP BY principal, date_trunc('day', t)
), bound AS (
  SELECT *, greatest(10, coalesce(median(denied) OVER w + 5 * mad(denied) OVER w, 0)) AS most FROM daily
  WINDOW w AS (PARTITION BY principal ORDER BY day
    RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING)
)
SELECT principal || '@' || strftime(day, '%Y-%m-%d') AS item, greatest(day, $from::TIMESTAMP) AS time, person,
  'calls of one day' AS what,
  'At most ' || CAST(floor(most) AS BIGINT) || ' denied calls' AS expected,
  denied || ' denied calls' AS found
FROM bound
WHERE denied > most AND day >= date_trunc('day', $from::TIMESTAMP) AND day < $to::TIMESTAMP
