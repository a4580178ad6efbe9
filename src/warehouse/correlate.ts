/**
 * Events against calls: which event does which session explain, and which none does.
 *
 * A session is bound by its role session name (T1) or an access key issued to it (T2); within it, an event is
 * explained by a call whose tool is declared to cause that operation and whose window covers it. A request id
 * seen in a result binds the call itself (T3). Calls of servers without a session credential explain at best
 * probably (T4), by role and time. The operation stands in every join key, sessions are joined by three
 * equalities and never by OR, and windows by ASOF with a running maximum: event times call windows
 * would else grow with the square of a session.
 */
import { CLOCK, clockAt, highMs, lowMs } from './clock.js';
import { SESSION_KEY_TABLES, SESSION_KEYS } from './session-keys.js';

/** Numbers of other gateways' calls begin here; those of the own ledger are far below, and both below `REACH`. */
const PEERS_FROM = 500_000_000_000;

/**
 * Calls, sessions and credentials of the own ledger (origin '') and of other gateways, which act for the same roles. What
 * stands in two ledgers counts once, the own before others.
 */
const TAKING_PART: readonly string[] = [
  `CREATE TEMP VIEW cor_call AS SELECT seq AS call_no, '' AS origin, seq, call_id, session_id, server, method, target, forwarded, status,
     access_key_id, role_arn, start_ts, end_ts, aws_request_ids FROM gw_call
   UNION ALL SELECT ${PEERS_FROM} + row_number() OVER (ORDER BY origin, seq), origin, seq, call_id, session_id, server, method, target, forwarded, status,
     access_key_id, role_arn, start_ts, end_ts, aws_request_ids FROM peer_call WHERE call_id NOT IN (SELECT call_id FROM gw_call)`,
  `CREATE TEMP VIEW cor_session AS SELECT '' AS origin, session_id, role_session_name, source_identity, opened_t, closed_t, expires_ts,
     session_id IN (SELECT d->>'$.session' FROM record WHERE type = 'session' AND (d->>'$.event') = 'opened') AS opening_recorded FROM gw_session
   UNION ALL (SELECT DISTINCT ON (session_id) origin, session_id, role_session_name, source_identity, opened_t, closed_t, expires_ts, opening_recorded
     FROM peer_session WHERE session_id NOT IN (SELECT session_id FROM gw_session) ORDER BY session_id, origin)`,
  `CREATE TEMP VIEW cor_credential AS SELECT '' AS origin, access_key_id, session_id, role_arn, first_seen, expires_ts FROM gw_credential
   UNION ALL (SELECT DISTINCT ON (access_key_id) origin, access_key_id, session_id, role_arn, first_seen, expires_ts FROM peer_credential
     WHERE access_key_id NOT IN (SELECT access_key_id FROM gw_credential) ORDER BY access_key_id, origin)`,
];

/** The operations that matter, numbered. */
const OPERATIONS: readonly string[] = [
  `CREATE TEMP TABLE op AS SELECT event_source, event_name, CAST(row_number() OVER (ORDER BY event_source, event_name) AS INTEGER) AS op_no,
     bool_or(sup) AS supporting, bool_or(NOT sup) AS mapped, min(parameter) AS parameter
   FROM (SELECT event_source, event_name, resource_parameter AS parameter, false AS sup FROM tool_aws_map
     UNION ALL SELECT event_source, event_name, NULL, true FROM supporting_op)
   GROUP BY event_source, event_name`,
];

const REQUESTS = `CREATE TEMP TABLE req AS
SELECT request_id, min(call_no) AS call_no FROM (SELECT unnest(aws_request_ids) AS request_id, call_no FROM cor_call) GROUP BY 1`;

/**
 * A request id explains only within five minutes of its call, and never an event of another session: a result may
 * list request ids of other people's events.
 */
const NAMED_REQUESTS = `CREATE TEMP TABLE req_at AS
SELECT r.request_id, r.call_no, c.role_arn IS NULL AS shared, s.sno, c.start_ts + to_milliseconds(${lowMs('k')}) - INTERVAL 5 MINUTE AS lo,
  c.end_ts + to_milliseconds(${highMs('k')}) + INTERVAL 5 MINUTE AS hi
FROM req r JOIN cor_call c USING (call_no) LEFT JOIN ses s USING (session_id) ${clockAt('k', 'c.origin', 'c.start_ts')}`;

