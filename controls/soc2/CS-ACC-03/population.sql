-- Every forwarded call of the period by a workload, or by an agent for a person.
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what
FROM gw_call
WHERE forwarded AND (principal_kind = 'workload' OR actor IS NOT NULL)
  AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
