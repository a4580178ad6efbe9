/**
 * An AWS account: its long-lived credentials, roles and who may take them, trails and where they write, and what IAM
 * Identity Center assigns. Sources: IAM user guide, "Getting credential reports" and "AssumeRole trust policies"; CloudTrail
 * API reference, "DescribeTrails" and "GetEventSelectors"; IAM Identity Center API reference, "ListAccountAssignments".
 */
import { canonical } from '../../base/canonical.js';
import { csvRecords } from '../../base/csv-read.js';
import { compileGlob } from '../../base/glob.js';
import { isArray, isObject, JsonError, type JsonObject, type JsonValue, parseJson, toValue } from '../../base/json.js';
import type { IdentityRow, IdentityRows } from '../../model/identity-snapshot.js';
import { IdentityError, type IdentitySource } from './source.js';

export interface AwsTrail {
  readonly arn: string;
  readonly name: string;
  readonly homeRegion: string | null;
  readonly bucket: string;
  readonly multiRegion: boolean;
  readonly organization: boolean;
  readonly validation: boolean;
  readonly logging: boolean;
  /** Selectors as the service gives them. */
  readonly selectors: JsonValue;
}

export interface AwsBucket {
  /** Text of the policy; null where there is none. */
  readonly policy: string | null;
  readonly versioning: string | null;
  readonly lockMode: string | null;
  readonly lockDays: number;
}

/** What is asked of AWS. Each follows its pages to their end. @throws IdentityError */
export interface AwsAccount {
  /** The CSV of the credential report. */
  credentialReport(): Promise<Buffer>;
  /** `trust` as the service gives it: JSON, percent-encoded. */
  roles(): Promise<readonly { readonly arn: string; readonly name: string; readonly trust: string }[]>;
  trails(): Promise<readonly AwsTrail[]>;
  bucket(name: string): Promise<AwsBucket>;
  /** Accounts of the organisation; null where it is not asked. */
  members(): Promise<readonly AwsMember[] | null>;
  /** Permission set, kind and id of who has it; null where Identity Center is not asked. */
  assignments(): Promise<readonly (readonly [set: string, kind: string, id: string])[] | null>;
}

/** An account of the organisation. */
export interface AwsMember {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  /** Milliseconds since 1970. */
  readonly joined: number | null;
}

export interface AwsSourceAsk {
  readonly account: string;
  readonly aws: AwsAccount;
  /** ARNs of roles that are left out of scope. */
  readonly exclude: readonly string[];
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  value === undefined ? [] : isArray(value) ? value : [value];

const documentOf = (text: string, what: string): JsonValue => {
  try {
    return toValue(parseJson(Buffer.from(text)));
  } catch (error) {
    if (error instanceof JsonError) throw new IdentityError(`${what} is not strict JSON: ${error.message}`);
    throw error;
  }
};

/** Ways to take a role. */
const WAYS = ['sts:assumerole', 'sts:assumerolewithsaml', 'sts:assumerolewithwebidentity'];

/** `?` fits one character in AWS; here it fits none, or any run where that finds more that is let in. */
const fits = (actions: JsonValue | undefined, way: string, question = '?'): boolean =>
  listOf(actions).some(
    (action) => typeof action === 'string' && compileGlob(action.toLowerCase().replaceAll('?', question))(way),
  );

/** Whether a statement speaks of a way. Condition keys and actions are the same in any case. */
const speaksOf = (statement: JsonObject, way: string): boolean =>
  statement['NotAction'] === undefined
    ? fits(statement['Action'], way, statement['Effect'] === 'Allow' ? '*' : '?')
    : !fits(statement['NotAction'], way);

/** Values of a condition key under operators of a form. */
const conditionValues = (statement: JsonObject, operator: RegExp, key: string): readonly string[] => {
  const conditions = isObject(statement['Condition']) ? statement['Condition'] : {};
  return Object.entries(conditions).flatMap(([name, keys]) =>
    operator.test(name) && isObject(keys)
      ? Object.entries(keys).flatMap(([own, values]) =>
          own.toLowerCase() === key ? listOf(values).filter((value) => typeof value === 'string') : [],
        )
      : [],
  );
};

const SOURCE_IDENTITY = 'sts:sourceidentity';
const EQUAL = /^String(?:Equals|Like)$/;

const isDenied = (statements: readonly JsonObject[], way: string): boolean =>
  statements.some(
    (one) =>
      one['Effect'] === 'Deny' &&
      one['Principal'] === '*' &&
      speaksOf(one, way) &&
      conditionValues(one, /^Null$/, SOURCE_IDENTITY).includes('true'),
  );

/** What a trust policy says of source identities. Each way in must ask for one. */
export const trustOf = (policy: JsonValue): { readonly governed: boolean; readonly required: boolean } => {
  const statements = isObject(policy) ? listOf(policy['Statement']).filter(isObject) : [];
  const open = WAYS.map((way) => ({
    denied: isDenied(statements, way),
    asked: statements
      .filter((one) => one['Effect'] === 'Allow' && speaksOf(one, way))
      .map((one) => conditionValues(one, EQUAL, SOURCE_IDENTITY)),
  })).filter(({ asked }) => asked.length > 0);
  return {
    governed: open.some(({ asked }) => asked.flat().some((value) => value.startsWith('cs-'))),
    required: open.length > 0 && open.every(({ denied, asked }) => denied || asked.every((one) => one.length > 0)),
  };
};

const decoded = (text: string, role: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new IdentityError(`the trust policy of ${role} is not percent-encoded as it should be`);
  }
};

