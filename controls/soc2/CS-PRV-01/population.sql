-- Every forwarded call of the period to a server that is declared to hold personal data.
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what
FROM gw_call AS c JOIN server AS s ON s.id = c.server
WHERE c.forwarded AND s.personal AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
