-- Created without an approved call; the more so by a role that servers use.
WITH created AS (
  SELECT e.*, CASE WHEN count(*) OVER (PARTITION BY e.event_id) > 1 THEN e.event_id || '@' || e.account_id ELSE e.event_id END AS item
  FROM ct_event AS e
  WHERE e.event_source = 'iam.amazonaws.com'
    AND (e.event_name IN ('CreateAccessKey', 'CreateLoginProfile', 'CreateServiceSpecificCredential')
      OR (e.event_name = 'UpdateAccessKey' AND json_extract_string(e.request_parameters, '$.status') = 'Active'))
    AND e.event_time >= $from::TIMESTAMP AND e.event_time < $to::TIMESTAMP
), approved AS (
  SELECT m.event_id, m.account_id FROM event_match AS m JOIN gw_call AS c USING (call_id)
  WHERE m.kind = 'MATCHED' AND c.forwarded AND c.approval_id IS NOT NULL
)
SELECT e.item, e.event_time AS time,
  coalesce(e.source_identity, e.role_session_name, regexp_replace(e.arn, '^arn:([^:]*:){4}', ''), e.identity_type, '') AS person,
  replace(e.event_source, '.amazonaws.com', '') || ' / ' || e.event_name AS what,
  'A call that a second person approved' AS expected,
  CASE WHEN e.error_code IS NOT NULL THEN 'Attempt refused by AWS: ' || e.error_code
    WHEN e.issuer_arn IN (SELECT arn FROM governed_role) THEN 'Done by a role that a server uses, without one'
    ELSE 'Done without one' END AS found
FROM created AS e
WHERE NOT EXISTS (SELECT 1 FROM approved AS a WHERE a.event_id = e.event_id AND a.account_id = e.account_id)
