-- This release connects no change register, so the test is not run. Were one named as a source without a table
-- of reviews, each change would stand here.
WITH first AS (
  SELECT digest, min(seq) AS seq, min(t) AS t FROM config_load WHERE outcome = 'loaded' GROUP BY digest
)
SELECT digest AS item, t AS time, 'gateway' AS person, 'configuration ' || left(digest, 12) || '…' AS what,
  'Reviewed by another person before it was loaded' AS expected, 'No review is recorded' AS found
FROM first WHERE t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
