-- None of the methods is a second factor (RFC 8176 §2, and words that providers use), and no passkey signed.
SELECT d.approval_id || '#' || d.seq AS item, d.t AS time, coalesce(d.by_person, d.by_label) AS person,
  a.server || ' / ' || a.tool AS what,
  'A login with a second factor, or a passkey' AS expected,
  'A login by ' || array_to_string(list_sort(d.amr), ', ') AS found
FROM approval_decision AS d JOIN approval AS a USING (approval_id)
WHERE d.verdict = 'approve' AND len(d.amr) > 0 AND d.passkey IS NULL
  AND NOT list_has_any(d.amr, ['mfa', 'otp', 'hwk', 'swk', 'sc', 'pop', 'fpt', 'face', 'iris', 'retina', 'vbm', 'sms',
    'tel', 'mca', 'fido', 'fido2', 'webauthn', 'passkey', 'ngcmfa', 'hotp', 'totp', 'push', 'okta_verify', 'phr', 'phrh'])
  AND d.t >= $from::TIMESTAMP AND d.t < $to::TIMESTAMP
