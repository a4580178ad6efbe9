import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectCloudTrail } from '../../../src/app/collect.js';
import { collectIdentity, type IdentitySummary } from '../../../src/app/collect-identity.js';
import type { JsonValue } from '../../../src/base/json.js';
import { trustOf } from '../../../src/collect/identity/aws.js';
import type { AwsIdentitySettings } from '../../../src/model/identity-source-settings.js';
import { openWarehouse } from '../../../src/warehouse/open.js';
import { ACCOUNT, type AccountDouble, startAccount } from '../../aws/account-double.js';
import { withAwsKeys } from '../../aws/collect.js';
import { SETTINGS } from '../../warehouse/settings.js';
import { log, logName, record, write } from '../fixtures.js';

let dir: string;
let aws: AccountDouble;

withAwsKeys();
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-aws-identity-'));
  aws = await startAccount();
});
afterEach(async () => {
  await aws.close();
  rmSync(dir, { recursive: true });
});

const collect = (over: Partial<AwsIdentitySettings> = {}): Promise<IdentitySummary> =>
  collectIdentity({
    settings: {
      ...SETTINGS,
      gateway: { ...SETTINGS.gateway, dataDir: join(dir, 'data') },
      collect: {
        cloudtrail: [],
        ledgers: [],
        identity: [
          {
            aws: {
              account: ACCOUNT,
              region: 'us-east-1',
              organization: true,
              identityCenter: 'eu-central-1',
              profile: null,
              roleArn: null,
              externalId: null,
              endpoint: aws.endpoint,
              exclude: [],
              ...over,
            },
          },
        ],
      },
    },
    clock: { now: () => Date.parse('2026-11-20T08:00:00Z'), monotonic: () => 0, boot: 'test' },
  });

const ask = async (sql: string): Promise<readonly object[]> => {
  const warehouse = await openWarehouse(join(dir, 'data/warehouse.duckdb'));
  const rows = await warehouse.query(sql);
  await warehouse.close();
  return rows;
};

const trustFor = (condition?: object): object => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole', ...(condition && { Condition: condition }) },
  ],
});
const GATEWAYS = { StringLike: { 'sts:SourceIdentity': 'cs-*' } };

const fill = (): void => {
  const none = 'N/A,N/A,N/A,N/A';
  aws.report =
    `<root_account>,arn:aws:iam::${ACCOUNT}:root,2020-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,true,false,${none},false,${none},false,N/A,false,N/A\n` +
    `ada,arn:aws:iam::${ACCOUNT}:user/ada,2026-01-01T00:00:00+00:00,true,2026-11-01T08:00:00+00:00,N/A,N/A,false,true,2026-01-01T00:00:00+00:00,2026-10-01T00:00:00+00:00,us-east-1,s3,true,2026-01-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,us-east-1,s3,false,N/A,false,N/A\n`;
  aws.roles = ['app', 'other', 'billing', 'open', 'last'].map((name) => ({
    name,
    trust: name === 'billing' || name === 'last' ? trustFor(GATEWAYS) : trustFor(),
  }));
  const arn = `arn:aws:cloudtrail:eu-central-1:${ACCOUNT}:trail/main`;
  aws.trails = [
    {
      Name: 'main',
      TrailARN: arn,
      S3BucketName: 'trail',
      HomeRegion: 'eu-central-1',
      IsMultiRegionTrail: true,
      IsOrganizationTrail: false,
      LogFileValidationEnabled: true,
    },
  ];
  aws.selectors = [{ Name: 'management', FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }];
  aws.buckets.set('trail', { policy: '{"Version":"2012-10-17","Statement":[]}', lockDays: 400 });
  const set = (n: number): string => `arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-${n}`;
  aws.assignments = [1, 2, 3].flatMap((n) =>
    ['a', 'b', 'c'].map((id) => ({
      AccountId: ACCOUNT,
      PermissionSetArn: set(n),
      PrincipalType: 'GROUP' as const,
      PrincipalId: id,
    })),
  );
};

