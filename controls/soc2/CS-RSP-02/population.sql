-- Every event that must be judged and whose three days ended in the period.
WITH signal AS (
  SELECT m.event_id AS item, m.event_time AS t, coalesce(e.source_identity, e.role_session_name, e.identity_type, '') AS person,
    'AWS activity outside recorded calls' AS what
  FROM event_match AS m JOIN ct_event AS e USING (event_id, account_id)
  WHERE m.kind IN ('BYPASS', 'UNEXPLAINED_IN_SESSION', 'RESOURCE_CONFLICT')
  UNION ALL
  SELECT event_id, event_time, coalesce(source_identity, role_session_name, identity_type, ''), 'an attempt on AWS logging'
  FROM ct_event WHERE event_source = 'cloudtrail.amazonaws.com' AND event_name IN ('StopLogging', 'DeleteTrail')
  UNION ALL
  SELECT e.event_id, e.event_time, 'root', 'use of the root user' FROM ct_event AS e
  WHERE e.identity_type = 'Root' AND e.invoked_by IS NULL AND e.event_type IS DISTINCT FROM 'AwsServiceEvent'
  UNION ALL
  SELECT c.call_id, c.t, coalesce(c.person, c.person_label), 'a sensitive pattern in an answer'
  FROM gw_call AS c WHERE EXISTS (SELECT 1 FROM rescan AS r WHERE r.call_id = c.call_id)
), due AS (
  SELECT item, min(t) AS t, min(person) AS person, string_agg(DISTINCT what, ', ' ORDER BY what) AS what FROM signal
  WHERE t >= $from::TIMESTAMP - INTERVAL 3 DAY AND t < $to::TIMESTAMP - INTERVAL 3 DAY
  GROUP BY item
)
SELECT item, t AS time, person, what FROM due