/**
 * AWS-managed MCP servers name themselves as caller, address or agent of what they do (such as `aws-mcp.amazonaws.com`).
 * They act for whoever asked them, so they are no service of AWS's own: in scope wherever the mark stands.
 */
const MANAGED_MCP = ['e.invoked_by', 'e.source_ip', 'e.user_agent', 'e.event_source']
  .map((column) => `coalesce(${column} LIKE '%-mcp.amazonaws.com%', false)`)
  .join(' OR ');

/**
 * Events in scope: of a governed role, bound to a session, named by a result, of a person of the gateway, or of an
 * AWS-managed MCP server.
 */
const BOUND = `CREATE TEMP TABLE ev AS
WITH b AS (
  SELECT e.event_id, e.account_id, e.event_time AS t, ${MANAGED_MCP} AS mcp, e.invoked_by IS NOT NULL AND NOT mcp AS svc, e.issuer_arn, e.error_code, e.runs_as, e.role_session_name,
    CASE WHEN o.mapped THEN o.op_no END AS op_no, json_extract_string(e.request_parameters, o.parameter) AS res, coalesce(o.supporting, false) AS supp,
    CASE WHEN f.key IS NULL THEN coalesce(a.sno, k.sno, h.sno) END AS own, CASE WHEN u.key IS NULL THEN coalesce(b.sno, n.sno) END AS opened,
    CASE WHEN a.sno IS NOT NULL OR (k.sno IS NULL AND h.sno IS NULL AND b.sno IS NOT NULL) THEN 'T1' WHEN coalesce(k.sno, h.sno, n.sno) IS NOT NULL THEN 'T2' END AS bind_tier,
    coalesce(a.sno <> k.sno, false) OR coalesce(b.sno <> n.sno, false) AS bind_conflict,
    coalesce(e.source_identity, e.assume_source_identity) AS identity, p.source_identity AS known_person,
    g.arn IS NOT NULL AS governed, e.assume_role_arn IN (SELECT arn FROM governed_role) AND e.error_code IS NULL AS assumes,
    r.call_no AS req_call, r.shared AS req_shared, r.sno AS req_sno, e.event_time BETWEEN r.lo AND r.hi AS req_near
  FROM ct_event e
  LEFT JOIN ses a ON a.role_session_name = e.role_session_name AND e.event_time BETWEEN a.lo AND a.hi
  LEFT JOIN ses_key k ON k.access_key_id = e.access_key_id AND e.event_time BETWEEN k.lo AND k.hi
  LEFT JOIN chained h ON h.key = e.access_key_id AND e.event_time BETWEEN h.lo AND h.hi
  LEFT JOIN forged f ON f.key = e.access_key_id
  LEFT JOIN forged u ON u.key = e.assume_key_id
  LEFT JOIN ses b ON b.role_session_name = e.assume_session_name AND e.event_time BETWEEN b.lo AND b.hi
  LEFT JOIN ses_key n ON n.access_key_id = e.assume_key_id AND e.event_time BETWEEN n.lo AND n.hi
  LEFT JOIN req_at r ON r.request_id = e.request_id
  LEFT JOIN op o ON o.event_source = e.event_source AND o.event_name = e.event_name
  LEFT JOIN governed_role g ON g.arn = e.issuer_arn
  LEFT JOIN (SELECT DISTINCT source_identity FROM ses) p ON p.source_identity = e.source_identity
), scoped AS (
  SELECT b.* EXCLUDE (role_session_name), CASE WHEN own IS NULL AND governed THEN role_session_name END AS role_session_name, coalesce(own, opened) AS sno, own IS NULL AND opened IS NOT NULL AS assume FROM b
  WHERE governed OR mcp OR own IS NOT NULL OR opened IS NOT NULL OR req_call IS NOT NULL OR coalesce(assumes, false) OR known_person IS NOT NULL
)
SELECT s.* EXCLUDE (req_shared, req_sno, req_near), CASE WHEN req_near AND (req_sno = own OR (own IS NULL AND req_shared)) THEN req_call END AS t3_call,
  n.res AS t3_res, CAST(row_number() OVER () AS INTEGER) AS eno
FROM scoped s LEFT JOIN named n ON n.call_no = s.req_call AND n.op_no = s.op_no`;

