-- Every approval that was used in the period: by its own record, or because a forwarded call names it.
WITH used AS (
  SELECT approval_id, consumed_t AS t FROM approval
  WHERE consumed_t >= $from::TIMESTAMP AND consumed_t < $to::TIMESTAMP
  UNION ALL
  SELECT approval_id, t FROM gw_call
  WHERE forwarded AND approval_id IS NOT NULL AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
), once AS (SELECT approval_id, min(t) AS t FROM used GROUP BY approval_id)
SELECT o.approval_id AS item, o.t AS time, coalesce(a.requester_label, '') AS person,
  coalesce(a.server || ' / ' || a.tool, 'unknown approval') AS what
FROM once AS o LEFT JOIN approval AS a USING (approval_id)
