/** SQL that reads records into the gateway's tables. Each statement runs once, in this order. */

import { extract, list, time } from './record-sql.js';

const label = (seq: string): string =>
  `(SELECT any_value(coalesce(nullif(data->>'$.name', ''), nullif(data->>'$.email', '')))
    FROM record_text p WHERE p.name = 'person' AND p.seq = ${seq})`;

const person = (principal: string): string =>
  `(SELECT min(l.person) FROM person_link l WHERE l.principal = ${principal})`;

const CALL = `INSERT INTO gw_call
WITH r AS (SELECT x[1] AS call_id, arg_min(seq, seq) AS result_seq, arg_min(t, seq) AS result_t, arg_min(x[2], seq) AS status,
    arg_min(CAST(x[3] AS BIGINT), seq) AS ms, arg_min(CAST(x[4] AS BIGINT), seq) AS bytes, arg_min(d->'$.redactions', seq) AS redactions,
    arg_min(${list('aws_request_ids')}, seq) AS ids
  FROM ${extract('result', ['call', 'status', 'ms', 'bytes'])} GROUP BY 1),
c AS (SELECT *, x[3] || '|' || x[4] AS principal, CAST(x[11] AS BOOLEAN) AS forwarded FROM
  ${extract('call', [
    'call',
    'session',
    'principal.iss',
    'principal.sub',
    'principal.kind',
    'principal.client_id',
    'principal.act',
    'server',
    'method',
    'target',
    'forwarded',
    'args',
    'definition',
    'decision.effect',
    'decision.rule',
    'decision.policy',
    'decision.reason',
    'approval',
    'risk',
    'credential.access_key_id',
    'credential.role_arn',
    'credential.session_name',
    'credential.source_identity',
    'continues',
  ])})
SELECT x[1], c.seq, c.t, x[2], x[3], x[4], c.principal, coalesce(${label('c.seq')}, x[4]), ${person('c.principal')}, x[5],
  ${list('principal.groups')}, x[6], x[7], ${list('principal.amr')}, x[8], x[9], x[10], c.forwarded, x[12], x[13], x[14], x[15],
  x[16], x[17], x[18], x[19], x[20], x[21], x[22], x[23], r.result_seq, r.status, r.result_t, r.ms, r.bytes, r.redactions,
  coalesce(r.ids, []), c.t,
  CASE WHEN NOT c.forwarded THEN c.t WHEN coalesce(r.status, 'unknown') = 'unknown' THEN c.t + to_milliseconds($callTimeout)
    ELSE c.t + to_milliseconds(greatest(r.ms, 0)) END, x[24]
FROM c LEFT JOIN r ON r.call_id = c.x[1]`;

const CREDENTIAL = `INSERT INTO gw_credential
SELECT x[2] AS key, x[1] AS session, x[3] AS role, x[4] AS name, x[5] AS identity, min(t), ${time('max(x[6])')}
FROM ${extract('call', [
  'session',
  'credential.access_key_id',
  'credential.role_arn',
  'credential.session_name',
  'credential.source_identity',
  'credential.expires',
])} WHERE x[2] IS NOT NULL AND x[1] IS NOT NULL GROUP BY 1, 2, 3, 4, 5`;

/** A session whose opening is not in these records is known from its first call. */
const SESSION = `INSERT INTO gw_session
WITH s AS (SELECT x[1] AS event, x[2] AS session, x[3] || '|' || x[4] AS principal, x[5] AS server, x[6] AS revision, t, seq
    FROM ${extract('session', ['event', 'session', 'principal.iss', 'principal.sub', 'server', 'revision'])}
  UNION ALL SELECT 'used', session_id, principal, server, NULL, t, seq FROM gw_call WHERE session_id IS NOT NULL),
k AS (SELECT session_id, arg_max(role_arn, (expires_ts, access_key_id)) AS role_arn,
    arg_max(access_key_id, (expires_ts, access_key_id)) AS access_key_id, max(expires_ts) AS expires_ts
  FROM gw_credential GROUP BY 1)
SELECT s.session, s.principal, s.server, max(s.revision), min(s.t), max(s.t) FILTER (s.event = 'closed'), any_value(k.role_arn),
  'cs-' || s.session, any_value(k.access_key_id), any_value(i.source_identity), any_value(k.expires_ts)
FROM s LEFT JOIN k ON k.session_id = s.session JOIN principal_identity i ON i.principal = s.principal
GROUP BY s.session, s.principal, s.server`;

