-- The register has no entry for it.
WITH hit AS (
  SELECT c.call_id, c.t, coalesce(c.person, c.person_label) AS person, c.server || ' / ' || coalesce(c.target, c.method) AS what,
    string_agg(DISTINCT r.kind, ', ' ORDER BY r.kind) AS kinds
  FROM gw_call AS c JOIN server AS s ON s.id = c.server JOIN rescan AS r USING (call_id)
  WHERE s.personal AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
  GROUP BY ALL
)
SELECT h.call_id AS item, h.t AS time, h.person, h.what, 'An entry in the register of disclosures' AS expected,
  'None for this call; found: ' || h.kinds AS found
FROM hit AS h WHERE NOT EXISTS (SELECT 1 FROM disclosure AS d WHERE d.ref = h.call_id)
