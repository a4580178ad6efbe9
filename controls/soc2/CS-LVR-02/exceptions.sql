-- An account is still active.
WITH gone AS (
  SELECT person, max(ended) AS ended FROM leaver WHERE ended < $to::TIMESTAMP GROUP BY person
), account AS (
  SELECT g.person, g.ended, count(*) AS accounts, count(*) FILTER (u.active) AS active,
    string_agg(u.login, ', ' ORDER BY u.login) FILTER (u.active) AS logins
  FROM gone AS g
  JOIN idp_user AS u ON g.person IN (u.principal, u.login, u.email)
  JOIN identity_snapshot AS s ON s.source = u.source AND s.in_force AND s.taken >= g.ended
  GROUP BY g.person, g.ended
)
SELECT person || '@' || strftime(ended, '%Y-%m-%dT%H:%M:%SZ') AS item, ended AS time, person,
  'last day ' || strftime(ended, '%Y-%m-%d') AS what, 'No active account' AS expected, 'Active: ' || logins AS found
FROM account WHERE active > 0
