-- Every heartbeat, start, stop and recovery of the period, and every record that ends a gap.
WITH mark AS (
  SELECT seq, t FROM record
  WHERE type IN ('hb', 'start', 'stop', 'recover') AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
  UNION ALL
  SELECT seq, from_t AS t FROM recording_gap
  WHERE kind <> 'stopped' AND from_t < $to::TIMESTAMP AND to_t > $from::TIMESTAMP
)
SELECT CAST(m.seq AS VARCHAR) AS item, min(m.t) AS time, 'gateway' AS person,
  'record ' || m.seq || coalesce(' (' || any_value(r.type) || ')', '') AS what
FROM mark AS m LEFT JOIN record AS r USING (seq)
GROUP BY m.seq
