-- Every principal and day of the period with calls.
WITH daily AS (
  SELECT principal, any_value(coalesce(person, person_label)) AS person, date_trunc('day', t) AS day,
    count(*) FILTER (decision = 'deny') AS denied
  FROM gw_call WHERE t < $to::TIMESTAMP GROUP BY principal, date_trunc('day', t)
)
SELECT principal || '@' || strftime(day, '%Y-%m-%d') AS item, greatest(day, $from::TIMESTAMP) AS time, person,
  'calls of one day' AS what
FROM daily WHERE day >= date_trunc('day', $from::TIMESTAMP) AND day < $to::TIMESTAMP
