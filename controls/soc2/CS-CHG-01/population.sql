-- Every configuration that the gateway loaded for the first time in the period.
WITH first AS (
  SELECT digest, min(seq) AS seq, min(t) AS t FROM config_load WHERE outcome = 'loaded' GROUP BY digest
)
SELECT digest AS item, t AS time, 'gateway' AS person, 'configuration ' || left(digest, 12) || '…' AS what
FROM first WHERE t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
