-- A workload for which neither the configuration nor the token names a person.
SELECT call_id AS item, t AS time, person_label AS person,
  server || ' / ' || coalesce(target, method) AS what,
  'A person who answers for ' || principal AS expected,
  'Nobody is named' AS found
FROM gw_call
WHERE forwarded AND principal_kind = 'workload' AND person IS NULL
  AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
