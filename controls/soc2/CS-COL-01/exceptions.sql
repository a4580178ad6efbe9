-- No digests, a hole between them, logs that a digest names and nobody has, and rows that could not be read.
WITH hole AS (
  SELECT subject AS item, message AS found FROM ct_finding WHERE code IN ('CHAIN_ABSENT', 'CHAIN_CUT', 'CHAIN_ENDS_EARLY')
  UNION ALL
  SELECT account_id || '/' || region, 'Nothing from ' || strftime(from_t, '%Y-%m-%d %H:%M') || ' to '
    || strftime(to_t, '%Y-%m-%d %H:%M') || ' UTC'
  FROM ct_edge WHERE kind = 'gap' AND from_t < $to::TIMESTAMP AND to_t > $from::TIMESTAMP
), named AS (
  SELECT regexp_extract(key, '(\d{12})_CloudTrail', 1) || '/'
      || regexp_extract(key, '_CloudTrail(?:-Digest)?_([a-z]{2}(?:-[a-z]+)+-\d)', 1) AS item,
    try_strptime(regexp_extract(key, '_(\d{8}T\d{4})', 1), '%Y%m%dT%H%M') AS t, kind, rejected
  FROM (
    SELECT key, 'missing' AS kind, 0 AS rejected FROM ct_log_integrity WHERE state = 'missing'
    UNION ALL
    SELECT key, 'rejected', rejected FROM ct_file WHERE kind IN ('log', 'digest') AND rejected > 0
  )
), counted AS (
  SELECT item, CASE kind WHEN 'missing' THEN 'Logs that a digest names and that were not collected: ' || count(*)
    ELSE 'Rows that could not be read: ' || sum(rejected) END AS found
  FROM named WHERE t IS NULL OR (t >= $from::TIMESTAMP AND t < $to::TIMESTAMP + INTERVAL 1 DAY)
  GROUP BY item, kind
)
SELECT item, CAST(NULL AS TIMESTAMP) AS time, 'AWS account ' || split_part(item, '/', 1) AS person,
  split_part(item, '/', 2) AS what, 'Collected whole for the period' AS expected, found
FROM (SELECT * FROM hole UNION ALL SELECT * FROM counted)
WHERE regexp_matches(item, '^\d{12}/[a-z0-9-]+$')
