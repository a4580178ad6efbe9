-- High risk, and no approval of exactly this call, or of a window that covers it, by enough people before it.
WITH high AS (
  SELECT * FROM gw_call
  WHERE forwarded AND risk = 'high' AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
), approvers AS (
  SELECT h.call_id, count(DISTINCT d.by_principal) AS people
  FROM high AS h JOIN approval_decision AS d ON d.approval_id = h.approval_id
  WHERE d.verdict = 'approve' AND d.seq < h.seq
  GROUP BY h.call_id
), judged AS (
  SELECT h.*, a.approval_id AS known, a.requester, a.server AS for_server, a.tool AS for_tool,
    a.args_digest AS for_args, a.window_uses, coalesce(a.window_tools, []) AS window_tools, a.granted_t, a.needed, coalesce(p.people, 0) AS people
  FROM high AS h
  LEFT JOIN approval AS a ON a.approval_id = h.approval_id
  LEFT JOIN approvers AS p ON p.call_id = h.call_id
)
SELECT call_id AS item, t AS time, coalesce(person, person_label) AS person,
  server || ' / ' || coalesce(target, method) AS what,
  'Approved by a second person before the call' AS expected,
  CASE
    WHEN approval_id IS NULL THEN 'No approval'
    WHEN known IS NULL THEN 'The approval ' || approval_id || ' is not recorded'
    WHEN requester <> principal THEN 'The approval was for another person’s call'
    WHEN for_server <> server OR (for_tool IS DISTINCT FROM target AND NOT coalesce(list_contains(window_tools, target), false))
      THEN 'The approval was for ' || for_server || ' / ' || for_tool
    WHEN window_uses IS NULL AND for_args IS DISTINCT FROM args_digest THEN 'The approval was for other arguments'
    WHEN granted_t IS NULL THEN 'The approval was not granted'
    WHEN granted_t > t THEN 'Approved ' || CAST(ceil(epoch(granted_t - t)) AS BIGINT) || ' s after the call'
    ELSE people || ' of ' || needed || ' approvals before the call'
  END AS found
FROM judged
WHERE approval_id IS NULL OR known IS NULL OR requester <> principal OR for_server <> server
  OR (for_tool IS DISTINCT FROM target AND NOT coalesce(list_contains(window_tools, target), false))
  OR (window_uses IS NULL AND for_args IS DISTINCT FROM args_digest)
  OR granted_t IS NULL OR granted_t > t OR people < needed
