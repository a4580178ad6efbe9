-- Every forwarded call of the period whose arguments could be held against a schema.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what
FROM gw_call AS c JOIN input_check AS i USING (call_id)
WHERE c.forwarded AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
