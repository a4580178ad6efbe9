/** SQL that reads staged CloudTrail records and tells copies and conflicts apart. */

const PATHS: readonly string[] = [
  'eventID',
  'recipientAccountId',
  'eventTime',
  'eventSource',
  'eventName',
  'awsRegion',
  'sourceIPAddress',
  'userAgent',
  'errorCode',
  'userIdentity.type',
  'userIdentity.arn',
  'userIdentity.principalId',
  'userIdentity.accessKeyId',
  'userIdentity.sessionContext.sourceIdentity',
  'userIdentity.sessionContext.sessionIssuer.arn',
  'userIdentity.invokedBy',
  'userIdentity.sessionContext.attributes.mfaAuthenticated',
  'requestID',
  'sharedEventID',
  'eventCategory',
  'readOnly',
  'eventType',
  'eventVersion',
  'resources[0].ARN',
  'requestParameters.roleArn',
  'requestParameters.roleSessionName',
  'requestParameters.sourceIdentity',
  'responseElements.credentials.accessKeyId',
  'requestParameters.functionName',
  'responseElements.build.id',
];

/**
 * The role session name under which the work that an event began runs on: AWS Lambda uses the function's name, CodeBuild
 * the id of the build (their developer guides, "execution role" and "service role").
 */
const RUNS_AS = `CASE WHEN x[4] = 'lambda.amazonaws.com' AND x[5] LIKE 'Invoke%' THEN
    coalesce(nullif(regexp_extract(x[29], 'function:([^:]+)', 1), ''), nullif(split_part(x[29], ':', 1), ''))
  WHEN x[4] = 'codebuild.amazonaws.com' AND x[5] = 'StartBuild' THEN 'AWSCodeBuild-' || nullif(split_part(x[30], ':', 2), '') END`;

const ASSUME = `x[4] = 'sts.amazonaws.com' AND x[5] LIKE 'AssumeRole%'`;

/** What a line file is read into: every copy of every event. */
export const STAGE_TABLE = `CREATE TEMP TABLE ev_stage (event_id VARCHAR, account_id VARCHAR, event_time TIMESTAMP,
  event_source VARCHAR, event_name VARCHAR, region VARCHAR, source_ip VARCHAR, user_agent VARCHAR, error_code VARCHAR,
  identity_type VARCHAR, arn VARCHAR, principal_id VARCHAR, access_key_id VARCHAR, source_identity VARCHAR,
  issuer_arn VARCHAR, role_session_name VARCHAR, invoked_by VARCHAR, mfa VARCHAR, request_id VARCHAR,
  shared_event_id VARCHAR, category VARCHAR, read_only BOOLEAN, event_type VARCHAR, event_version VARCHAR,
  resource_arn VARCHAR, request_parameters JSON, assume_role_arn VARCHAR, assume_session_name VARCHAR,
  assume_source_identity VARCHAR, assume_key_id VARCHAR, runs_as VARCHAR, file_no BIGINT, idx BIGINT, content VARCHAR)`;

/** Reads one line file. One `json_extract_string` with a list of paths: a third of the time of one per field. */
export const readStage = (path: string): string => `INSERT INTO ev_stage
SELECT x[1], coalesce(x[2], ''), CAST(x[3] AS TIMESTAMP), x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11], x[12], x[13],
  x[14], x[15], nullif(regexp_extract(x[11], '^arn:[^:]+:sts::[0-9]*:assumed-role/.+/([^/]+)$', 1), ''), x[16], x[17], x[18],
  x[19], x[20], TRY_CAST(x[21] AS BOOLEAN), x[22], x[23], x[24], r->'$.requestParameters',
  CASE WHEN ${ASSUME} THEN x[25] END, CASE WHEN ${ASSUME} THEN x[26] END, CASE WHEN ${ASSUME} THEN x[27] END,
  CASE WHEN ${ASSUME} THEN x[28] END, ${RUNS_AS}, f, i, sha256(CAST(r AS VARCHAR))
FROM (SELECT f, i, r, json_extract_string(r, [${PATHS.map((path) => `'$.${path}'`).join(', ')}]) AS x
  FROM read_json('${path.replaceAll("'", "''")}', format = 'newline_delimited', compression = 'uncompressed',
    columns = {f: 'BIGINT', i: 'BIGINT', r: 'JSON'}))`;

/** Rows read per file, to compare with what was staged. */
export const STAGE_COUNTS = 'SELECT file_no, count(*) AS n FROM ev_stage GROUP BY 1 ORDER BY 1';

/**
 * Keeps one copy of each (event id, account): that of the first log by key. Needs `log_file(file_no, sha256, lookup)`.
 * What LookupEvents answers is written otherwise than in a log: beside a log it says nothing of a conflict.
 */
export const DEDUPLICATE: readonly string[] = [
  `CREATE TEMP TABLE ev_kept AS SELECT event_id, account_id, count(*) AS copies,
     coalesce(min(content) FILTER (NOT f.lookup) <> max(content) FILTER (NOT f.lookup), min(content) <> max(content) AND bool_and(f.lookup)) AS differs,
     min(struct_pack(l := f.lookup, f := file_no, i := idx)) AS p FROM ev_stage JOIN log_file f USING (file_no) GROUP BY 1, 2`,
  `INSERT INTO ct_event SELECT s.* EXCLUDE (file_no, idx, content), f.sha256, s.idx
   FROM ev_stage s JOIN ev_kept k ON k.event_id = s.event_id AND k.account_id = s.account_id AND k.p.f = s.file_no AND k.p.i = s.idx
   JOIN log_file f ON f.file_no = s.file_no`,
  `INSERT INTO ct_duplicate SELECT s.event_id, s.account_id, f.sha256, s.idx, g.sha256, k.p.i
   FROM ev_stage s JOIN ev_kept k ON k.event_id = s.event_id AND k.account_id = s.account_id AND k.copies > 1
   JOIN log_file f ON f.file_no = s.file_no JOIN log_file g ON g.file_no = k.p.f
   WHERE NOT (k.p.f = s.file_no AND k.p.i = s.idx)`,
  `INSERT INTO ct_conflict WITH c AS (SELECT s.event_id, s.account_id, s.content, f.sha256,
       f.lookup AND bool_or(NOT f.lookup) OVER (PARTITION BY s.event_id, s.account_id) AS beside
     FROM ev_stage s JOIN ev_kept k ON k.event_id = s.event_id AND k.account_id = s.account_id AND k.differs
     JOIN log_file f ON f.file_no = s.file_no)
   SELECT event_id, account_id, count(DISTINCT content), list_sort(list(DISTINCT sha256)) FROM c WHERE NOT beside GROUP BY 1, 2`,
];

/** Copies per file. */
export const DUPLICATE_COUNTS = `SELECT s.file_no, count(*) AS n FROM ev_stage s
JOIN ev_kept k ON k.event_id = s.event_id AND k.account_id = s.account_id
WHERE NOT (k.p.f = s.file_no AND k.p.i = s.idx) GROUP BY 1 ORDER BY 1`;

export const DROP_STAGE: readonly string[] = ['DROP TABLE ev_kept', 'DROP TABLE ev_stage', 'DROP TABLE log_file'];
