-- Not read whole, changed, missing, in no digest, or a digest that does not hold or lacks the one before it.
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
), fault AS (
  SELECT key, 'Read whole' AS expected,
    coalesce(reason, rejected || ' of ' || rows_read || ' rows were rejected') AS found
  FROM ct_file WHERE kind IN ('log', 'digest') AND (rejected > 0 OR reason IS NOT NULL)
  UNION ALL
  SELECT key, CASE state WHEN 'in_no_digest' THEN 'Named by a digest' ELSE 'Present, with the hash its digest names' END,
    CASE state
      WHEN 'changed' THEN 'Changed: ' ELSE '' END || coalesce(reason, replace(state, '_', ' '))
  FROM integrity WHERE state <> 'valid'
  UNION ALL
  SELECT key, 'A valid digest, chained to the one before it',
    CASE
      WHEN status = 'INVALID' THEN coalesce(reason, 'The digest is not valid')
      WHEN signature = 'invalid' THEN 'The signature is not valid'
      ELSE 'The digest before it is missing'
    END
  FROM ct_digest AS d
  WHERE status = 'INVALID' OR signature = 'invalid' OR (status = 'MISSING' AND EXISTS (
    SELECT 1 FROM ct_digest AS e
    WHERE e.account_id = d.account_id AND e.region = d.region AND e.start_t < d.start_t))
  UNION ALL
  SELECT f.key, 'One content for each event', 'The event ' || c.event_id || ' is found with other content elsewhere'
  FROM (SELECT event_id, unnest(files) AS file FROM ct_conflict) AS c JOIN ct_file AS f ON f.sha256 = c.file
)
SELECT DISTINCT o.key AS item, o.t AS time, 'AWS account ' || o.account_id AS person, o.name AS what,
  f.expected, f.found
FROM tested AS o JOIN fault AS f USING (key)
