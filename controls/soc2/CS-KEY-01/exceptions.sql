-- The root user itself, or a governed identity with a key that does not expire.
WITH tested AS (
  SELECT e.*, CASE WHEN count(*) OVER (PARTITION BY e.event_id) > 1 THEN e.event_id || '@' || e.account_id ELSE e.event_id END AS item
  FROM ct_event AS e
  WHERE (e.identity_type = 'Root' OR EXISTS (
      SELECT 1 FROM event_match AS m WHERE m.event_id = e.event_id AND m.account_id = e.account_id))
    AND e.event_time >= $from::TIMESTAMP AND e.event_time < $to::TIMESTAMP
)
SELECT e.item, e.event_time AS time,
  coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''), e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what,
  'A role with temporary credentials' AS expected,
  CASE WHEN e.identity_type = 'Root' THEN 'The root user of ' || e.account_id
    ELSE 'The long-lived key ' || e.access_key_id END AS found
FROM tested AS e
WHERE (e.identity_type = 'Root' AND e.invoked_by IS NULL AND e.event_type IS DISTINCT FROM 'AwsServiceEvent')
  OR (e.identity_type IS DISTINCT FROM 'Root' AND starts_with(e.access_key_id, 'AKIA'))
