/** SQL that reads the parts of CloudTrail logs and tells copies and conflicts apart. */
import { FIELDS } from '../base/trail-scan/fields.js';

/** Half-open, milliseconds since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * The role session name under which the work that an event began runs on: AWS Lambda uses the function's name, CodeBuild
 * the id of the build (their developer guides, "execution role" and "service role").
 */
const RUNS_AS = `CASE WHEN event_source = 'lambda.amazonaws.com' AND event_name LIKE 'Invoke%' THEN
    coalesce(nullif(regexp_extract(function_name, 'function:([^:]+)', 1), ''), nullif(split_part(function_name, ':', 1), ''))
  WHEN event_source = 'codebuild.amazonaws.com' AND event_name = 'StartBuild' THEN 'AWSCodeBuild-' || nullif(split_part(build_id, ':', 2), '') END`;

const ASSUME = `event_source = 'sts.amazonaws.com' AND event_name LIKE 'AssumeRole%'`;
const SESSION_NAME = `nullif(regexp_extract(arn, '^arn:[^:]+:sts::[0-9]*:assumed-role/.+/([^/]+)$', 1), '')`;

/** Columns of a part that are the fields of an event, in the order of `FIELDS`. */
const VALUES = [
  'event_id',
  'account_id',
  'event_time',
  'event_source',
  'event_name',
  'region',
  'source_ip',
  'user_agent',
  'error_code',
  'identity_type',
  'arn',
  'principal_id',
  'access_key_id',
  'source_identity',
  'issuer_arn',
  'invoked_by',
  'mfa',
  'request_id',
  'shared_event_id',
  'category',
  'read_only',
  'event_type',
  'event_version',
  'resource_arn',
  'assume_role_arn',
  'assume_session_name',
  'assume_source_identity',
  'assume_key_id',
  'function_name',
  'build_id',
] as const;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** One `json_extract_string` with a list of paths: a third of the time of one per field. */
const PATHS = FIELDS.slice(0, VALUES.length).map((path) => quoted(`$.${path}`));

/** A value of a record that is there as its text alone. */
const extracted = (name: (typeof VALUES)[number], i: number): string =>
  name === 'event_time' ? `CAST(x[${i + 1}] AS TIMESTAMP) AS event_time` : `x[${i + 1}] AS ${name}`;

/** Every copy of every event of the parts. Plain ones have their values; what they are of others, DuckDB says. */
const rowsOf = (parts: readonly string[]): string => {
  const part = `read_parquet([${parts.map(quoted).join(', ')}], filename = true)`;
  const outer = 'filename, file, idx, content, request_parameters';
  return `SELECT ${outer}, ${VALUES.join(', ')} FROM ${part} WHERE record IS NULL
UNION ALL SELECT filename, file, idx, unhex(sha256(CAST(r AS VARCHAR))) AS content, r->'$.requestParameters' AS request_parameters,
  ${VALUES.map(extracted).join(', ')}
FROM (SELECT filename, file, idx, r, json_extract_string(r, [${PATHS.join(', ')}]) AS x
  FROM (SELECT filename, file, idx, json_extract(record, '$') AS r FROM ${part} WHERE record IS NOT NULL))`;
};

/** Needs `log_file(part, sha256, file_no, lookup)`. */
export const readParts = (parts: readonly string[]): string => `CREATE TEMP VIEW ev_all AS
SELECT event_id, coalesce(account_id, '') AS account_id, event_time, event_source, event_name, region, source_ip, user_agent,
  error_code, identity_type, arn, principal_id, access_key_id, source_identity, issuer_arn,
  ${SESSION_NAME} AS role_session_name, invoked_by, mfa, request_id, shared_event_id, category,
  TRY_CAST(read_only AS BOOLEAN) AS read_only, event_type, event_version, resource_arn, request_parameters,
  CASE WHEN ${ASSUME} THEN assume_role_arn END AS assume_role_arn,
  CASE WHEN ${ASSUME} THEN assume_session_name END AS assume_session_name,
  CASE WHEN ${ASSUME} THEN assume_source_identity END AS assume_source_identity,
  CASE WHEN ${ASSUME} THEN assume_key_id END AS assume_key_id, ${RUNS_AS} AS runs_as,
  f.file_no, CAST(idx AS BIGINT) AS idx, content, f.sha256 AS sha256, f.lookup AS lookup
FROM (${rowsOf(parts)}) p JOIN log_file f ON f.part = p.filename AND f.sha256 = p.file`;

