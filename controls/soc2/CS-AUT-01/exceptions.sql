-- The login used no second factor.
WITH tested AS (
  SELECT e.*, CASE WHEN count(*) OVER (PARTITION BY e.event_id) > 1 THEN e.event_id || '@' || e.account_id ELSE e.event_id END AS item
  FROM ct_event AS e
  WHERE e.identity_type IN ('IAMUser', 'Root') AND e.mfa IS NOT NULL AND e.invoked_by IS NULL
    AND e.read_only IS NOT TRUE AND e.event_time >= $from::TIMESTAMP AND e.event_time < $to::TIMESTAMP
)
SELECT e.item, e.event_time AS time,
  coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''), e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what,
  'A login with a second factor' AS expected, 'A login without one' AS found
FROM tested AS e WHERE e.mfa <> 'true'
