-- Silence beyond three heartbeats, missing numbers, a restart without a stop, a clock set back, bytes set aside.
SELECT CAST(seq AS VARCHAR) AS item, from_t AS time, 'gateway' AS person,
  'before record ' || seq AS what,
  CASE kind
    WHEN 'silence' THEN 'A record at least every three heartbeats'
    WHEN 'unclean_restart' THEN 'The ledger is closed before the gateway starts again'
    WHEN 'sequence' THEN 'Record numbers follow on each other'
    ELSE 'Time runs forward'
  END AS expected,
  CASE kind
    WHEN 'silence' THEN 'Nothing for ' || CAST(round(seconds) AS BIGINT) || ' s'
    WHEN 'unclean_restart' THEN 'Started again after ' || CAST(round(seconds) AS BIGINT) || ' s without a stop'
    WHEN 'sequence' THEN 'Numbers are missing'
    ELSE 'The clock went back ' || round(abs(seconds), 3) || ' s'
  END AS found
FROM recording_gap
WHERE kind <> 'stopped' AND from_t < $to::TIMESTAMP AND to_t > $from::TIMESTAMP
UNION ALL
SELECT CAST(seq AS VARCHAR), t, 'gateway', 'record ' || seq || ' (recover)',
  'The ledger ends with a signed checkpoint',
  CAST(json_extract_string(d, '$.bytes') AS VARCHAR) || ' bytes after the last checkpoint were set aside'
FROM record
WHERE type = 'recover' AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
