-- Every ledger that the package holds.
SELECT origin AS item, CAST(NULL AS TIMESTAMP) AS time, 'gateway' AS person, 'ledger ' || origin AS what
FROM ledger_check GROUP BY origin
