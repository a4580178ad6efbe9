-- Every whole calendar month of the period that the ledger reaches.
WITH month AS (
  SELECT m AS first_t, m + INTERVAL 1 MONTH AS next_t
  FROM (SELECT unnest(generate_series(date_trunc('month', $from::TIMESTAMP), $to::TIMESTAMP, INTERVAL 1 MONTH)) AS m)
  WHERE m >= $from::TIMESTAMP AND m + INTERVAL 1 MONTH <= $to::TIMESTAMP
), known AS (
  SELECT first_t, next_t FROM month WHERE next_t <= (SELECT max(t) FROM record) AND next_t > (SELECT min(t) FROM record)
)
SELECT strftime(first_t, '%Y-%m') AS item, first_t AS time, 'gateway' AS person, 'reports of the month' AS what FROM known
