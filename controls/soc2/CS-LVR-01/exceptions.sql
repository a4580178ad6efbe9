-- Calls and decisions of the person, or of an agent of theirs, after the last day.
WITH gone AS (
  SELECT person, max(ended) AS ended FROM leaver WHERE ended < $to::TIMESTAMP GROUP BY person
), act AS (
  SELECT coalesce(person, principal) AS person, t, 'call' AS kind FROM gw_call
  UNION ALL SELECT principal, t, 'call' FROM gw_call WHERE person IS NOT NULL
  UNION ALL SELECT coalesce(by_person, by_principal), t, 'decision' FROM approval_decision
  UNION ALL SELECT by_principal, t, 'decision' FROM approval_decision WHERE by_person IS NOT NULL
), after AS (
  SELECT g.person, g.ended, min(a.t) AS first_t, count(*) FILTER (a.kind = 'call') AS calls,
    count(*) FILTER (a.kind = 'decision') AS decisions
  FROM gone AS g JOIN act AS a ON a.person = g.person AND a.t >= g.ended
    AND a.t >= $from::TIMESTAMP AND a.t < $to::TIMESTAMP
  GROUP BY g.person, g.ended
)
SELECT person || '@' || strftime(ended, '%Y-%m-%dT%H:%M:%SZ') AS item, first_t AS time, person,
  'last day ' || strftime(ended, '%Y-%m-%d') AS what,
  'No call and no decision afterwards' AS expected,
  'Calls: ' || calls || ', decisions: ' || decisions || '; the first on ' || strftime(first_t, '%Y-%m-%d') AS found
FROM after
