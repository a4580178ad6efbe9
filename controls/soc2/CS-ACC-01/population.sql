-- Every call of the period that was forwarded to a server.
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what
FROM gw_call
WHERE forwarded AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
