-- Every call of the period that was denied, or asked for an approval it did not get.
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what
FROM gw_call
WHERE (NOT forwarded OR decision = 'deny') AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