/** In scope only by a request id that does not hold: not ours. */
const DISOWN = `DELETE FROM ev WHERE t3_call IS NULL AND NOT governed AND NOT mcp AND own IS NULL AND opened IS NULL
  AND NOT coalesce(assumes, false) AND known_person IS NULL`;

/** What calls name, by operation; unique, since a call has one entry per operation of its tool. */
const NAMED = `CREATE TEMP TABLE named AS SELECT call_no, o.op_no, min(resource) AS res
FROM (SELECT seq AS call_no, event_source, event_name, resource FROM call_resource
  UNION ALL SELECT c.call_no, r.event_source, r.event_name, r.resource FROM peer_call_resource r JOIN cor_call c ON c.origin = r.origin AND c.seq = r.seq)
JOIN op o USING (event_source, event_name) GROUP BY ALL`;

/** When the events of a call may come. `shared_role`: of a server whose calls carry no credential of their own. */
const WINDOWS = `CREATE TEMP TABLE call_win AS
SELECT s.sno, s.source_identity AS person, CASE WHEN c.access_key_id IS NULL THEN v.role_arn END AS shared_role, o.op_no,
  c.call_no, n.res, m.write AND c.origin = '' AND c.status IS NOT DISTINCT FROM 'ok' AS expected,
  NOT m.data OR o.event_source IN (SELECT event_source FROM data_events) AS recorded,
  date_trunc('second', c.start_ts + to_milliseconds(${lowMs('k')} - 50)) AS lo,
  c.end_ts + to_milliseconds(${highMs('k')} + 50) + to_milliseconds(CAST(m.async_s * 1000 AS BIGINT)) AS hi
FROM cor_call c JOIN tool_aws_map m ON m.server = c.server AND m.tool = c.target JOIN op o USING (event_source, event_name)
JOIN server v ON v.id = c.server LEFT JOIN ses s USING (session_id) LEFT JOIN named n ON n.call_no = c.call_no AND n.op_no = o.op_no
${clockAt('k', 'c.origin', 'c.start_ts')}
WHERE c.forwarded AND c.method = 'tools/call'`;

/** A time and a call in one number, so that one running maximum finds both: milliseconds before twelve digits of the call. */
const REACH = 1_000_000_000_000;

/**
 * For each event, a call whose window covers it, among those with the same key and operation, and how many calls' windows
 * do: the call that began last, or where that has ended before the event, the one whose window reaches farthest. A running
 * maximum finds the latter, and two running sums the number, what began less what ended: joining or counting pairs would
 * grow with the square of a session.
 */
const asOf = (name: string, key: string, windows: string, events: string): readonly string[] => [
  `CREATE TEMP TABLE w_${name} AS SELECT *, max(CAST(epoch_ms(hi) AS HUGEINT) * ${REACH} + call_no) OVER w AS reach, sum(n) OVER w AS begun FROM
   (SELECT ${key} AS k, op_no, lo, max(hi) AS hi, arg_max(call_no, (hi, call_no)) AS call_no, count(*) AS n
    FROM call_win WHERE ${key} IS NOT NULL AND ${windows} GROUP BY ALL) WINDOW w AS (PARTITION BY k, op_no ORDER BY lo)`,
  `CREATE TEMP TABLE h_${name} AS SELECT *, sum(n) OVER (PARTITION BY k, op_no ORDER BY hi) AS ended FROM
   (SELECT ${key} AS k, op_no, hi, count(*) AS n FROM call_win WHERE ${key} IS NOT NULL AND ${windows} GROUP BY ALL)`,
  `CREATE TEMP TABLE m_${name} AS
   WITH hit AS (SELECT e.eno, e.t, e.k, e.op_no, w.begun, CASE WHEN e.t <= w.hi THEN w.call_no ELSE CAST(w.reach % ${REACH} AS BIGINT) END AS call_no
     FROM (${events}) e ASOF JOIN w_${name} w ON w.k = e.k AND w.op_no = e.op_no AND e.t >= w.lo WHERE epoch_ms(e.t) <= w.reach // ${REACH})
   SELECT h.eno, h.call_no, CAST(h.begun - coalesce(d.ended, 0) AS BIGINT) AS candidates
   FROM hit h ASOF LEFT JOIN h_${name} d ON d.k = h.k AND d.op_no = h.op_no AND h.t > d.hi`,
];

