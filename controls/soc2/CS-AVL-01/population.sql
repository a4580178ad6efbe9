-- Every call forwarded in the period whose time to answer is over, and refusals for want of the ledger.
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what
FROM gw_call
WHERE forwarded AND (result_seq IS NOT NULL OR end_ts <= (SELECT max(t) FROM record))
  AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
UNION ALL
SELECT 'record ' || seq, t, coalesce(principal, address), coalesce(server, 'gateway') || ' / ' || reason
FROM refused
WHERE reason IN ('not_recorded', 'not_anchored') AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
