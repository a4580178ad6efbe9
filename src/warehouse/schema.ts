/**
 * Tables of the warehouse: what controls may ask. Derived, rebuilt each time, never migrated.
 *
 * All times are naive TIMESTAMP in UTC. A principal is `issuer|subject`. Rows come back from
 * `Warehouse.query` as plain values: TIMESTAMP as RFC 3339 text with milliseconds and `Z`, BIGINT as number,
 * JSON as text, lists as arrays. Parameters are named: `$from` in SQL, `{ from: '2026-11-24T05:00:00.000Z' }`;
 * compare times with `t >= $from::TIMESTAMP`.
 */

import { PEER_TABLES } from './load-peers.js';
import { IDENTITY_DEFINITIONS } from './schema-identity.js';
import { REGISTER_TABLES, SCOPE_TABLES } from './schema-organization.js';
import type { TableDefinition } from './table.js';

/** What the gateway recorded. */
const GATEWAY_TABLES: readonly TableDefinition[] = [
  {
    says: 'Every record of the ledger; `d` as recorded.',
    sql: `CREATE TABLE record (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, m BIGINT NOT NULL, type VARCHAR NOT NULL,
     leaf VARCHAR NOT NULL, boot VARCHAR NOT NULL, d JSON NOT NULL)`,
  },
  {
    says: 'Payload lines that tests read: person, reason.',
    sql: `CREATE TABLE record_text (seq BIGINT NOT NULL, name VARCHAR NOT NULL, data JSON NOT NULL)`,
  },
  {
    says: 'One row per call record with its one result, where it has one. `t` = `start_ts` is the intent; `end_ts` = start + duration, or start + the call timeout where the outcome is unknown or missing. `continues`: the leg before, of a call made once more with what its answer asked for. `person` is who answers for the principal by `people:` of the configuration, NULL where nobody is named.',
    sql: `CREATE TABLE gw_call (call_id VARCHAR NOT NULL, seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, session_id VARCHAR,
     issuer VARCHAR NOT NULL, subject VARCHAR NOT NULL, principal VARCHAR NOT NULL, person_label VARCHAR NOT NULL,
     person VARCHAR, principal_kind VARCHAR NOT NULL, "groups" VARCHAR[] NOT NULL, client_id VARCHAR, actor VARCHAR,
     amr VARCHAR[] NOT NULL, server VARCHAR NOT NULL, method VARCHAR NOT NULL, target VARCHAR,
     forwarded BOOLEAN NOT NULL, args_digest VARCHAR, definition VARCHAR, decision VARCHAR NOT NULL, rule VARCHAR,
     policy VARCHAR NOT NULL, reason VARCHAR, approval_id VARCHAR, risk VARCHAR NOT NULL, access_key_id VARCHAR,
     role_arn VARCHAR, role_session_name VARCHAR, source_identity VARCHAR, result_seq BIGINT, status VARCHAR,
     result_t TIMESTAMP, duration_ms BIGINT, result_bytes BIGINT, redactions JSON, aws_request_ids VARCHAR[] NOT NULL,
     start_ts TIMESTAMP NOT NULL, end_ts TIMESTAMP NOT NULL, continues VARCHAR)`,
  },
  {
    says: 'Masked result as delivered, for a second detector.',
    sql: `CREATE TABLE gw_result_text (call_id VARCHAR NOT NULL, text VARCHAR NOT NULL)`,
  },
  {
    says: 'What the second detector found in it (kind of pattern); filled where `buildWarehouse` is given `rescan`.',
    sql: `CREATE TABLE rescan (call_id VARCHAR NOT NULL, kind VARCHAR NOT NULL)`,
  },
  {
    says: 'What calls name of AWS, by the arguments that the configuration names for the events of their tools; a masked one names nothing.',
    sql: `CREATE TABLE call_resource (seq BIGINT NOT NULL, event_source VARCHAR NOT NULL, event_name VARCHAR NOT NULL,
     resource VARCHAR NOT NULL)`,
  },
  {
    says: 'Calls whose arguments could be held against the input schema that the server listed; `problem` where they do not agree. Masked values have any type.',
    sql: `CREATE TABLE input_check (call_id VARCHAR NOT NULL, definition VARCHAR NOT NULL, problem VARCHAR)`,
  },
  {
    says: "Result of verifying the ledger's files; filled where `buildWarehouse` is given `ledgerCheck`.",
    sql: `CREATE TABLE ledger_check (origin VARCHAR NOT NULL, ok BOOLEAN NOT NULL, code VARCHAR, message VARCHAR)`,
  },
  {
    says: "`source_identity` is what the session's principal must show in AWS; `access_key_id` the latest issued.",
    sql: `CREATE TABLE gw_session (session_id VARCHAR NOT NULL, principal VARCHAR NOT NULL, server VARCHAR NOT NULL,
     revision VARCHAR, opened_t TIMESTAMP NOT NULL, closed_t TIMESTAMP, role_arn VARCHAR, role_session_name VARCHAR NOT NULL,
     access_key_id VARCHAR, source_identity VARCHAR NOT NULL, expires_ts TIMESTAMP)`,
  },
  {
    says: "Every AWS credential that a session's calls used; refreshed ones are further rows.",
    sql: `CREATE TABLE gw_credential (access_key_id VARCHAR NOT NULL, session_id VARCHAR NOT NULL, role_arn VARCHAR NOT NULL,
     role_session_name VARCHAR NOT NULL, source_identity VARCHAR NOT NULL, first_seen TIMESTAMP NOT NULL,
     expires_ts TIMESTAMP NOT NULL)`,
  },
  {
    says: '`state`: pending, granted, consumed, denied, expired, cancelled, revoked. `window_uses`: most calls of a grant for several calls, null for one call; `window_tools`: the tools it names, empty for the one asked for.',
    sql: `CREATE TABLE approval (approval_id VARCHAR NOT NULL, session_id VARCHAR NOT NULL, requester VARCHAR NOT NULL,
     requester_label VARCHAR NOT NULL, server VARCHAR NOT NULL, tool VARCHAR NOT NULL, args_digest VARCHAR NOT NULL,
     definition VARCHAR, policy VARCHAR NOT NULL, rule VARCHAR NOT NULL, requested_t TIMESTAMP NOT NULL,
     deadline TIMESTAMP NOT NULL, needed BIGINT NOT NULL, reviewers VARCHAR[] NOT NULL, granted_t TIMESTAMP,
     consumed_t TIMESTAMP, consumed_call VARCHAR, consumptions BIGINT NOT NULL, state VARCHAR NOT NULL,
     window_uses BIGINT, window_tools VARCHAR[])`,
  },
  {
    says: '`verdict`: approve, deny. `by_person` as `person` of gw_call. `passkey`: credential id of the passkey that signed it; null where the approver is asserted by the gateway.',
    sql: `CREATE TABLE approval_decision (approval_id VARCHAR NOT NULL, seq BIGINT NOT NULL, t TIMESTAMP NOT NULL,
     by_principal VARCHAR NOT NULL, by_label VARCHAR NOT NULL, by_person VARCHAR, by_groups VARCHAR[] NOT NULL,
     verdict VARCHAR NOT NULL, amr VARCHAR[] NOT NULL, auth_time TIMESTAMP, reason VARCHAR, passkey VARCHAR)`,
  },
  {
    says: 'Tokens that were refused; `count` where several stand in one record.',
    sql: `CREATE TABLE auth_refused (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, reason VARCHAR NOT NULL, use VARCHAR NOT NULL,
     issuer VARCHAR, subject VARCHAR, kid VARCHAR, address VARCHAR NOT NULL, server VARCHAR, count BIGINT NOT NULL)`,
  },
  {
    says: 'Requests refused before they became calls.',
    sql: `CREATE TABLE refused (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, reason VARCHAR NOT NULL, principal VARCHAR,
     address VARCHAR NOT NULL, server VARCHAR, count BIGINT NOT NULL)`,
  },
  {
    says: 'Each load of the configuration.',
    sql: `CREATE TABLE config_load (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, outcome VARCHAR NOT NULL, digest VARCHAR NOT NULL,
     policy VARCHAR, git_commit VARCHAR, git_dirty BOOLEAN, reason VARCHAR)`,
  },
  {
    says: 'One row per start of a gateway. `clean`: it wrote `stop`. `last_t` its last record.',
    sql: `CREATE TABLE gateway_run (boot VARCHAR NOT NULL, started TIMESTAMP NOT NULL, stopped TIMESTAMP, last_t TIMESTAMP NOT NULL,
     reason VARCHAR, clean BOOLEAN NOT NULL, heartbeat_ms BIGINT NOT NULL, version VARCHAR NOT NULL, host VARCHAR NOT NULL)`,
  },
  {
    says: 'Heartbeat records.',
    sql: `CREATE TABLE heartbeat (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, boot VARCHAR NOT NULL)`,
  },
  {
    says: '`kind`: silence (over three heartbeats without a record), unclean_restart (no `stop` before the next start), stopped (between a stop and the next start: nothing was served), sequence (numbers missing), clock_back.',
    sql: `CREATE TABLE recording_gap (from_t TIMESTAMP NOT NULL, to_t TIMESTAMP NOT NULL, seconds DOUBLE NOT NULL,
     kind VARCHAR NOT NULL, seq BIGINT NOT NULL)`,
  },
  {
    says: 'What crossed beside calls and answers.',
    sql: `CREATE TABLE message (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, session_id VARCHAR, server VARCHAR,
     direction VARCHAR NOT NULL, kind VARCHAR NOT NULL, method VARCHAR, call_id VARCHAR, forwarded BOOLEAN NOT NULL)`,
  },
  {
    says: '`doctor --bypass`: one row per server and try without the credential of the gateway. `outcome`: refused, unreachable, open, unclear, unseen (no address to try). `tried_from`: machine and user.',
    sql: `CREATE TABLE probe (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, server VARCHAR NOT NULL, transport VARCHAR NOT NULL,
     outcome VARCHAR NOT NULL, address VARCHAR, says VARCHAR NOT NULL, tried_from VARCHAR NOT NULL)`,
  },
  {
    says: 'Messages that could not be masked.',
    sql: `CREATE TABLE masking_failure (seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, call_id VARCHAR, problem VARCHAR NOT NULL)`,
  },
];

