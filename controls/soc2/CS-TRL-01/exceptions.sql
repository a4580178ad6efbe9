-- Calls that stop, delete or narrow a trail, or weaken the bucket or key of its logs; refused attempts count as well.
WITH who AS (
  SELECT s.source_identity, max(coalesce(c.person, c.person_label)) AS label
  FROM gw_session AS s JOIN gw_call AS c ON c.principal = s.principal GROUP BY s.source_identity
), place AS (
  -- Buckets and keys that trails were told to use, as far as the collected events name them, and the buckets of the
  -- trails in the snapshots. A key is named by its id or its ARN, which ends in the id.
  SELECT json_extract_string(request_parameters, '$.s3BucketName') AS bucket,
    regexp_extract(json_extract_string(request_parameters, '$.kmsKeyId'), '[^/:]*$') AS key_id
  FROM ct_event WHERE event_source = 'cloudtrail.amazonaws.com' AND event_name IN ('CreateTrail', 'UpdateTrail')
  UNION SELECT bucket, NULL FROM trail_config
), watched AS (
  SELECT *, count(*) OVER (PARTITION BY event_id) > 1 AS shared,
    coalesce(json_extract_string(request_parameters, '$.bucketName'), '') AS bucket,
    regexp_extract(coalesce(json_extract_string(request_parameters, '$.keyId'), ''), '[^/:]*$') AS key_id
  FROM ct_event
  WHERE event_source IN ('cloudtrail.amazonaws.com', 's3.amazonaws.com', 'kms.amazonaws.com')
    AND read_only IS NOT TRUE
    AND event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP
), hit AS (
  SELECT * FROM watched
  WHERE (event_source = 'cloudtrail.amazonaws.com' AND event_name IN ('StopLogging', 'DeleteTrail', 'UpdateTrail',
      'PutEventSelectors', 'PutInsightSelectors', 'DeleteEventDataStore', 'StopEventDataStoreIngestion',
      'UpdateEventDataStore'))
    OR (event_source = 's3.amazonaws.com' AND event_name IN ('PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketLifecycle',
      'PutBucketLifecycleConfiguration', 'PutBucketVersioning', 'PutBucketLogging', 'PutBucketAcl', 'DeleteBucket',
      'DeleteObject', 'DeleteObjects', 'DeletePublicAccessBlock', 'PutBucketObjectLockConfiguration')
      AND (bucket IN (SELECT p.bucket FROM place AS p WHERE p.bucket <> '') OR bucket ILIKE '%trail%'))
    OR (event_source = 'kms.amazonaws.com' AND event_name IN ('DisableKey', 'ScheduleKeyDeletion', 'PutKeyPolicy')
      AND key_id IN (SELECT p.key_id FROM place AS p WHERE p.key_id <> ''))
), resumed AS (
  SELECT h.event_id, h.account_id, min(s.event_time) AS at
  FROM hit AS h JOIN ct_event AS s ON s.event_source = h.event_source AND s.event_name = 'StartLogging'
    AND s.account_id = h.account_id AND s.region IS NOT DISTINCT FROM h.region AND s.error_code IS NULL
    AND s.event_time > h.event_time
  WHERE h.event_name = 'StopLogging' GROUP BY h.event_id, h.account_id
)
SELECT CASE WHEN h.shared THEN h.event_id || '@' || h.account_id ELSE h.event_id END AS item, h.event_time AS time,
  coalesce(w.label, h.source_identity, h.role_session_name, regexp_replace(h.arn, '^arn:([^:]*:){4}', ''), h.identity_type, '') AS person,
  replace(h.event_source, '.amazonaws.com', '') || ' / ' || h.event_name AS what,
  'Logging is left alone' AS expected,
  CASE
    WHEN h.error_code IS NOT NULL THEN 'Attempt refused by AWS: ' || h.error_code
    WHEN h.event_name <> 'StopLogging' THEN 'Done'
    WHEN r.at IS NULL THEN 'Done, and logging was not started again in the collected events'
    ELSE 'Done; logging started again after ' || CAST(epoch(r.at - h.event_time) AS BIGINT) || ' s'
  END AS found
FROM hit AS h
LEFT JOIN who AS w ON w.source_identity = h.source_identity
LEFT JOIN resumed AS r ON r.event_id = h.event_id AND r.account_id = h.account_id
