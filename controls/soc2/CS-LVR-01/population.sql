-- Every person of the register who had left before the end of the period.
SELECT person || '@' || strftime(max(ended), '%Y-%m-%dT%H:%M:%SZ') AS item, max(ended) AS time, person,
  'last day ' || strftime(max(ended), '%Y-%m-%d') AS what
FROM leaver WHERE ended < $to::TIMESTAMP GROUP BY person
