/**
 * Which names and keys in AWS are whose: of which session, of nobody's although they carry a session's name, or of a
 * session by way of further roles. All from records and from AssumeRole events, which name the key they issued.
 */
import { clockAt, highMs, lowMs } from './clock.js';

const BEFORE_OPEN = `INTERVAL 60 SECOND`;
const SLACK = `INTERVAL 3 SECOND`;

/**
 * Sessions and keys with the times in which AWS can show them, by AWS's clock; unique, asserted before. An expiry is AWS's own
 * time.
 */
const SESSIONS: readonly string[] = [
  `CREATE TEMP TABLE ses AS SELECT CAST(row_number() OVER (ORDER BY session_id) AS INTEGER) AS sno, s.origin, session_id,
     role_session_name, source_identity, opened_t + to_milliseconds(${lowMs('k')}) - ${BEFORE_OPEN} AS lo,
     coalesce(expires_ts, coalesce(closed_t, opened_t + INTERVAL 1 HOUR) + to_milliseconds(greatest(${highMs('k')}, 0))) + ${SLACK} AS hi
   FROM cor_session s ${clockAt('k', 's.origin', 's.opened_t')}`,
  `CREATE TEMP TABLE ses_key AS SELECT k.access_key_id, s.sno, s.lo, k.expires_ts + ${SLACK} AS hi
     FROM cor_credential k JOIN ses s USING (session_id)`,
];

/** A key that AssumeRole issued, and who asked for it. Copies in other accounts do not name who, and say nothing here. */
const ISSUED = `CREATE TEMP TABLE issued AS
SELECT assume_key_id AS key, assume_session_name AS named, access_key_id AS by_key, role_session_name AS by_name,
  coalesce(issuer_arn, arn) AS by_arn, min(event_time) AS t
FROM ct_event WHERE assume_key_id IS NOT NULL AND error_code IS NULL GROUP BY ALL`;

/**
 * Whoever may assume a role can choose the name of a session of the gateway. Where it is known which identity issued the
 * recorded keys, a key under a session's name that another identity took is forged. A key that was merely not recorded,
 * since the server renewed it within a call, was issued by the same identity.
 */
const FORGED = `CREATE TEMP TABLE forged AS
WITH gateway AS (SELECT DISTINCT i.by_arn FROM issued i JOIN ses_key k ON k.access_key_id = i.key JOIN ses s ON s.sno = k.sno AND s.role_session_name = i.named
  WHERE i.by_arn IS NOT NULL)
SELECT DISTINCT i.key FROM issued i SEMI JOIN ses s ON s.role_session_name = i.named
WHERE i.by_arn IS NOT NULL AND EXISTS (FROM gateway) AND i.by_arn NOT IN (FROM gateway) AND i.key NOT IN (SELECT access_key_id FROM ses_key)`;

/**
 * Keys that a session took for further roles, up to five in a row. AWS ends each after an hour at the latest (IAM user
 * guide, "Role chaining").
 */
const CHAINED = `CREATE TEMP TABLE chained AS
WITH RECURSIVE own AS (SELECT * FROM issued WHERE key NOT IN (SELECT access_key_id FROM ses_key) AND key NOT IN (SELECT key FROM forged)),
hop(key, sno, t, n) AS (
  SELECT o.key, coalesce(s.sno, k.sno), o.t, 1 FROM own o
    LEFT JOIN ses s ON s.role_session_name = o.by_name AND o.t BETWEEN s.lo AND s.hi
    LEFT JOIN ses_key k ON k.access_key_id = o.by_key AND o.t BETWEEN k.lo AND k.hi
    WHERE coalesce(s.sno, k.sno) IS NOT NULL AND o.by_key NOT IN (SELECT key FROM forged)
  UNION ALL SELECT o.key, h.sno, o.t, h.n + 1 FROM hop h JOIN own o ON o.by_key = h.key
    WHERE h.n < 5 AND o.t BETWEEN h.t AND h.t + INTERVAL 1 HOUR)
SELECT key, min(sno) AS sno, min(t) AS lo, max(t) + INTERVAL 1 HOUR + ${SLACK} AS hi FROM hop GROUP BY key`;

/** Statements in order: `ses`, `ses_key`, `issued`, `forged`, `chained`. */
export const SESSION_KEYS: readonly string[] = [...SESSIONS, ISSUED, FORGED, CHAINED];

/** The temporary tables that they leave. */
export const SESSION_KEY_TABLES = ['ses', 'ses_key', 'issued', 'forged', 'chained'] as const;