/**
 * What both sides name must agree: an event that names something is explained by a call that names the same, else by
 * one that names nothing. Where only calls cover it that name something else, it is theirs by time and not by content.
 */
const byResource = (name: string, key: string, events: string, windows = 'true'): readonly string[] => [
  ...asOf(
    `${name}_same`,
    `${key} || ' ' || res`,
    windows,
    `SELECT * EXCLUDE (k), k || ' ' || res AS k FROM (${events}) WHERE res IS NOT NULL`,
  ),
  ...asOf(`${name}_any`, key, windows, `${events} AND res IS NULL`),
  ...asOf(
    `${name}_silent`,
    key,
    `res IS NULL AND ${windows}`,
    `${events} AND res IS NOT NULL AND eno NOT IN (SELECT eno FROM m_${name}_same)`,
  ),
  `CREATE TEMP TABLE m_${name} AS SELECT *, true AS by_resource FROM m_${name}_same UNION ALL SELECT *, false FROM m_${name}_any
   UNION ALL SELECT *, false FROM m_${name}_silent`,
];

const OWN = 'SELECT *, own AS k FROM ev WHERE t3_call IS NULL AND own IS NOT NULL AND op_no IS NOT NULL';
const UNBOUND = 't3_call IS NULL AND sno IS NULL AND NOT svc AND op_no IS NOT NULL';

const BY_ROLE = `SELECT *, issuer_arn AS k FROM ev WHERE ${UNBOUND} AND governed`;
const BY_PERSON = `SELECT *, identity AS k FROM ev WHERE ${UNBOUND} AND NOT governed AND known_person IS NOT NULL`;

/**
 * The person's window is for roles that a session assumed in turn. In a governed role the session's own name or key must
 * stand: whoever may assume it can choose the source identity of another.
 */
const MATCHES: readonly string[] = [
  ...byResource('own', 'sno', OWN),
  ...asOf('other', 'sno', 'true', `${OWN} AND res IS NOT NULL AND eno NOT IN (SELECT eno FROM m_own)`),
  // Few roles and people have such events: the calls of all others need no windows.
  ...byResource('role', 'shared_role', BY_ROLE, `shared_role IN (SELECT k FROM (${BY_ROLE}))`),
  ...byResource('person', 'person', BY_PERSON, `person IN (SELECT k FROM (${BY_PERSON}))`),
];

/**
 * What a session invoked runs on under a role of its own, unmarked: linked by the role session name, as long as AWS lets
 * such work run (a function 15 minutes, a build 36 hours). Not proof, since whoever may assume the role can take that name.
 */
const DERIVED: readonly string[] = [
  `CREATE TEMP TABLE spawn AS SELECT e.runs_as, e.t - INTERVAL 1 SECOND AS lo, any_value(e.sno) AS sno, min(coalesce(e.t3_call, w.call_no)) AS call_no
   FROM ev e LEFT JOIN m_own w USING (eno) WHERE e.own IS NOT NULL AND e.runs_as IS NOT NULL AND e.error_code IS NULL GROUP BY e.runs_as, e.t`,
  `CREATE TEMP TABLE m_derived AS SELECT e.eno, p.sno AS from_sno, p.call_no FROM (FROM ev WHERE sno IS NULL AND t3_call IS NULL AND governed) e
   ASOF JOIN spawn p ON p.runs_as = e.role_session_name AND e.t >= p.lo
   WHERE e.t <= p.lo + CASE WHEN p.runs_as LIKE 'AWSCodeBuild-%' THEN INTERVAL 36 HOUR ELSE INTERVAL 16 MINUTE END`,
];

