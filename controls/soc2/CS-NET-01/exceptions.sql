-- Events outside any session of the gateway, events in a session that no call explains, and foreign identities.
WITH who AS (
  SELECT s.session_id, max(coalesce(c.person, c.person_label)) AS label
  FROM gw_session AS s JOIN gw_call AS c ON c.principal = s.principal GROUP BY s.session_id
), judged AS (
  SELECT m.*, e.source_identity, e.role_session_name, e.arn, e.identity_type, e.event_source, e.event_name, w.label,
    count(*) OVER (PARTITION BY m.event_id) > 1 AS shared
  FROM event_match AS m
  JOIN ct_event AS e USING (event_id, account_id)
  LEFT JOIN who AS w USING (session_id)
  WHERE m.event_time >= $from::TIMESTAMP AND m.event_time < $to::TIMESTAMP
)
SELECT CASE WHEN shared THEN event_id || '@' || account_id ELSE event_id END AS item, event_time AS time,
  coalesce(CASE WHEN person_ok IS NOT FALSE THEN label END, source_identity, role_session_name, regexp_replace(arn, '^arn:([^:]*:){4}', ''), identity_type, '')
    AS person,
  replace(event_source, '.amazonaws.com', '') || ' / ' || event_name AS what,
  CASE
    WHEN kind IN ('BYPASS', 'UNEXPLAINED_IN_SESSION', 'RESOURCE_CONFLICT') THEN 'A recorded call that explains the event'
    WHEN person_ok = FALSE THEN 'The source identity of the session’s person'
    ELSE 'Session name and access key of one session'
  END AS expected,
  CASE
    WHEN kind = 'BYPASS' THEN 'BYPASS: no session issued this identity'
    WHEN kind = 'UNEXPLAINED_IN_SESSION' THEN 'UNEXPLAINED_IN_SESSION: no call of the session explains it'
    WHEN kind = 'RESOURCE_CONFLICT' THEN 'RESOURCE_CONFLICT: the call at that time names another resource'
    WHEN person_ok = FALSE THEN 'PERSON_MISMATCH: ' || coalesce('source identity ' || source_identity, 'no source identity')
    ELSE 'BIND_CONFLICT: they point to two sessions'
  END AS found
FROM judged
WHERE kind IN ('BYPASS', 'UNEXPLAINED_IN_SESSION', 'RESOURCE_CONFLICT') OR person_ok = FALSE OR bind_conflict
