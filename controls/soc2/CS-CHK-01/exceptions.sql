-- No report was recorded in the month.
WITH month AS (
  SELECT m AS first_t, m + INTERVAL 1 MONTH AS next_t
  FROM (SELECT unnest(generate_series(date_trunc('month', $from::TIMESTAMP), $to::TIMESTAMP, INTERVAL 1 MONTH)) AS m)
  WHERE m >= $from::TIMESTAMP AND m + INTERVAL 1 MONTH <= $to::TIMESTAMP
), known AS (
  SELECT first_t, next_t FROM month WHERE next_t <= (SELECT max(t) FROM record) AND next_t > (SELECT min(t) FROM record)
)
SELECT strftime(k.first_t, '%Y-%m') AS item, k.first_t AS time, 'gateway' AS person, 'reports of the month' AS what,
  'At least one report' AS expected, 'None is on record' AS found
FROM known AS k
WHERE NOT EXISTS (
  SELECT 1 FROM record AS r WHERE r.type = 'access' AND json_extract_string(r.d, '$.what') = 'report'
    AND r.t >= k.first_t AND r.t < k.next_t)
