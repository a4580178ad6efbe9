-- Forwarded without a decision that lets it run, without a rule, or under a policy that was not loaded before.
WITH judged AS (
  SELECT c.*, EXISTS (
      SELECT 1 FROM config_load AS l WHERE l.outcome = 'loaded' AND l.policy = c.policy AND l.seq < c.seq
    ) AS policy_known
  FROM gw_call AS c
  WHERE c.forwarded AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
)
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what,
  'Allowed by a rule of a loaded policy before the call' AS expected,
  CASE
    WHEN decision NOT IN ('allow', 'require_approval') THEN 'The decision is ' || decision
    WHEN decision = 'require_approval' AND approval_id IS NULL THEN 'An approval is required and none is named'
    WHEN rule IS NULL THEN 'The decision names no rule'
    ELSE 'The policy ' || left(policy, 12) || '… was not loaded before the call'
  END AS found
FROM judged
WHERE decision NOT IN ('allow', 'require_approval')
  OR (decision = 'require_approval' AND approval_id IS NULL)
  OR rule IS NULL
  OR NOT policy_known
