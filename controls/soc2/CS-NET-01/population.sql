-- Every CloudTrail event of the period that a governed role, key or session caused.
SELECT CASE WHEN count(*) OVER (PARTITION BY m.event_id) > 1 THEN m.event_id || '@' || m.account_id
    ELSE m.event_id END AS item,
  m.event_time AS time, coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''),
    e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what
FROM event_match AS m JOIN ct_event AS e USING (event_id, account_id)
WHERE m.event_time >= $from::TIMESTAMP AND m.event_time < $to::TIMESTAMP
