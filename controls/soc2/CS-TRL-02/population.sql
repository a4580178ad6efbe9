-- Every log file and digest that was collected for the period or that a digest names. Left out, and counted in the
-- reconciliation: log files delivered after the end of the newest digest, for AWS has not vouched for them yet.
WITH by_hash AS (
  SELECT sha256, min(key) AS key FROM ct_file WHERE kind = 'log' GROUP BY sha256
), integrity AS (
  SELECT coalesce(h.key, i.key) AS key, i.state, i.reason, i.digest_key
  FROM ct_log_integrity AS i LEFT JOIN by_hash AS h ON h.sha256 = i.sha256
), object AS (
  SELECT DISTINCT key FROM (
    SELECT key FROM ct_file WHERE kind IN ('log', 'digest') UNION ALL SELECT key FROM integrity
  )
), dated AS (
  -- Names carry the minute of delivery; the day after the period may still hold events of the period.
  SELECT key, regexp_extract(key, '[^/]*$') AS name, regexp_extract(key, '(\d{12})_CloudTrail', 1) AS account_id,
    regexp_extract(key, '_CloudTrail(?:-Digest)?_([a-z]{2}(?:-[a-z]+)+-\d)', 1) AS region,
    try_strptime(regexp_extract(key, '_(\d{8}T\d{4})', 1), '%Y%m%dT%H%M') AS t
  FROM object
), newest AS (
  SELECT account_id, region, max(end_t) AS until_t FROM ct_digest GROUP BY account_id, region
), tested AS (
  SELECT d.* FROM dated AS d
  LEFT JOIN newest AS n ON n.account_id = d.account_id AND n.region = d.region
  LEFT JOIN integrity AS i ON i.key = d.key
  WHERE (d.t IS NULL OR (d.t >= $from::TIMESTAMP AND d.t < $to::TIMESTAMP + INTERVAL 1 DAY))
    AND NOT (coalesce(i.state, '') = 'in_no_digest' AND coalesce(d.t >= n.until_t, FALSE))
)
SELECT DISTINCT key AS item, t AS time, 'AWS account ' || account_id AS person, name AS what FROM tested
