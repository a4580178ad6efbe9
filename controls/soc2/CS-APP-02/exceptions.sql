-- Approved by the requester, or by another account or agent of the same person.
SELECT d.approval_id || '#' || d.seq AS item, d.t AS time, coalesce(d.by_person, d.by_label) AS person,
  a.server || ' / ' || a.tool AS what,
  'A person other than the requester approves' AS expected,
  CASE
    WHEN d.by_principal = a.requester THEN 'The requester approved'
    ELSE 'Requester and approver belong to ' || d.by_person
  END AS found
FROM approval_decision AS d JOIN approval AS a USING (approval_id)
WHERE d.verdict = 'approve' AND d.t >= $from::TIMESTAMP AND d.t < $to::TIMESTAMP
  AND (d.by_principal = a.requester OR EXISTS (
    SELECT 1 FROM person_link AS l WHERE l.principal = a.requester AND l.person = d.by_person
  ))