const member = (Id: string, State: 'ACTIVE' | 'SUSPENDED') => ({ Id, Name: `account ${Id}`, State });

describe('a snapshot of an AWS account', () => {
  it('holds credentials, roles, trails, buckets and assignments, over all pages', async () => {
    fill();
    expect(await collect()).toMatchObject({
      exit: 0,
      problems: [],
      taken: [{ snapshot: { source: `aws:${ACCOUNT}` } }],
    });
    expect(
      await ask('SELECT user_name, password_enabled, mfa, active_keys, key_last_used_t FROM iam_credential ORDER BY 1'),
    ).toEqual([
      { user_name: '<root_account>', password_enabled: null, mfa: true, active_keys: 0, key_last_used_t: null },
      {
        user_name: 'ada',
        password_enabled: true,
        mfa: false,
        active_keys: 2,
        key_last_used_t: '2026-11-02T00:00:00.000Z',
      },
    ]);
    expect(await ask('SELECT name FROM aws_role WHERE governed AND source_identity_required ORDER BY 1')).toEqual([
      { name: 'billing' },
      { name: 'last' },
    ]);
    expect(await ask('SELECT count(*) AS n FROM aws_role')).toEqual([{ n: 5 }]);
    expect(await ask('SELECT name, bucket, multi_region, validation, logging FROM trail_config')).toEqual([
      { name: 'main', bucket: 'trail', multi_region: true, validation: true, logging: true },
    ]);
    expect(await ask("SELECT selectors->>'$.AdvancedEventSelectors[0].Name' AS name FROM trail_config")).toEqual([
      { name: 'management' },
    ]);
    expect(await ask('SELECT versioning, lock_mode, lock_days FROM trail_bucket')).toEqual([
      { versioning: 'Enabled', lock_mode: 'COMPLIANCE', lock_days: 400 },
    ]);
    expect(await ask('SELECT count(*) AS n, count(DISTINCT permission_set) AS sets FROM sso_assignment')).toEqual([
      { n: 9, sets: 3 },
    ]);
  });

  it('puts roles in scope by their trust policy; what is excluded is said and left out', async () => {
    fill();
    const excluded = `arn:aws:iam::${ACCOUNT}:role/last`;
    expect(await collect({ exclude: [excluded] })).toMatchObject({ excluded: [excluded], exit: 0 });
    const scope = await ask(`SELECT arn FROM governed_role WHERE arn LIKE '%/billing' OR arn LIKE '%/last'`);
    expect(scope).toEqual([{ arn: `arn:aws:iam::${ACCOUNT}:role/billing` }]);
  });

  it('lists the accounts of the organisation; one without a trail is a finding, once trails are collected', async () => {
    fill();
    aws.members = [member(ACCOUNT, 'ACTIVE'), member('444455556666', 'ACTIVE'), member('777788889999', 'SUSPENDED')];
    await collect();
    expect(await ask('SELECT account_id, active FROM aws_account ORDER BY 1')).toEqual([
      { account_id: ACCOUNT, active: true },
      { account_id: '444455556666', active: true },
      { account_id: '777788889999', active: false },
    ]);
    const absent = "SELECT subject, severity, message FROM ct_finding WHERE code = 'ACCOUNT_ABSENT'";
    expect(await ask(absent)).toEqual([]);
    const trail = join(dir, 'trail');
    write(trail, logName('0530'), log(record('a')));
    const settings = { ...SETTINGS, gateway: { ...SETTINGS.gateway, dataDir: join(dir, 'data') } };
    expect(await collectCloudTrail({ settings, from: trail })).toMatchObject({ exit: 11 });
    expect(await ask(absent)).toEqual([
      {
        subject: '444455556666',
        severity: 'incomplete',
        message: 'no log or digest of account 444455556666, which is an active account of the organisation.',
      },
    ]);
  });

  it('waits until the credential report is made, and through a throttling', async () => {
    fill();
    aws.making = 1;
    let throttled = 0;
    aws.fault = (operation) => (operation === 'ListRoles' && throttled++ === 0 ? 'Throttling' : undefined);
    expect(await collect()).toMatchObject({ exit: 0 });
    expect(aws.asked.filter((name) => name === 'GenerateCredentialReport')).toHaveLength(2);
    expect(throttled).toBeGreaterThan(1);
  });

  it('a bucket that may not be read is told, and the rest is taken', async () => {
    fill();
    aws.fault = (operation) => (operation === 'policy' ? 'AccessDenied' : undefined);
    const summary = await collect();
    expect(summary.exit).toBe(11);
    expect(summary.problems).toEqual([
      {
        source: `aws:${ACCOUNT}`,
        reason: 'the bucket trail of a trail was left out: s3:GetBucketPolicy: access denied',
      },
    ]);
    expect(summary.taken).toHaveLength(1);
  });

  it('a bucket without policy and lock is said to have none', async () => {
    fill();
    aws.buckets.set('trail', { policy: null, lockDays: null });
    await collect();
    expect(await ask('SELECT policy, lock_mode, lock_days FROM trail_bucket')).toEqual([
      { policy: null, lock_mode: null, lock_days: 0 },
    ]);
  });

  it.each([
    ['GenerateCredentialReport', 'AccessDenied', 'iam:GenerateCredentialReport: access denied'],
    ['ListRoles', 'ExpiredToken', 'iam:ListRoles: the credentials have expired'],
    ['GetEventSelectors', 'AccessDeniedException', 'cloudtrail:GetEventSelectors: access denied'],
    ['ListAccountAssignments', 'AccessDeniedException', 'sso:ListAccountAssignments: access denied'],
  ])('%s refused with %s: nothing is taken, and the sentence names it', async (operation, error, reason) => {
    fill();
    aws.fault = (name) => (name === operation ? error : undefined);
    expect(await collect()).toMatchObject({ taken: [], problems: [{ reason }], exit: 11 });
  });
});

