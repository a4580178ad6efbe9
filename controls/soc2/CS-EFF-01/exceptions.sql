-- Ended well, and none of the declared write events came in time.
WITH declared AS (
  SELECT server, tool, string_agg(event_name, ' or ' ORDER BY event_name) AS names
  FROM tool_aws_map WHERE write GROUP BY server, tool
)
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || c.target AS what,
  'A CloudTrail event ' || d.names || ' of this call' AS expected,
  'None until ' || strftime(x.until_t, '%H:%M:%S') || ' UTC' AS found
FROM gw_call AS c
JOIN call_missing AS x ON x.call_id = c.call_id AND x.settled
JOIN declared AS d ON d.server = c.server AND d.tool = c.target
WHERE c.forwarded AND c.status = 'ok' AND c.method = 'tools/call'
  AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
