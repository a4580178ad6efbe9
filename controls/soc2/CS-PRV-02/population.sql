-- Answers of servers with personal data in which the second detector found something.
WITH hit AS (
  SELECT c.call_id, c.t, coalesce(c.person, c.person_label) AS person, c.server || ' / ' || coalesce(c.target, c.method) AS what,
    string_agg(DISTINCT r.kind, ', ' ORDER BY r.kind) AS kinds
  FROM gw_call AS c JOIN server AS s ON s.id = c.server JOIN rescan AS r USING (call_id)
  WHERE s.personal AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
  GROUP BY ALL
)
SELECT call_id AS item, t AS time, person, what FROM hit
