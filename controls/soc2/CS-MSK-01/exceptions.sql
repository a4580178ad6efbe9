-- Answers in which the second detector found a pattern after masking.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what,
  'No sensitive pattern in what was delivered' AS expected,
  'A pattern of ' || r.kind AS found
FROM (SELECT DISTINCT call_id, kind FROM rescan) AS r JOIN gw_call AS c USING (call_id)
WHERE EXISTS (SELECT 1 FROM gw_result_text AS x WHERE x.call_id = c.call_id)
  AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
