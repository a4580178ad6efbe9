/** Events that were loaded and are not as the files they lie in, or as the event version that is known, would have them. */
import type { TrailFinding } from '../base/trail-findings.js';
import type { Builder } from './open.js';

/** AWS CloudTrail user guide, "CloudTrail record contents": minor versions only add fields. */
const KNOWN_MAJOR = 1;

const ACCOUNTS = `SELECT path_account, account_id, count(*) AS n, min(key) AS key FROM (
  SELECT e.account_id, regexp_extract(f.key, '(?:^|/)(\\d{12})_CloudTrail_', 1) AS path_account, f.key
  FROM ct_event e JOIN (SELECT sha256, min(key) AS key FROM ct_file WHERE kind = 'log' GROUP BY 1) f ON f.sha256 = e.file)
WHERE path_account <> '' AND account_id <> '' AND path_account <> account_id GROUP BY 1, 2 ORDER BY 1, 2`;

const VERSIONS = `SELECT event_version, count(*) AS n FROM ct_event
WHERE TRY_CAST(split_part(event_version, '.', 1) AS BIGINT) > ${KNOWN_MAJOR} GROUP BY 1 ORDER BY 1`;

/** Where no trail was collected at all, that is said elsewhere. */
const ABSENT = `WITH collected AS (
  SELECT account_id FROM ct_digest UNION SELECT regexp_extract(key, '(\\d{12})_CloudTrail_', 1) FROM ct_file WHERE kind = 'log'
  UNION SELECT account_id FROM ct_event)
SELECT DISTINCT account_id FROM aws_account WHERE active AND EXISTS (FROM ct_file WHERE kind IN ('log', 'digest'))
  AND account_id NOT IN (SELECT account_id FROM collected WHERE account_id IS NOT NULL) ORDER BY 1`;

const counted = (n: unknown): string => (Number(n) === 1 ? '1 event' : `${Number(n)} events`);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Needs `ct_event`, `ct_file`, `ct_digest` and `aws_account`. */
export const trailOddities = async (builder: Builder): Promise<readonly TrailFinding[]> => {
  const accounts = (await builder.query(ACCOUNTS)).map((row): TrailFinding => {
    const [path, account] = [textOf(row['path_account']), textOf(row['account_id'])];
    const message = `${counted(row['n'])} of account ${account} in files of account ${path}, such as ${textOf(row['key'])}.`;
    return { severity: 'incomplete', code: 'ACCOUNT_DIFFERS', subject: path, message };
  });
  const versions = (await builder.query(VERSIONS)).map((row): TrailFinding => {
    const version = textOf(row['event_version']);
    const message = `${counted(row['n'])} of event version ${version}, which is newer than what is known: fields may have moved.`;
    return { severity: 'incomplete', code: 'EVENT_VERSION', subject: version, message };
  });
  const absent = (await builder.query(ABSENT)).map((row): TrailFinding => {
    const account = textOf(row['account_id']);
    const message = `no log or digest of account ${account}, which is an active account of the organisation.`;
    return { severity: 'incomplete', code: 'ACCOUNT_ABSENT', subject: account, message };
  });
  return [...accounts, ...versions, ...absent];
};
