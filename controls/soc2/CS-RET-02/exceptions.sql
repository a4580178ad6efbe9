-- It can still be read.
WITH due AS (
  SELECT c.call_id, c.t, coalesce(c.person, c.person_label) AS person, c.server || ' / ' || coalesce(c.target, c.method) AS what,
    CAST(c.result_t + to_days(CAST(ceil(r.payload_days) AS INTEGER)) + INTERVAL 90 DAY AS TIMESTAMP) AS due_t
  FROM gw_call AS c CROSS JOIN retention AS r
  JOIN server AS s ON s.id = c.server
  JOIN record AS x ON x.seq = c.result_seq AND json_extract_string(x.d, '$.p.result') IS NOT NULL
  WHERE s.personal AND c.result_t + to_days(CAST(ceil(r.payload_days) AS INTEGER)) + INTERVAL 90 DAY < $to::TIMESTAMP
    AND NOT EXISTS (SELECT 1 FROM legal_hold AS h WHERE (h.from_t IS NULL OR h.from_t <= c.result_t)
      AND (h.to_t IS NULL OR h.to_t > c.result_t) AND (h.principal IS NULL OR h.principal = c.principal))
)
SELECT d.call_id AS item, d.due_t AS time, d.person, d.what,
  'Removed before ' || strftime(d.due_t, '%Y-%m-%d') AS expected, 'The answer can still be read' AS found
FROM due AS d WHERE EXISTS (SELECT 1 FROM gw_result_text AS r WHERE r.call_id = d.call_id)
