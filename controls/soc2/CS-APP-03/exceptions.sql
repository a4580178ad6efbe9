-- Used more often than granted, late, without a record of its use, or for a call other than the one approved.
WITH used AS (
  SELECT approval_id, consumed_t AS t FROM approval
  WHERE consumed_t >= $from::TIMESTAMP AND consumed_t < $to::TIMESTAMP
  UNION ALL
  SELECT approval_id, t FROM gw_call
  WHERE forwarded AND approval_id IS NOT NULL AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
), once AS (
  SELECT approval_id, min(t) AS t FROM used GROUP BY approval_id
), calls AS (
  -- A call that asked for input and was made once more is one use, whatever the number of its legs.
  SELECT c.approval_id, count(*) FILTER (WHERE earlier.call_id IS NULL) AS calls, max(c.t) AS last_t
  FROM gw_call AS c LEFT JOIN gw_call AS earlier ON earlier.call_id = c.continues AND earlier.forwarded
    AND earlier.approval_id = c.approval_id AND earlier.principal = c.principal AND earlier.seq < c.seq
    AND earlier.args_digest IS NOT DISTINCT FROM c.args_digest
  WHERE c.forwarded AND c.approval_id IS NOT NULL GROUP BY c.approval_id
), judged AS (
  SELECT o.approval_id, o.t, a.requester_label, a.server, a.tool, a.deadline, a.consumed_t, a.consumptions, coalesce(a.window_uses, 1) AS allowed,
    coalesce(n.calls, 0) AS calls, n.last_t, a.approval_id IS NOT NULL AS known,
    c.call_id IS NOT NULL AND (c.principal <> a.requester OR c.server <> a.server
      OR (c.target IS DISTINCT FROM a.tool
        AND NOT coalesce(list_contains(a.window_tools, c.target), false))) AS other_call,
    c.call_id IS NOT NULL AND c.args_digest IS DISTINCT FROM a.args_digest
      AND a.window_uses IS NULL AS other_args,
    c.call_id IS NOT NULL AND c.policy <> a.policy AS other_policy,
    c.call_id IS NOT NULL AND c.definition IS DISTINCT FROM a.definition
      AND c.target IS NOT DISTINCT FROM a.tool AS other_definition
  FROM once AS o
  LEFT JOIN approval AS a USING (approval_id)
  LEFT JOIN calls AS n USING (approval_id)
  LEFT JOIN gw_call AS c ON c.approval_id = o.approval_id AND c.forwarded AND c.call_id = a.consumed_call
), faults AS (
  SELECT *, CASE
    WHEN NOT known THEN 'No record of this approval'
    WHEN calls > allowed OR consumptions > allowed THEN 'Used by ' || greatest(calls, consumptions) || ' calls'
    WHEN consumed_t IS NULL THEN 'A call names it, and its use is not recorded'
    WHEN consumed_t > deadline OR last_t > deadline
      THEN 'Used ' || CAST(ceil(epoch(greatest(consumed_t, last_t) - deadline)) AS BIGINT) || ' s after the deadline'
    WHEN other_call THEN 'The call has another person, server or tool'
    WHEN other_args THEN 'The call has other arguments'
    WHEN other_policy THEN 'The policy had changed'
    WHEN other_definition THEN 'The tool’s definition had changed'
  END AS found FROM judged
)
SELECT approval_id AS item, t AS time, coalesce(requester_label, '') AS person,
  coalesce(server || ' / ' || tool, 'unknown approval') AS what,
  'Used as often as granted, before its deadline, for what was approved' AS expected, found
FROM faults WHERE found IS NOT NULL
