-- Every event of the period in CloudTrail, S3 and KMS that is not known to be a read.
SELECT CASE WHEN count(*) OVER (PARTITION BY event_id) > 1 THEN event_id || '@' || account_id ELSE event_id END AS item,
  event_time AS time, coalesce(source_identity, role_session_name, regexp_replace(arn, '^arn:([^:]*:){4}', ''), identity_type, '') AS person,
  replace(event_source, '.amazonaws.com', '') || ' / ' || event_name AS what
FROM ct_event
WHERE event_source IN ('cloudtrail.amazonaws.com', 's3.amazonaws.com', 'kms.amazonaws.com')
  AND read_only IS NOT TRUE
  AND event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP
