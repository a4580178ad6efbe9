/** `AwsAccount` over the AWS SDK, which is loaded when the first collection needs it. */
import type { CloudTrailClient, Trail } from '@aws-sdk/client-cloudtrail';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import type { DefaultRetention, S3Client } from '@aws-sdk/client-s3';
import type { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import { AWS_TIMEOUTS, awsCredentials, awsFailure, quietAws } from '../../base/aws-client.js';
import { JsonError, type JsonValue, parseJson, toValue } from '../../base/json.js';
import type { Sleep } from '../../base/pace.js';
import type { AwsIdentitySettings } from '../../model/identity-source-settings.js';
import type { AwsAccount, AwsBucket, AwsMember, AwsTrail } from './aws.js';
import { IdentityError } from './source.js';

const RETRIES = { retryMode: 'adaptive', maxAttempts: 6 } as const;
/** AWS makes a report in seconds, and at most every four hours. */
const REPORT_TRIES = 30;
const REPORT_WAIT = 2_000;

/** Names the operation that failed, and why. */
const asked = async <T>(operation: string, request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    throw new IdentityError(`${operation}: ${awsFailure(error).problem}`);
  }
};

/** An answer, or undefined where AWS says by this error that there is none. */
const unless = async <T>(operation: string, none: string, request: Promise<T>): Promise<T | undefined> => {
  try {
    return await request;
  } catch (error) {
    if (awsFailure(error).name === none) return undefined;
    throw new IdentityError(`${operation}: ${awsFailure(error).problem}`);
  }
};

type Iam = typeof import('@aws-sdk/client-iam');

const reportOf = async (iam: IAMClient, api: Iam, sleep: Sleep): Promise<Buffer> => {
  for (let tries = 0; tries < REPORT_TRIES; tries++) {
    const { State } = await asked(
      'iam:GenerateCredentialReport',
      iam.send(new api.GenerateCredentialReportCommand({})),
    );
    if (State === 'COMPLETE') {
      const { Content } = await asked('iam:GetCredentialReport', iam.send(new api.GetCredentialReportCommand({})));
      if (Content === undefined) throw new IdentityError('iam:GetCredentialReport: it has no content');
      return Buffer.from(Content);
    }
    await sleep(REPORT_WAIT);
  }
  throw new IdentityError('iam:GenerateCredentialReport: it was not ready within a minute');
};

const rolesOf = async (iam: IAMClient, api: Iam): ReturnType<AwsAccount['roles']> => {
  const roles = [];
  const pages = api.paginateListRoles({ client: iam, pageSize: 1000 }, {});
  for (let page = await asked('iam:ListRoles', pages.next()); page.done !== true; ) {
    for (const { Arn = '', RoleName = '', AssumeRolePolicyDocument = '' } of page.value.Roles ?? []) {
      roles.push({ arn: Arn, name: RoleName, trust: AssumeRolePolicyDocument });
    }
    page = await asked('iam:ListRoles', pages.next());
  }
  return roles;
};

/** What the SDK made of selectors, as JSON again. */
const jsonOf = (value: object): JsonValue => {
  try {
    return toValue(parseJson(Buffer.from(JSON.stringify(value))));
  } catch (error) {
    if (error instanceof JsonError) throw new IdentityError(`cloudtrail:GetEventSelectors: ${error.message}`);
    throw error;
  }
};

const trailOf = async (client: CloudTrailClient, trail: Trail): Promise<AwsTrail> => {
  const { GetEventSelectorsCommand, GetTrailStatusCommand } = await import('@aws-sdk/client-cloudtrail');
  const arn = trail.TrailARN ?? '';
  const status = await asked('cloudtrail:GetTrailStatus', client.send(new GetTrailStatusCommand({ Name: arn })));
  const found = await asked(
    'cloudtrail:GetEventSelectors',
    client.send(new GetEventSelectorsCommand({ TrailName: arn })),
  );
  const { EventSelectors = [], AdvancedEventSelectors = [] } = found;
  return {
    arn,
    name: trail.Name ?? '',
    homeRegion: trail.HomeRegion ?? null,
    bucket: trail.S3BucketName ?? '',
    multiRegion: trail.IsMultiRegionTrail ?? false,
    organization: trail.IsOrganizationTrail ?? false,
    validation: trail.LogFileValidationEnabled ?? false,
    logging: status.IsLogging ?? false,
    selectors: jsonOf({ EventSelectors, AdvancedEventSelectors }),
  };
};

const DAYS_OF_YEAR = 365;

const lockOf = (kept: DefaultRetention | undefined): Pick<AwsBucket, 'lockMode' | 'lockDays'> => ({
  lockMode: kept?.Mode ?? null,
  lockDays: kept?.Days ?? (kept?.Years ?? 0) * DAYS_OF_YEAR,
});

const bucketOf = async (s3: S3Client, name: string): Promise<AwsBucket> => {
  const api = await import('@aws-sdk/client-s3');
  const Bucket = name;
  const policy = await unless(
    's3:GetBucketPolicy',
    'NoSuchBucketPolicy',
    s3.send(new api.GetBucketPolicyCommand({ Bucket })),
  );
  const versions = await asked('s3:GetBucketVersioning', s3.send(new api.GetBucketVersioningCommand({ Bucket })));
  const lock = await unless(
    's3:GetBucketObjectLockConfiguration',
    'ObjectLockConfigurationNotFoundError',
    s3.send(new api.GetObjectLockConfigurationCommand({ Bucket })),
  );
  const kept = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  return { policy: policy?.Policy ?? null, versioning: versions.Status ?? null, ...lockOf(kept) };
};

const membersOf = async (client: OrganizationsClient): Promise<readonly AwsMember[]> => {
  const { paginateListAccounts } = await import('@aws-sdk/client-organizations');
  const members: AwsMember[] = [];
  const pages = paginateListAccounts({ client }, {});
  const next = () => asked('organizations:ListAccounts', pages.next());
  for (let page = await next(); page.done !== true; page = await next()) {
    for (const { Id = '', Name, State, Status, JoinedTimestamp } of page.value.Accounts ?? []) {
      // `Status` gives way to `State`, which knows more.
      const joined = JoinedTimestamp?.getTime() ?? null;
      members.push({ id: Id, name: Name ?? null, status: State ?? Status ?? 'UNKNOWN', joined });
    }
  }
  return members;
};

const setsOf = async (sso: SSOAdminClient, instance: string, account: string): Promise<readonly string[]> => {
  const api = await import('@aws-sdk/client-sso-admin');
  const sets: string[] = [];
  const ask = { InstanceArn: instance, AccountId: account };
  const pages = api.paginateListPermissionSetsProvisionedToAccount({ client: sso }, ask);
  const operation = 'sso:ListPermissionSetsProvisionedToAccount';
  for (
    let page = await asked(operation, pages.next());
    page.done !== true;
    page = await asked(operation, pages.next())
  ) {
    sets.push(...(page.value.PermissionSets ?? []));
  }
  return sets;
};

const assignmentsOf = async (sso: SSOAdminClient, account: string) => {
  const api = await import('@aws-sdk/client-sso-admin');
  const { Instances } = await asked('sso:ListInstances', sso.send(new api.ListInstancesCommand({})));
  const found: (readonly [string, string, string])[] = [];
  for (const { InstanceArn } of Instances ?? []) {
    if (InstanceArn === undefined) continue;
    for (const set of await setsOf(sso, InstanceArn, account)) {
      const ask = { InstanceArn, AccountId: account, PermissionSetArn: set };
      const pages = api.paginateListAccountAssignments({ client: sso }, ask);
      const next = () => asked('sso:ListAccountAssignments', pages.next());
      for (let page = await next(); page.done !== true; page = await next()) {
        for (const one of page.value.AccountAssignments ?? []) {
          found.push([set, one.PrincipalType ?? '', one.PrincipalId ?? '']);
        }
      }
    }
  }
  return found;
};

/** Opens clients for one account; nothing is asked of AWS yet. */
export const openAwsAccount = async (
  settings: AwsIdentitySettings,
  environment: Record<string, string | undefined>,
  sleep: Sleep,
): Promise<AwsAccount> => {
  quietAws(environment);
  const [iamApi, trailApi, s3Api, ssoApi] = await Promise.all([
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-cloudtrail'),
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-sso-admin'),
  ]);
  const { profile, roleArn, externalId, endpoint, region, account, identityCenter } = settings;
  const session = 'countersign-collect';
  const shared = {
    requestHandler: AWS_TIMEOUTS,
    ...RETRIES,
    ...(endpoint !== null && { endpoint }),
    ...(await awsCredentials({ profile, roleArn, externalId, region, session })),
  };
  const iam = new iamApi.IAMClient({ ...shared, region });
  const s3 = new s3Api.S3Client({ ...shared, region, followRegionRedirects: true, forcePathStyle: endpoint !== null });
  const trailClient = (home: string): CloudTrailClient => new trailApi.CloudTrailClient({ ...shared, region: home });
  return {
    credentialReport: () => reportOf(iam, iamApi, sleep),
    roles: () => rolesOf(iam, iamApi),
    trails: async () => {
      const command = new trailApi.DescribeTrailsCommand({ includeShadowTrails: true });
      const { trailList = [] } = await asked('cloudtrail:DescribeTrails', trailClient(region).send(command));
      const trails: AwsTrail[] = [];
      // A trail answers for its selectors in its own region alone.
      for (const trail of trailList) trails.push(await trailOf(trailClient(trail.HomeRegion ?? region), trail));
      return trails;
    },
    bucket: (name) => bucketOf(s3, name),
    members: async () => {
      if (!settings.organization) return null;
      const { OrganizationsClient } = await import('@aws-sdk/client-organizations');
      // Organizations answers in one region for all of them.
      return membersOf(new OrganizationsClient({ ...shared, region: 'us-east-1' }));
    },
    assignments: async () =>
      identityCenter === null
        ? null
        : assignmentsOf(new ssoApi.SSOAdminClient({ ...shared, region: identityCenter }), account),
  };
};