describe('a trust policy', () => {
  const denyNameless: JsonValue = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sts:AssumeRole',
    Condition: { Null: { 'sts:SourceIdentity': 'true' } },
  };
  const allow = (condition?: JsonValue): JsonValue => ({
    Effect: 'Allow',
    Principal: { AWS: 'x' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...(condition && { Condition: condition }),
  });

  it.each([
    ['asks for the gateway', [allow(GATEWAYS)], { governed: true, required: true }],
    [
      'asks in other letters',
      [allow({ StringEquals: { 'STS:sourceidentity': ['cs-ABC'] } })],
      { governed: true, required: true },
    ],
    [
      'asks for another name',
      [allow({ StringLike: { 'sts:SourceIdentity': 'ci-*' } })],
      { governed: false, required: true },
    ],
    ['asks one of two', [allow(GATEWAYS), allow()], { governed: true, required: false }],
    ['refuses the nameless', [allow(), denyNameless], { governed: false, required: true }],
    [
      'asks one of two, the other written with a star',
      [allow(GATEWAYS), { Effect: 'Allow', Principal: { AWS: 'x' }, Action: 'sts:Assume?ol*' }],
      { governed: true, required: false },
    ],
    [
      'leaves another way in open',
      [allow(GATEWAYS), { Effect: 'Allow', Principal: { Federated: 'x' }, Action: 'sts:AssumeRoleWithWebIdentity' }],
      { governed: true, required: false },
    ],
    [
      'lets in by what it does not name',
      [allow(GATEWAYS), { Effect: 'Allow', Principal: { AWS: 'x' }, NotAction: 'sts:TagSession' }],
      { governed: true, required: false },
    ],
    ['asks nothing', [allow()], { governed: false, required: false }],
    ['lets nobody in', [denyNameless], { governed: false, required: false }],
  ])('that %s', (_, Statement, found) => {
    expect(trustOf({ Version: '2012-10-17', Statement })).toEqual(found);
  });
});
