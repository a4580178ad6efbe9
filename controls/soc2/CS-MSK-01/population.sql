-- Every answer recorded in the period.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what
FROM gw_call AS c
WHERE EXISTS (SELECT 1 FROM gw_result_text AS r WHERE r.call_id = c.call_id)
  AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
