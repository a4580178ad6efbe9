-- Approved by a person none of whose groups may review.
SELECT d.approval_id || '#' || d.seq AS item, d.t AS time, coalesce(d.by_person, d.by_label) AS person,
  a.server || ' / ' || a.tool AS what,
  'A member of ' || array_to_string(a.reviewers, ' or ') AS expected,
  CASE WHEN len(d.by_groups) = 0 THEN 'The token named no group'
    ELSE 'A member of ' || array_to_string(list_sort(d.by_groups), ', ') || ' alone' END AS found
FROM approval_decision AS d JOIN approval AS a USING (approval_id)
WHERE d.verdict = 'approve' AND NOT list_has_any(d.by_groups, a.reviewers)
  AND d.t >= $from::TIMESTAMP AND d.t < $to::TIMESTAMP
