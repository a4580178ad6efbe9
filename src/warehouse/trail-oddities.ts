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

const counted = (n: unknown): string => (Number(n) === 1 ? '1 event' : `${Number(n)} events`);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Needs `ct_event` and `ct_file`. */
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
  return [...accounts, ...versions];
};
