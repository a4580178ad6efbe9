-- Lost, timed out, unknown, or refused because nothing could be recorded or what was went unconfirmed.
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what,
  'An outcome from the server' AS expected,
  CASE
    WHEN result_seq IS NULL THEN 'No outcome is recorded'
    WHEN status = 'timed_out' THEN 'Timed out after ' || round(duration_ms / 1000.0, 1) || ' s'
    WHEN status = 'upstream_lost' THEN 'The server was lost during the call'
    ELSE 'The outcome is not known: the gateway ended during the call'
  END AS found
FROM gw_call
WHERE forwarded AND (status IN ('timed_out', 'upstream_lost', 'unknown')
    OR (result_seq IS NULL AND end_ts <= (SELECT max(t) FROM record)))
  AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
UNION ALL
SELECT 'record ' || seq, t, coalesce(principal, address), coalesce(server, 'gateway') || ' / ' || reason,
  CASE reason WHEN 'not_anchored' THEN 'Anchors confirm the ledger in time' ELSE 'The ledger can be written' END,
  CASE WHEN count > 1 THEN count || ' requests were refused' ELSE 'The request was refused' END
FROM refused
WHERE reason IN ('not_recorded', 'not_anchored') AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
