-- Every case that was open at some time of the period. One item may have been taken up more than once.
SELECT item || '@' || strftime(opened_t, '%Y-%m-%dT%H:%M:%SZ') AS item, opened_t AS time, max(coalesce(owner, '')) AS person,
  coalesce(max(control), 'case') || coalesce(' / ' || max(ref), '') AS what
FROM finding_case
WHERE opened_t < $to::TIMESTAMP AND (closed_t IS NULL OR closed_t >= $from::TIMESTAMP)
GROUP BY item, opened_t
