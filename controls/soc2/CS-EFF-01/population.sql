-- Every call of the period that ended well and must have left a write event in AWS that the trails record, once that event
-- had time to arrive.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || c.target AS what
FROM gw_call AS c
WHERE c.forwarded AND c.status = 'ok' AND c.method = 'tools/call'
  AND EXISTS (SELECT 1 FROM tool_aws_map AS m WHERE m.server = c.server AND m.tool = c.target AND m.write)
  AND NOT EXISTS (SELECT 1 FROM call_missing AS x WHERE x.call_id = c.call_id AND NOT x.settled)
  AND NOT EXISTS (SELECT 1 FROM call_unrecorded AS u WHERE u.call_id = c.call_id)
  AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