const APPROVAL_PATHS = [
  'event',
  'approval',
  'session',
  'requester.iss',
  'requester.sub',
  'server',
  'tool',
  'args',
  'definition',
  'policy',
  'rule',
  'deadline',
  'needed',
  'call',
  'by.iss',
  'by.sub',
  'by.auth_time',
  'window.uses',
  'passkey.credential',
];

const APPROVAL = `INSERT INTO approval
WITH a AS (SELECT *, x[1] AS event, x[2] AS id, ${list('reviewers')} AS reviewers, ${list('window.tools')} AS tools FROM ${extract('approval', APPROVAL_PATHS)}),
q AS (SELECT * FROM a WHERE event = 'requested'),
s AS (SELECT id, min(t) FILTER (event = 'granted') AS granted, min(t) FILTER (event = 'consumed') AS consumed,
    arg_min(x[14], seq) FILTER (event = 'consumed') AS call, count(*) FILTER (event = 'consumed') AS times,
    arg_max(x[12], seq) FILTER (event IN ('requested', 'granted')) AS deadline,
    arg_max(event, seq) FILTER (event NOT IN ('requested', 'approved')) AS last FROM a GROUP BY id)
SELECT q.id, q.x[3], q.x[4] || '|' || q.x[5], coalesce(${label('q.seq')}, q.x[5]), q.x[6], q.x[7], q.x[8], q.x[9], q.x[10],
  q.x[11], q.t, ${time('s.deadline')}, CAST(q.x[13] AS BIGINT), q.reviewers, s.granted, s.consumed, s.call, s.times,
  coalesce(s.last, 'pending'), CAST(q.x[18] AS BIGINT), q.tools
FROM q JOIN s USING (id)`;

const APPROVAL_DECISION = `INSERT INTO approval_decision
SELECT x[2], seq, t, by_principal, coalesce(${label('b.seq')}, x[16]), ${person('by_principal')},
  ${list('by.groups')}, CASE x[1] WHEN 'approved' THEN 'approve' ELSE 'deny' END, ${list('by.amr')},
  epoch_ms(CAST(x[17] AS BIGINT) * 1000), (SELECT any_value(data->>'$') FROM record_text p WHERE p.name = 'reason' AND p.seq = b.seq), x[19]
FROM (SELECT *, x[15] || '|' || x[16] AS by_principal FROM ${extract('approval', APPROVAL_PATHS)}) b
WHERE x[1] IN ('approved', 'denied') AND x[15] IS NOT NULL`;

const REFUSALS: readonly string[] = [
  `INSERT INTO auth_refused SELECT seq, t, x[1], x[2], x[3], x[4], x[5], x[6], x[7], CAST(x[8] AS BIGINT)
   FROM ${extract('auth', ['reason', 'use', 'iss', 'sub', 'kid', 'address', 'server', 'count'])}`,
  `INSERT INTO refused SELECT seq, t, x[1], x[2] || '|' || x[3], x[4], x[5], CAST(x[6] AS BIGINT)
   FROM ${extract('refuse', ['reason', 'principal.iss', 'principal.sub', 'address', 'server', 'count'])}`,
  `INSERT INTO message SELECT seq, t, x[1], x[2], x[3], x[4], x[5], x[6], coalesce(CAST(x[7] AS BOOLEAN), false)
   FROM ${extract('message', ['session', 'server', 'direction', 'kind', 'method', 'call', 'forwarded'])}`,
  `INSERT INTO probe SELECT seq, t, x[1], x[2], x[3], x[4], x[5], x[6]
   FROM ${extract('probe', ['server', 'transport', 'outcome', 'address', 'says', 'from'])}`,
  `INSERT INTO masking_failure SELECT seq, t, x[1], x[2] FROM ${extract('masking', ['call', 'problem', 'event'])}
   WHERE x[3] = 'failure'`,
  `INSERT INTO config_load SELECT seq, t, x[1], x[2], x[3], x[4], CAST(x[5] AS BOOLEAN), x[6]
   FROM ${extract('config', ['outcome', 'digest', 'policy', 'git.commit', 'git.dirty', 'reason'])}`,
];