const roleRow = (
  account: string,
  { arn, name, trust }: { readonly arn: string; readonly name: string; readonly trust: string },
  excluded: boolean,
): IdentityRow => {
  const policy = documentOf(decoded(trust, name), `the trust policy of ${name}`);
  const { governed, required } = trustOf(policy);
  return [arn, account, name, canonical(policy), governed, required, excluded];
};

/** `N/A`, `no_information` and `not_supported` stand where the report knows nothing. */
const timeOf = (text: string): number | null => {
  const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
};

const flagOf = (text: string): boolean | null => (text === 'true' ? true : text === 'false' ? false : null);

const COLUMNS = ['user', 'arn', 'user_creation_time', 'password_enabled', 'password_last_used', 'mfa_active'] as const;
const KEYS = ['1', '2'] as const;

const credentialRow = (account: string, cell: (column: string) => string): IdentityRow => {
  const used = KEYS.map((n) => timeOf(cell(`access_key_${n}_last_used_date`))).filter((ms) => ms !== null);
  const active = KEYS.filter((n) => cell(`access_key_${n}_active`) === 'true').length;
  const names = [account, cell('user'), cell('arn')];
  const password = [flagOf(cell('password_enabled')), timeOf(cell('password_last_used'))];
  const last = used.length === 0 ? null : Math.max(...used);
  return [...names, timeOf(cell('user_creation_time')), ...password, cell('mfa_active') === 'true', active, last];
};

/** Rows of a credential report. @throws IdentityError */
const readCredentialReport = async (account: string, report: Buffer): Promise<readonly IdentityRow[]> => {
  const rows: IdentityRow[] = [];
  let head: readonly string[] | undefined;
  for await (const record of csvRecords([report.toString('utf8')])) {
    if (head === undefined) {
      head = record;
      const missing = [...COLUMNS, ...KEYS.map((n) => `access_key_${n}_active`)].find((name) => !record.includes(name));
      if (missing !== undefined) throw new IdentityError(`the credential report has no column ${missing}`);
      continue;
    }
    const columns = head;
    rows.push(credentialRow(account, (column) => record[columns.indexOf(column)] ?? ''));
  }
  return rows;
};

const trailRow = (trail: AwsTrail): IdentityRow => {
  const { arn, name, homeRegion, bucket, multiRegion, organization, validation, logging, selectors } = trail;
  return [arn, name, homeRegion, bucket, multiRegion, organization, validation, logging, canonical(selectors)];
};

const bucketRow = (name: string, { policy, versioning, lockMode, lockDays }: AwsBucket): IdentityRow => {
  const text = policy === null ? null : canonical(documentOf(policy, `the policy of ${name}`));
  return [name, text, versioning, lockMode, lockDays];
};

const memberRow = ({ id, name, status, joined }: AwsMember): IdentityRow => [
  id,
  name,
  status,
  status === 'ACTIVE',
  joined,
];

const STEPS = ['credentials', 'roles', 'trails', 'assignments', 'accounts'];

/** One account. A bucket that may not be read, such as that of another account, is told and left out. */
export const awsSource = ({ account, aws, exclude }: AwsSourceAsk): IdentitySource => ({
  kind: 'aws',
  source: `aws:${account}`,
  read: async (onProgress, note): Promise<IdentityRows> => {
    const step = (at: number): void => onProgress(STEPS[at] ?? '', at, STEPS.length);
    step(0);
    const credentials = await readCredentialReport(account, await aws.credentialReport());
    step(1);
    const roles = (await aws.roles()).map((role) => roleRow(account, role, exclude.includes(role.arn)));
    step(2);
    const trails = await aws.trails();
    const buckets: IdentityRow[] = [];
    for (const name of new Set(trails.map(({ bucket }) => bucket))) {
      try {
        buckets.push(bucketRow(name, await aws.bucket(name)));
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error;
        note(`the bucket ${name} of a trail was left out: ${error.message}`);
      }
    }
    step(3);
    const assignments = await aws.assignments();
    step(4);
    const members = await aws.members();
    return {
      iam_credential: credentials,
      aws_role: roles,
      trail_config: trails.map(trailRow),
      trail_bucket: buckets,
      ...(members && { aws_account: members.map(memberRow) }),
      ...(assignments && { sso_assignment: assignments.map((one): IdentityRow => [account, ...one]) }),
    };
  },
});