/** The status is exact; which of several covering calls caused an event, only a request id tells. */
const RESULT = `INSERT INTO event_match
WITH j AS (SELECT e.*, w.call_no AS own_call, coalesce(r.call_no, p.call_no) AS maybe_call, x.call_no AS other_call, r.call_no IS NOT NULL AS by_role, d.from_sno, d.call_no AS spawn_call,
    coalesce(w.by_resource, r.by_resource, p.by_resource, false) AS by_resource,
    CASE WHEN e.t3_call IS NOT NULL THEN 1 ELSE coalesce(w.candidates, x.candidates, r.candidates, p.candidates) END AS candidates,
    CASE WHEN e.t3_call IS NOT NULL THEN CASE WHEN e.t3_res <> e.res THEN 'RESOURCE_CONFLICT' ELSE 'MATCHED' END
      WHEN w.call_no IS NOT NULL THEN 'MATCHED' WHEN e.svc THEN 'SERVICE'
      WHEN e.assume OR (e.sno IS NOT NULL AND e.supp) THEN 'SUPPORTING' WHEN x.call_no IS NOT NULL THEN 'RESOURCE_CONFLICT'
      WHEN e.sno IS NOT NULL THEN 'UNEXPLAINED_IN_SESSION'
      WHEN d.eno IS NOT NULL THEN 'DERIVED' WHEN coalesce(r.call_no, p.call_no) IS NOT NULL THEN 'PROBABLE' ELSE 'BYPASS' END AS kind
  FROM ev e LEFT JOIN m_own w USING (eno) LEFT JOIN m_other x USING (eno) LEFT JOIN m_role r USING (eno) LEFT JOIN m_person p USING (eno)
    LEFT JOIN m_derived d USING (eno)),
c AS (SELECT *, CASE kind WHEN 'MATCHED' THEN coalesce(t3_call, own_call) WHEN 'RESOURCE_CONFLICT' THEN coalesce(t3_call, other_call)
    WHEN 'PROBABLE' THEN maybe_call WHEN 'DERIVED' THEN spawn_call END AS call_no,
    CASE kind WHEN 'DERIVED' THEN from_sno END AS spawned_sno FROM j)
SELECT c.event_id, c.account_id, c.t, coalesce(s.session_id, f.session_id, g.session_id),
  CASE WHEN c.t3_call IS NOT NULL THEN 'T3' WHEN c.kind = 'PROBABLE' THEN 'T4' WHEN c.sno IS NOT NULL THEN c.bind_tier END, c.kind,
  CASE WHEN c.t3_call IS NOT NULL THEN 'REQUEST_ID' WHEN c.kind = 'DERIVED' THEN 'INVOKED' WHEN c.call_no IS NOT NULL AND c.by_resource THEN 'RESOURCE'
    WHEN c.kind IN ('MATCHED', 'RESOURCE_CONFLICT') THEN 'WINDOW' WHEN c.kind = 'PROBABLE' AND c.by_role THEN 'ROLE_WINDOW'
    WHEN c.kind = 'PROBABLE' THEN 'PERSON_WINDOW' WHEN c.kind = 'SUPPORTING' AND c.assume THEN 'ASSUME_ROLE' END,
  g.call_id, (epoch_ms(c.t) - epoch_ms(g.end_ts)) / 1000.0, CASE WHEN c.kind = 'DERIVED' AND c.call_no IS NOT NULL THEN 1 WHEN c.call_no IS NOT NULL THEN c.candidates END,
  CASE WHEN c.sno IS NOT NULL AND c.kind <> 'SERVICE' THEN coalesce(c.identity = s.source_identity, false) END,
  c.bind_conflict, coalesce(nullif(s.origin, ''), nullif(f.origin, ''), q.origin)
FROM c LEFT JOIN ses s ON s.sno = c.sno LEFT JOIN ses f ON f.sno = c.spawned_sno LEFT JOIN cor_call g ON g.call_no = c.call_no
  LEFT JOIN (SELECT call_no, origin FROM cor_call WHERE origin <> '') q ON q.call_no = c.call_no`;