/** What AWS delivered. */
const CLOUDTRAIL_TABLES: readonly TableDefinition[] = [
  {
    says: 'One row per listed file. rows_read = out + rejected + duplicate + excluded. `reason` where it was not loaded whole. `kind`: log, digest, public_keys, insight, network, other.',
    sql: `CREATE TABLE ct_file (key VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, bytes BIGINT NOT NULL, kind VARCHAR NOT NULL,
     rows_read BIGINT NOT NULL, out BIGINT NOT NULL, rejected BIGINT NOT NULL, duplicate BIGINT NOT NULL,
     excluded BIGINT NOT NULL, reason VARCHAR)`,
  },
  {
    says: 'One row per (event_id, account_id); `file` (SHA-256 as delivered) and `idx` name the record that is kept. assume_*: of sts AssumeRole events, the role, names and key of the session it opened. `runs_as`: of an invoked function or a started build, the role session name under which its work runs on.',
    sql: `CREATE TABLE ct_event (event_id VARCHAR NOT NULL, account_id VARCHAR NOT NULL, event_time TIMESTAMP NOT NULL,
     event_source VARCHAR NOT NULL, event_name VARCHAR NOT NULL, region VARCHAR, source_ip VARCHAR, user_agent VARCHAR,
     error_code VARCHAR, identity_type VARCHAR, arn VARCHAR, principal_id VARCHAR, access_key_id VARCHAR,
     source_identity VARCHAR, issuer_arn VARCHAR, role_session_name VARCHAR, invoked_by VARCHAR, mfa VARCHAR,
     request_id VARCHAR, shared_event_id VARCHAR, category VARCHAR, read_only BOOLEAN, event_type VARCHAR,
     event_version VARCHAR, resource_arn VARCHAR, request_parameters JSON, assume_role_arn VARCHAR,
     assume_session_name VARCHAR, assume_source_identity VARCHAR, assume_key_id VARCHAR, runs_as VARCHAR, file VARCHAR NOT NULL, idx BIGINT NOT NULL)`,
  },
  {
    says: 'Further copies of kept events.',
    sql: `CREATE TABLE ct_duplicate (event_id VARCHAR NOT NULL, account_id VARCHAR NOT NULL, file VARCHAR NOT NULL,
     idx BIGINT NOT NULL, kept_file VARCHAR NOT NULL, kept_idx BIGINT NOT NULL)`,
  },
  {
    says: 'Same id and account, different content.',
    sql: `CREATE TABLE ct_conflict (event_id VARCHAR NOT NULL, account_id VARCHAR NOT NULL, variants BIGINT NOT NULL,
     files VARCHAR[] NOT NULL)`,
  },
  {
    says: '`status`: STARTING, LINKED, MISSING (its predecessor was not collected), INVALID. `signature`: valid, invalid, unsigned (no signature delivered), no_key.',
    sql: `CREATE TABLE ct_digest (key VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, account_id VARCHAR, region VARCHAR,
     start_t TIMESTAMP, end_t TIMESTAMP, status VARCHAR NOT NULL, signature VARCHAR NOT NULL, fingerprint VARCHAR,
     logs BIGINT NOT NULL, reason VARCHAR)`,
  },
  {
    says: '`state`: valid, changed, missing (named by a digest, not collected), unverified (its digest is INVALID), in_no_digest; of the last, `reason` says where no digest could name it yet.',
    sql: `CREATE TABLE ct_log_integrity (key VARCHAR NOT NULL, sha256 VARCHAR, digest_key VARCHAR, state VARCHAR NOT NULL,
     reason VARCHAR)`,
  },
  {
    says: 'Ends of each chain of digests and holes between digests; `kind`: oldest, newest, gap.',
    sql: `CREATE TABLE ct_edge (account_id VARCHAR NOT NULL, region VARCHAR NOT NULL, kind VARCHAR NOT NULL,
     from_t TIMESTAMP NOT NULL, to_t TIMESTAMP NOT NULL)`,
  },
  {
    says: 'What does not hold of the trail. `severity`: integrity, incomplete, unestablished. `subject`: an object, or account/region.',
    sql: `CREATE TABLE ct_finding (severity VARCHAR NOT NULL, code VARCHAR NOT NULL, subject VARCHAR NOT NULL,
     message VARCHAR NOT NULL)`,
  },
];

