-- Every event of the period by a root user or a governed identity.
SELECT CASE WHEN count(*) OVER (PARTITION BY e.event_id) > 1 THEN e.event_id || '@' || e.account_id ELSE e.event_id END AS item, e.event_time AS time,
  coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''), e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what
FROM ct_event AS e
WHERE (e.identity_type = 'Root' OR EXISTS (
    SELECT 1 FROM event_match AS m WHERE m.event_id = e.event_id AND m.account_id = e.account_id))
  AND e.event_time >= $from::TIMESTAMP AND e.event_time < $to::TIMESTAMP