const RUNS: readonly string[] = [
  `INSERT INTO heartbeat SELECT seq, t, boot FROM record WHERE type = 'hb'`,
  `INSERT INTO gateway_run
   WITH l AS (SELECT boot, max(t) AS last_t FROM record GROUP BY boot),
   e AS (SELECT boot, min(t) AS t, arg_min(x[1], seq) AS reason FROM ${extract('stop', ['reason'])} GROUP BY boot)
   SELECT s.boot, s.t, e.t, l.last_t, e.reason, e.t IS NOT NULL, CAST(s.x[1] AS BIGINT), s.x[2], s.x[3]
   FROM ${extract('start', ['heartbeat', 'version', 'host'])} s JOIN l USING (boot) LEFT JOIN e USING (boot)`,
];

/** Three heartbeats without a record are a silence. */
const GAPS = `INSERT INTO recording_gap
WITH r AS (SELECT seq, t, boot, lag(t) OVER (ORDER BY seq) AS before_t, lag(seq) OVER (ORDER BY seq) AS before_seq,
    lag(t) OVER (PARTITION BY boot ORDER BY seq) AS boot_t FROM record),
g AS (SELECT *, lead(started) OVER w AS next_start FROM gateway_run WINDOW w AS (ORDER BY started, boot))
SELECT from_t, to_t, epoch_ms(to_t - from_t) / 1000.0, kind, seq FROM (
  SELECT r.boot_t AS from_t, r.t AS to_t, 'silence' AS kind, r.seq FROM r JOIN gateway_run g USING (boot)
   WHERE epoch_ms(r.t) - epoch_ms(r.boot_t) > 3 * g.heartbeat_ms
  UNION ALL SELECT before_t, greatest(t, before_t), 'sequence', seq FROM r WHERE seq - coalesce(before_seq, -1) > 1 AND before_seq IS NOT NULL
  UNION ALL SELECT t, before_t, 'clock_back', seq FROM r WHERE t < before_t
  UNION ALL SELECT coalesce(g.stopped, g.last_t), greatest(g.next_start, coalesce(g.stopped, g.last_t)),
    CASE WHEN g.clean THEN 'stopped' ELSE 'unclean_restart' END, s.seq
   FROM g JOIN record s ON s.type = 'start' AND s.t = g.next_start WHERE g.next_start IS NOT NULL)`;

/** Takes the parameter `$callTimeout`, milliseconds. Before it: `record`, `record_text`, `person_link`. */
export const DERIVE_CALLS: readonly string[] = [CALL, CREDENTIAL];

/** Needs the table `principal_identity` of what each principal must show in AWS. */
export const DERIVE_REST: readonly string[] = [SESSION, APPROVAL, APPROVAL_DECISION, ...REFUSALS, ...RUNS, GAPS];

/** Every principal that has a session or a call. */
export const PRINCIPALS = `SELECT DISTINCT x[1] AS issuer, x[2] AS subject FROM
  (SELECT json_extract_string(d, ['$.principal.iss', '$.principal.sub']) AS x
    FROM (SELECT type, d FROM record UNION ALL SELECT type, d FROM peer_record) WHERE type IN ('call', 'session'))
WHERE x[1] IS NOT NULL AND x[2] IS NOT NULL ORDER BY ALL`;