const time = (ms: number): string => `make_timestamp(${ms * 1000})`;

/** The events that are kept or copies of those: all, or those within a window. */
export const stageWithin = (window: Window | undefined): string => {
  const within =
    window === undefined ? '' : ` WHERE event_time >= ${time(window.from)} AND event_time < ${time(window.to)}`;
  return `CREATE TEMP VIEW ev_stage AS SELECT * FROM ev_all${within}`;
};

/** Rows read per file, to compare with what the parts should hold. */
export const READ_COUNTS = 'SELECT file_no, count(*) AS n FROM ev_all GROUP BY 1 ORDER BY 1';
export const STAGE_COUNTS = 'SELECT file_no, count(*) AS n FROM ev_stage GROUP BY 1 ORDER BY 1';

/**
 * Keeps one copy of each (event id, account): that of the first log by key. What LookupEvents answers is written
 * otherwise than in a log: beside a log it says nothing of a conflict. A hash of 64 bits finds the few events that may be
 * there twice, so that only those are grouped.
 */
export const DEDUPLICATE: readonly string[] = [
  `CREATE TEMP TABLE ev_twice AS SELECT h FROM (SELECT hash(event_id, account_id) AS h FROM ev_stage) GROUP BY h HAVING count(*) > 1`,
  `CREATE TEMP TABLE ev_copy AS SELECT event_id, account_id, content, file_no, idx, sha256, lookup FROM ev_stage
   WHERE hash(event_id, account_id) IN (FROM ev_twice)`,
  `CREATE TEMP TABLE ev_kept AS SELECT event_id, account_id,
     coalesce(min(content) FILTER (NOT lookup) <> max(content) FILTER (NOT lookup), min(content) <> max(content) AND bool_and(lookup)) AS differs,
     min(struct_pack(l := lookup, f := file_no, i := idx)) AS p, count(*) AS copies FROM ev_copy GROUP BY 1, 2`,
  `CREATE TEMP TABLE ev_further AS SELECT s.event_id, s.account_id, s.file_no, s.sha256, s.idx, k.p
   FROM ev_copy s JOIN ev_kept k USING (event_id, account_id) WHERE NOT (k.p.f = s.file_no AND k.p.i = s.idx)`,
  `INSERT INTO ct_event SELECT s.* EXCLUDE (file_no, idx, content, sha256, lookup), s.sha256, s.idx
   FROM ev_stage s ANTI JOIN ev_further c ON c.file_no = s.file_no AND c.idx = s.idx`,
  `INSERT INTO ct_duplicate SELECT c.event_id, c.account_id, c.sha256, c.idx, g.sha256, c.p.i
   FROM ev_further c JOIN log_file g ON g.file_no = c.p.f`,
  `INSERT INTO ct_conflict WITH c AS (SELECT s.event_id, s.account_id, s.content, s.sha256,
       s.lookup AND bool_or(NOT s.lookup) OVER (PARTITION BY s.event_id, s.account_id) AS beside
     FROM ev_copy s JOIN ev_kept k ON k.event_id = s.event_id AND k.account_id = s.account_id AND k.differs)
   SELECT event_id, account_id, count(DISTINCT content), list_sort(list(DISTINCT sha256)) FROM c WHERE NOT beside GROUP BY 1, 2`,
];

/** Copies per file. */
export const DUPLICATE_COUNTS = 'SELECT file_no, count(*) AS n FROM ev_further GROUP BY 1 ORDER BY 1';

export const DROP_STAGE: readonly string[] = [
  'DROP VIEW ev_stage',
  'DROP VIEW ev_all',
  'DROP TABLE ev_further',
  'DROP TABLE ev_kept',
  'DROP TABLE ev_copy',
  'DROP TABLE ev_twice',
  'DROP TABLE log_file',
];
