-- Every active person with access whose account is older than 90 days.
WITH granted AS (
  SELECT DISTINCT u.source, u.user_id, u.principal, coalesce(u.email, u.login) AS person
  FROM idp_user AS u
  JOIN identity_snapshot AS s ON s.source = u.source AND s.in_force
  WHERE u.active AND u.principal IS NOT NULL AND coalesce(u.created_t < $to::TIMESTAMP - INTERVAL 90 DAY, TRUE)
    AND (EXISTS (SELECT 1 FROM policy_group WHERE name = '*') OR EXISTS (
      SELECT 1 FROM idp_member AS m JOIN idp_group AS g ON g.source = m.source AND g.group_id = m.group_id
        JOIN policy_group AS p ON p.name = g.name
      WHERE m.source = u.source AND m.user_id = u.user_id))
), used AS (
  SELECT principal, max(t) AS last_t FROM (
    SELECT principal, t FROM gw_call UNION ALL SELECT by_principal, t FROM approval_decision
  ) WHERE t < $to::TIMESTAMP GROUP BY principal
), judged AS (
  SELECT g.principal, min(g.person) AS person, max(u.last_t) AS last_t
  FROM granted AS g LEFT JOIN used AS u USING (principal) GROUP BY g.principal
)
SELECT principal AS item, last_t AS time, person, 'access to the gateway' AS what FROM judged
