-- What the verifier found changed.
SELECT origin AS item, CAST(NULL AS TIMESTAMP) AS time, 'gateway' AS person, 'ledger ' || origin AS what,
  'Every record, payload and checkpoint fits' AS expected,
  coalesce(code || ': ', '') || coalesce(message, 'does not verify') AS found
FROM ledger_check WHERE NOT ok
