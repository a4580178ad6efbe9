-- Denied or not approved, and yet forwarded, answered by the server, or seen in AWS.
WITH denied AS (
  SELECT * FROM gw_call
  WHERE (NOT forwarded OR decision = 'deny') AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
), seen AS (
  SELECT call_id, min(event_id) AS event_id FROM event_match WHERE kind = 'MATCHED' GROUP BY call_id
)
SELECT d.call_id AS item, d.t AS time, coalesce(d.person, d.person_label) AS person,
  d.server || ' / ' || coalesce(d.target, d.method) AS what,
  'Nothing is sent to the server' AS expected,
  CASE
    WHEN d.forwarded THEN 'The call was forwarded'
    WHEN d.result_seq IS NOT NULL THEN 'An outcome of the server is recorded: ' || d.status
    ELSE 'AWS event ' || s.event_id || ' carries it'
  END AS found
FROM denied AS d LEFT JOIN seen AS s ON s.call_id = d.call_id
WHERE d.forwarded OR d.result_seq IS NOT NULL OR s.event_id IS NOT NULL
