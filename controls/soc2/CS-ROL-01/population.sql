-- Every IAM event of the period that changes a governed role or a policy attached to one, refused attempts too.
WITH role AS (
  SELECT regexp_extract(arn, '[^/]*$') AS name FROM governed_role
), attached AS (
  -- Policies that collected events show attached to a governed role.
  SELECT DISTINCT json_extract_string(request_parameters, '$.policyArn') AS arn FROM ct_event
  WHERE event_name = 'AttachRolePolicy' AND error_code IS NULL
    AND json_extract_string(request_parameters, '$.roleName') IN (SELECT name FROM role)
), changed AS (
  SELECT e.*, CASE WHEN count(*) OVER (PARTITION BY e.event_id) > 1 THEN e.event_id || '@' || e.account_id ELSE e.event_id END AS item
  FROM ct_event AS e
  WHERE e.event_source = 'iam.amazonaws.com' AND (
    (e.event_name IN ('PutRolePolicy', 'AttachRolePolicy', 'DetachRolePolicy', 'DeleteRolePolicy', 'DeleteRole',
        'UpdateRole', 'UpdateAssumeRolePolicy', 'PutRolePermissionsBoundary', 'DeleteRolePermissionsBoundary')
      AND json_extract_string(e.request_parameters, '$.roleName') IN (SELECT name FROM role))
    OR (e.event_name IN ('CreatePolicyVersion', 'SetDefaultPolicyVersion')
      AND json_extract_string(e.request_parameters, '$.policyArn') IN (SELECT arn FROM attached)))
    AND e.event_time >= $from::TIMESTAMP AND e.event_time < $to::TIMESTAMP
)
SELECT e.item, e.event_time AS time,
  coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''), e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what
FROM changed AS e
