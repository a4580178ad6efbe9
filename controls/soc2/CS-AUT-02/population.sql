-- Every approval of the period whose token says how its owner logged in, or that a passkey signed.
SELECT d.approval_id || '#' || d.seq AS item, d.t AS time, coalesce(d.by_person, d.by_label) AS person,
  a.server || ' / ' || a.tool AS what
FROM approval_decision AS d JOIN approval AS a USING (approval_id)
WHERE d.verdict = 'approve' AND (len(d.amr) > 0 OR d.passkey IS NOT NULL)
  AND d.t >= $from::TIMESTAMP AND d.t < $to::TIMESTAMP
