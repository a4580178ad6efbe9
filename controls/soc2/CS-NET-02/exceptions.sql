-- Answered without the credential of the gateway, or something answered that nobody knows.
SELECT server || '#' || seq AS item, t AS time, tried_from AS person, 'server ' || server AS what,
  'No answer without the credential of the gateway' AS expected,
  CASE outcome WHEN 'open' THEN 'Open: ' ELSE 'Unclear: ' END || says AS found
FROM probe
WHERE outcome NOT IN ('unseen', 'refused', 'unreachable') AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
