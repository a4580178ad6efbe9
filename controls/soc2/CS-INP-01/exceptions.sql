-- The arguments do not agree with the schema.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what,
  'Arguments as the tool’s input schema says' AS expected, i.problem AS found
FROM gw_call AS c JOIN input_check AS i USING (call_id)
WHERE c.forwarded AND i.problem IS NOT NULL AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
