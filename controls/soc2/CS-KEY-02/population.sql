-- Every event of the period that creates a credential, or makes a key active again, refused attempts too.
WITH created AS (
  SELECT e.*, CASE WHEN count(*) OVER (PARTITION BY e.event_id) > 1 THEN e.event_id || '@' || e.account_id ELSE e.event_id END AS item
  FROM ct_event AS e
  WHERE e.event_source = 'iam.amazonaws.com'
    AND (e.event_name IN ('CreateAccessKey', 'CreateLoginProfile', 'CreateServiceSpecificCredential')
      OR (e.event_name = 'UpdateAccessKey' AND json_extract_string(e.request_parameters, '$.status') = 'Active'))
    AND e.event_time >= $from::TIMESTAMP AND e.event_time < $to::TIMESTAMP
)
SELECT e.item, e.event_time AS time,
  coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''), e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what
FROM created AS e
