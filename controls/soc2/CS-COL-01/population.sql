-- Every account and region that is expected or was seen in what was collected.
WITH file AS (
  SELECT regexp_extract(key, '(\d{12})_CloudTrail', 1) AS account_id,
    regexp_extract(key, '_CloudTrail(?:-Digest)?_([a-z]{2}(?:-[a-z]+)+-\d)', 1) AS region
  FROM ct_file WHERE kind IN ('log', 'digest')
), place AS (
  SELECT account_id, region FROM file
  UNION SELECT account_id, region FROM ct_digest
  UNION SELECT account_id, region FROM ct_event
    WHERE event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP
  UNION SELECT regexp_extract(subject, '^(\d{12})/', 1), regexp_extract(subject, '^\d{12}/([a-z0-9-]+)$', 1)
    FROM ct_finding WHERE code IN ('CHAIN_ABSENT', 'CHAIN_CUT', 'CHAIN_ENDS_EARLY')
)
SELECT account_id || '/' || region AS item, CAST(NULL AS TIMESTAMP) AS time, 'AWS account ' || account_id AS person,
  region AS what
FROM place WHERE account_id <> '' AND region <> ''
