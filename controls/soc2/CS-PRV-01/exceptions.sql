-- The server holds personal data and states no purpose.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what,
  'A stated purpose' AS expected,
  'The server ' || c.server || ' states none' AS found
FROM gw_call AS c JOIN server AS s ON s.id = c.server
WHERE c.forwarded AND s.personal AND len(s.purposes) = 0
  AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