/** What correlation says. */
const MATCH_TABLES: readonly TableDefinition[] = [
  {
    says: "One row per event in scope. `tier` T1 role session name, T2 access key id, issued to the session or taken by it for a further role, T3 request id, T4 role or person and time. `kind`: MATCHED, SUPPORTING, SERVICE, RESOURCE_CONFLICT (a call covers it, and names another thing than it does), UNEXPLAINED_IN_SESSION, DERIVED (a function or build that the session began runs on under its own role), PROBABLE, BYPASS. `basis`: REQUEST_ID, RESOURCE, WINDOW, ASSUME_ROLE, INVOKED, ROLE_WINDOW, PERSON_WINDOW, or NULL. DERIVED and PROBABLE are never reconciled. `person_ok`: the event's source identity is that of the session's principal; NULL where no session binds it. MATCHED by T1 or T2 says that some call explains the event; `call_id` then is the likeliest of `candidates` calls, not a proof. `delta_s`: seconds from the end of that call, by the two clocks as they were. `peer`: the origin of another gateway's ledger, where session or call stand there.",
    sql: `CREATE TABLE event_match (event_id VARCHAR NOT NULL, account_id VARCHAR NOT NULL, event_time TIMESTAMP NOT NULL,
     session_id VARCHAR, tier VARCHAR, kind VARCHAR NOT NULL, basis VARCHAR, call_id VARCHAR, delta_s DOUBLE,
     candidates BIGINT, person_ok BOOLEAN, bind_conflict BOOLEAN NOT NULL, peer VARCHAR)`,
  },
  {
    says: 'Calls that ended ok, whose tool must leave a write event, and left none. `settled`: CloudTrail was collected beyond the time by which the event had to come.',
    sql: `CREATE TABLE call_missing (call_id VARCHAR NOT NULL, until_t TIMESTAMP NOT NULL, settled BOOLEAN NOT NULL)`,
  },
  {
    says: 'Services whose data events a logging trail records whole, by the selectors of the last snapshot; where no trail is in a snapshot, those of which data events were collected.',
    sql: `CREATE TABLE data_events (event_source VARCHAR NOT NULL)`,
  },
  {
    says: 'Calls that ended ok and whose write would be a data event of a service that is not in `data_events`: not recorded by this trail, which is not the same as missing.',
    sql: `CREATE TABLE call_unrecorded (call_id VARCHAR NOT NULL, event_source VARCHAR NOT NULL)`,
  },
  {
    says: "Interval in which AWS's clock minus the gateway's lies, milliseconds: the one that most pairs of a call and its event, and of a session's first use and its AssumeRole event, allow; `agreeing` of `pairs` do. One row per day of the gateway's clock; the row without a day holds for days without pairs, and is two seconds either way where there are none at all. `origin`: of another gateway's ledger, empty for the own.",
    sql: `CREATE TABLE clock_offset (origin VARCHAR NOT NULL, day TIMESTAMP, low_ms BIGINT NOT NULL, high_ms BIGINT NOT NULL, pairs BIGINT NOT NULL,
     agreeing BIGINT NOT NULL)`,
  },
  {
    says: 'Information produced by the entity: each input with its counts and hash.',
    sql: `CREATE TABLE dataset (name VARCHAR NOT NULL, source VARCHAR NOT NULL, locator VARCHAR NOT NULL,
     rows_read BIGINT NOT NULL, out BIGINT NOT NULL, rejected BIGINT NOT NULL, duplicate BIGINT NOT NULL,
     excluded BIGINT NOT NULL, sha256 VARCHAR NOT NULL)`,
  },
];

export const TABLES: readonly TableDefinition[] = [
  ...GATEWAY_TABLES,
  ...CLOUDTRAIL_TABLES,
  ...SCOPE_TABLES,
  ...REGISTER_TABLES,
  ...IDENTITY_DEFINITIONS,
  ...PEER_TABLES,
  ...MATCH_TABLES,
];
