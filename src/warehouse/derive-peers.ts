/** SQL that reads the records of other gateways into what takes part in correlation: their calls, sessions and credentials. */
import { extract, list, time } from './record-sql.js';

const FROM = 'peer_record';

const CALL = `INSERT INTO peer_call
WITH r AS (SELECT origin, x[1] AS call_id, arg_min(x[2], seq) AS status, arg_min(CAST(x[3] AS BIGINT), seq) AS ms,
    arg_min(${list('aws_request_ids')}, seq) AS ids
  FROM ${extract('result', ['call', 'status', 'ms'], FROM)} GROUP BY 1, 2)
SELECT c.origin, c.seq, c.x[1], c.x[2], c.x[3] || '|' || c.x[4], c.x[5], c.x[6], c.x[7], CAST(c.x[8] AS BOOLEAN), r.status, c.x[9], c.x[10],
  c.t, CASE WHEN c.x[8] <> 'true' THEN c.t WHEN coalesce(r.status, 'unknown') = 'unknown' THEN c.t + to_milliseconds($callTimeout)
    ELSE c.t + to_milliseconds(greatest(r.ms, 0)) END, coalesce(r.ids, [])
FROM ${extract(
  'call',
  [
    'call',
    'session',
    'principal.iss',
    'principal.sub',
    'server',
    'method',
    'target',
    'forwarded',
    'credential.access_key_id',
    'credential.role_arn',
  ],
  FROM,
)} c LEFT JOIN r ON r.origin = c.origin AND r.call_id = c.x[1]`;

const CREDENTIAL = `INSERT INTO peer_credential
SELECT origin, x[2], x[1], x[3], min(t), ${time('max(x[4])')}
FROM ${extract(
  'call',
  ['session', 'credential.access_key_id', 'credential.role_arn', 'credential.expires'],
  FROM,
)} WHERE x[2] IS NOT NULL AND x[1] IS NOT NULL GROUP BY 1, 2, 3, 4`;

/** A session whose opening is not in these records is known from its first call. */
const SESSION = `INSERT INTO peer_session
WITH s AS (SELECT origin, x[1] AS event, x[2] AS session, x[3] || '|' || x[4] AS principal, x[5] AS server, t
    FROM ${extract('session', ['event', 'session', 'principal.iss', 'principal.sub', 'server'], FROM)}
  UNION ALL SELECT origin, 'used', session_id, principal, server, start_ts FROM peer_call WHERE session_id IS NOT NULL)
SELECT s.origin, s.session, s.principal, any_value(s.server), min(s.t), max(s.t) FILTER (s.event = 'closed'), 'cs-' || s.session,
  any_value(i.source_identity), (SELECT max(k.expires_ts) FROM peer_credential k WHERE k.origin = s.origin AND k.session_id = s.session),
  bool_or(s.event = 'opened')
FROM s JOIN principal_identity i ON i.principal = s.principal GROUP BY s.origin, s.session, s.principal`;

/** Takes the parameter `$callTimeout`, milliseconds. Before it: `peer_record`. */
export const DERIVE_PEER_CALLS: readonly string[] = [CALL];

/** Needs the table `principal_identity`. */
export const DERIVE_PEER_SESSIONS: readonly string[] = [CREDENTIAL, SESSION];
