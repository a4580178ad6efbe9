-- Every approval that a person gave in the period. The item is the request and the number of the decision's record.
SELECT d.approval_id || '#' || d.seq AS item, d.t AS time, coalesce(d.by_person, d.by_label) AS person,
  a.server || ' / ' || a.tool AS what
FROM approval_decision AS d JOIN approval AS a USING (approval_id)
WHERE d.verdict = 'approve' AND d.t >= $from::TIMESTAMP AND d.t < $to::TIMESTAMP