/** The side of the calls of a key: a call that names something is met by an event that names the same, or nothing. */
const hits = (key: string, done: string): readonly string[] =>
  [
    [`w.res IS NULL`, 'true', 'true'],
    [`w.res IS NOT NULL`, 'e.res IS NOT NULL', 'e.res = w.res'],
    [`w.res IS NOT NULL`, 'e.res IS NULL', 'true'],
  ].map(
    ([calls, events, same]) => `SELECT w.call_no FROM (FROM w WHERE ${calls}) w
   ASOF JOIN (FROM ${done} e WHERE ${events}) e ON e.k = w.${key} AND e.op_no = w.op_no AND ${same === 'true' ? '' : `${same} AND `}w.lo <= e.t WHERE e.t <= w.hi`,
  );

/** From the call's side any event in the window will do: the best match of each event would flag calls that share one. */
const MISSING = `INSERT INTO call_missing
WITH w AS (SELECT DISTINCT call_no, sno, shared_role, op_no, res, lo, hi FROM call_win WHERE expected AND recorded AND (sno IS NOT NULL OR shared_role IS NOT NULL)
    AND call_no NOT IN (SELECT t3_call FROM ev WHERE t3_call IS NOT NULL AND op_no IS NOT NULL AND error_code IS NULL
      AND coalesce(t3_res = res, true))),
 done AS (SELECT own AS k, op_no, res, t FROM ev WHERE own IS NOT NULL AND op_no IS NOT NULL AND error_code IS NULL),
 role_done AS (SELECT issuer_arn AS k, op_no, res, t FROM ev WHERE sno IS NULL AND governed AND op_no IS NOT NULL AND error_code IS NULL),
 hit AS (${[...hits('sno', 'done'), ...hits('shared_role', 'role_done')].join('\n   UNION ALL ')}),
 seen AS (SELECT greatest((SELECT max(event_time) FROM ct_event), (SELECT max(end_t) FROM ct_digest WHERE status <> 'INVALID')) AS until_t)
SELECT c.call_id, max(w.hi), coalesce(max(w.hi) <= any_value(seen.until_t), false)
FROM w JOIN gw_call c ON c.seq = w.call_no CROSS JOIN seen WHERE w.call_no NOT IN (SELECT call_no FROM hit) GROUP BY c.call_id`;

/** Where every write of a call would be a data event that no trail records, its absence says nothing. */
const UNRECORDED = `INSERT INTO call_unrecorded SELECT c.call_id, min(o.event_source)
FROM call_win w JOIN op o USING (op_no) JOIN gw_call c ON c.seq = w.call_no WHERE w.expected GROUP BY c.call_id HAVING NOT bool_or(w.recorded)`;

const TEMPORARY = [
  ...SESSION_KEY_TABLES,
  'spawn',
  'm_derived',
  'op',
  'named',
  'req',
  'req_at',
  'ev',
  'call_win',
  'm_own',
  'm_role',
  'm_person',
];
const DROPS: readonly string[] = TEMPORARY.concat(
  [
    'other',
    ...['own', 'role', 'person'].flatMap((name) => ['same', 'any', 'silent'].map((how) => `${name}_${how}`)),
  ].flatMap((name) => [`w_${name}`, `h_${name}`, `m_${name}`]),
)
  .map((table) => `DROP TABLE ${table}`)
  .concat(['cor_call', 'cor_session', 'cor_credential'].map((view) => `DROP VIEW ${view}`));

/** Statements in order. Before them: the gateway's, CloudTrail's and the scope tables. */
export const CORRELATE: readonly string[] = [
  ...TAKING_PART,
  REQUESTS,
  ...CLOCK,
  ...SESSION_KEYS,
  ...OPERATIONS,
  NAMED_REQUESTS,
  NAMED,
  BOUND,
  DISOWN,
  WINDOWS,
  ...MATCHES,
  ...DERIVED,
  RESULT,
  MISSING,
  UNRECORDED,
  ...DROPS,
];
