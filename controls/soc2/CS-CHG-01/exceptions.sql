-- Each configuration whose review by another person is not in the register, or came after it was loaded.
-- One review that holds is enough. Names are compared without regard to case.
WITH first AS (
  SELECT digest, min(seq) AS seq, min(t) AS t FROM config_load WHERE outcome = 'loaded' GROUP BY digest
), judged AS (
  SELECT f.digest, f.t, count(r.digest) AS reviews,
    count(*) FILTER (WHERE lower(r.reviewer) <> lower(r.author)) AS by_others,
    count(*) FILTER (WHERE lower(r.reviewer) <> lower(r.author) AND r.reviewed_t <= f.t) AS in_time
  FROM first f LEFT JOIN change_review r ON r.digest = f.digest
  WHERE f.t >= $from::TIMESTAMP AND f.t < $to::TIMESTAMP
  GROUP BY f.digest, f.t
)
SELECT digest AS item, t AS time, 'gateway' AS person, 'configuration ' || left(digest, 12) || '…' AS what,
  'Reviewed by another person before it was loaded' AS expected,
  CASE WHEN reviews = 0 THEN 'No review is recorded'
    WHEN by_others = 0 THEN 'Reviewed by its author alone'
    ELSE 'Reviewed after it was loaded' END AS found
FROM judged WHERE in_time = 0
