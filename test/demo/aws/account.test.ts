import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import { sha256 } from '../../../src/base/digest.js';
import { gunzipSingle } from '../../../src/base/gzip.js';
import { parseTrailDigest, trailPublicKey, verifyDigestSignature } from '../../../src/base/trail-digest.js';
import { type SampleAccount, startSampleAccount } from '../../../src/demo/aws/account.js';
import { callAws } from '../../../src/demo/aws/client.js';
import { seededRandom } from '../../../src/demo/random.js';

const SECRET = '{"password":"correct horse"}';
let dir: string;
let account: SampleAccount;
let shift = 0;

const start = (): Promise<SampleAccount> => {
  const clock = systemClock();
  return startSampleAccount({
    host: '127.0.0.1',
    port: 0,
    accountId: '111122223333',
    region: 'eu-central-1',
    bucket: 'sample-trail-bucket',
    outDir: dir,
    clock: { ...clock, now: () => clock.now() + shift },
    random: seededRandom(1, 'account'),
    roleName: 'sample-cloud-mcp',
    users: ['countersign-gateway', 'old-ci'],
    instances: [{ id: 'i-0123456789abcdef0', name: 'web-1' }],
    secrets: { 'billing/db': SECRET },
  });
};

beforeEach(async () => {
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  shift = 0;
  dir = await mkdtemp(join(tmpdir(), 'countersign-account-'));
  account = await start();
});
afterEach(async () => {
  await account.close();
  await rm(dir, { recursive: true });
});

const sts = (name = 'countersign-gateway'): STSClient => {
  const { accessKeyId, secretAccessKey } = account.user(name).keys;
  return new STSClient({
    region: account.region,
    endpoint: account.endpoint,
    credentials: { accessKeyId, secretAccessKey },
  });
};

const assume = (client: STSClient) =>
  client.send(
    new AssumeRoleCommand({
      RoleArn: account.roleArn,
      RoleSessionName: 'cs-01JDEXAMPLE0000000000000000',
      SourceIdentity: 'cs-AAAA',
      DurationSeconds: 3600,
    }),
  );

const sessionKeys = () => {
  const keys = account.sessions()[0]?.keys;
  if (!keys) throw new Error('no session');
  return keys;
};
const call = (service: string, operation: string, parameters: Record<string, string> = {}, keys = sessionKeys()) =>
  callAws(
    { endpoint: account.endpoint, region: account.region, keys, now: Date.now() + shift },
    service,
    operation,
    parameters,
  );

describe('the sample account', () => {
  it('answers AssumeRole of the AWS SDK, and the keys it gives work', async () => {
    const answer = await assume(sts());
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(answer.AssumedRoleUser?.Arn).toBe(
      'arn:aws:sts::111122223333:assumed-role/sample-cloud-mcp/cs-01JDEXAMPLE0000000000000000',
    );
    expect(answer.SourceIdentity).toBe('cs-AAAA');
    expect(answer.Credentials?.Expiration?.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
    expect(answer.$metadata.requestId).toBe(account.events()[0]?.requestId);
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials ?? {};
    const session = new STSClient({
      region: account.region,
      endpoint: account.endpoint,
      credentials: {
        accessKeyId: AccessKeyId ?? '',
        secretAccessKey: SecretAccessKey ?? '',
        sessionToken: SessionToken ?? '',
      },
    });
    const me = await session.send(new GetCallerIdentityCommand({}));
    expect(me.Arn).toBe(answer.AssumedRoleUser?.Arn);
  });

  it('logs each call as CloudTrail does', async () => {
    await assume(sts());
    const stopped = await call('ec2', 'StopInstances', { 'InstanceId.1': 'i-0123456789abcdef0' });
    expect(stopped.status).toBe(200);
    const [assumed, stop] = account.events().map(({ record }) => record);
    expect(assumed).toMatchObject({
      eventVersion: '1.11',
      eventName: 'AssumeRole',
      userIdentity: { type: 'IAMUser', userName: 'countersign-gateway' },
      requestParameters: { roleSessionName: 'cs-01JDEXAMPLE0000000000000000', sourceIdentity: 'cs-AAAA' },
      responseElements: { credentials: { accessKeyId: sessionKeys().accessKeyId } },
    });
    expect(JSON.stringify(assumed)).not.toContain(sessionKeys().secretAccessKey);
    expect(stop).toMatchObject({
      eventSource: 'ec2.amazonaws.com',
      eventName: 'StopInstances',
      requestID: stopped.requestId,
      readOnly: false,
      recipientAccountId: '111122223333',
      userIdentity: {
        type: 'AssumedRole',
        accessKeyId: sessionKeys().accessKeyId,
        sessionContext: { sourceIdentity: 'cs-AAAA', sessionIssuer: { arn: account.roleArn } },
      },
      responseElements: { instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] } },
    });
  });

  it.each([
    ['sts', 'GetCallerIdentity', {}],
    ['ec2', 'DescribeInstances', {}],
    ['ec2', 'StartInstances', { 'InstanceId.1': 'i-0123456789abcdef0' }],
    ['secretsmanager', 'GetSecretValue', { SecretId: 'billing/db' }],
    ['iam', 'ListUsers', {}],
    ['iam', 'CreateAccessKey', { UserName: 'old-ci' }],
    ['cloudtrail', 'DescribeTrails', {}],
    ['s3', 'ListBuckets', {}],
  ])('%s:%s succeeds and leaves one event', async (service, operation, parameters: Record<string, string>) => {
    await assume(sts());
    const answer = await call(service, operation, parameters);
    expect(answer).toMatchObject({ status: 200 });
    expect(account.events()).toHaveLength(2);
    const event = account.events()[1];
    expect(event).toMatchObject({ name: operation, requestId: answer.requestId });
    expect(JSON.stringify(event?.record)).not.toContain('correct horse');
    expect(event?.region).toBe(service === 'iam' ? 'us-east-1' : 'eu-central-1');
  });

  it('refuses to stop logging, and logs the attempt', async () => {
    await assume(sts());
    const answer = await call('cloudtrail', 'StopLogging', { Name: 'sample-trail' });
    expect(answer.status).toBe(400);
    expect(account.events()[1]?.record).toMatchObject({ eventName: 'StopLogging', errorCode: 'AccessDenied' });
  });

  it('refuses what is not signed by a key it issued, and logs nothing', async () => {
    await assume(sts());
    const keys = sessionKeys();
    const wrong = [
      { ...keys, secretAccessKey: `${keys.secretAccessKey.slice(1)}x` },
      { ...keys, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' },
      { ...keys, sessionToken: 'another' },
      { ...keys, sessionToken: null },
    ];
    for (const attempt of wrong) expect((await call('ec2', 'DescribeInstances', {}, attempt)).status).toBe(403);
    const unsigned = await fetch(account.endpoint, { method: 'POST', body: 'Action=GetCallerIdentity' });
    expect(unsigned.status).toBe(403);
    expect(unsigned.headers.get('server')).toContain('not AWS');
    expect(account.events()).toHaveLength(1);
  });

  it('refuses expired sessions, stale signatures, unknown operations and long bodies', async () => {
    await assume(sts());
    shift = 3_600_001;
    expect((await call('ec2', 'DescribeInstances')).body).toContain('ExpiredToken');
    shift = 0;
    const stale = await callAws(
      { endpoint: account.endpoint, region: account.region, keys: sessionKeys(), now: Date.now() - 16 * 60_000 },
      'ec2',
      'DescribeInstances',
      {},
    );
    expect(stale.status).toBe(403);
    expect((await call('ec2', 'TerminateInstances')).status).toBe(400);
    expect((await call('ec2', 'DescribeInstances', { x: 'y'.repeat(70_000) })).status).toBe(413);
    expect(account.events()).toHaveLength(1);
  });
});

const gunzip = async (file: string): Promise<Buffer> => gunzipSingle(await readFile(file), 10_000_000);

describe('delivery', () => {
  it('writes logs, a verifiable digest chain and public keys, in the real layout', async () => {
    await assume(sts());
    for (let i = 0; i < 20; i++) await call('ec2', 'DescribeInstances');
    await call('iam', 'ListUsers');
    const hidden = await call('ec2', 'StopInstances', { 'InstanceId.1': 'i-0123456789abcdef0' });
    account.withhold(hidden.requestId);
    const delivery = await account.deliver();
    const files = (await readdir(dir, { recursive: true })).filter((name) => name.includes('.'));
    const logs = files.filter((name) => name.includes('/CloudTrail/'));
    expect(logs).toHaveLength(delivery.logs);
    for (const name of logs) {
      expect(name).toMatch(
        /^AWSLogs\/111122223333\/CloudTrail\/([a-z0-9-]+)\/\d{4}\/\d\d\/\d\d\/111122223333_CloudTrail_\1_\d{8}T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz$/,
      );
    }
    expect(await readFile(join(dir, 'README.txt'), 'utf8')).toContain('not from AWS');
    const all = await Promise.all(
      files.filter((name) => !name.endsWith('.txt')).map((name) => readFile(join(dir, name))),
    );
    expect(all.some((bytes) => bytes.includes('PRIVATE KEY'))).toBe(false);

    const seen = new Set<string>();
    for (const region of ['eu-central-1', 'us-east-1']) await checkChain(region, seen);
    expect(seen.size).toBe(delivery.events);
    expect(seen.size).toBe(account.events().length - 1);
  });

  it('lets a changed log be found', async () => {
    await assume(sts());
    await account.deliver();
    await expect(checkChain('eu-central-1', new Set(), (bytes) => bytes.fill('x', 20, 21))).rejects.toThrow();
  });
});

/** Walks one Region's digests from the oldest, with the checks of AWS's documentation. */
const checkChain = async (region: string, seen: Set<string>, change = (bytes: Buffer) => bytes): Promise<void> => {
  const folder = join(dir, 'AWSLogs/111122223333/CloudTrail-Digest', region);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json.gz')).sort();
  const keys = JSON.parse(await readFile(join(dir, 'public-keys', `${region}.json`), 'utf8'));
  const key = trailPublicKey(keys.PublicKeyList[0].Value);
  let previous: { hash: string; signature: string; end: string } | null = null;
  expect(names.length).toBeGreaterThanOrEqual(2);
  for (const name of names) {
    const bytes = await gunzip(join(folder, name));
    const digest = parseTrailDigest(bytes);
    const head = JSON.parse(await readFile(join(folder, `${name}.head.json`), 'utf8'));
    expect(join(dir, digest.digestS3Object)).toBe(join(folder, name));
    expect(digest.digestPublicKeyFingerprint).toBe(keys.PublicKeyList[0].Fingerprint);
    expect(verifyDigestSignature(digest, bytes, head.Metadata.signature, key)).toBe(true);
    expect(digest.previousDigestHashValue).toBe(previous?.hash ?? null);
    expect(digest.previousDigestSignature).toBe(previous?.signature ?? null);
    if (previous) expect(digest.digestStartTime).toBe(previous.end);
    previous = { hash: sha256(bytes), signature: head.Metadata.signature, end: digest.digestEndTime };
    for (const log of digest.logFiles) {
      const content = change(await gunzip(join(dir, log.s3Object)));
      if (sha256(content) !== log.hashValue) throw new Error(`${log.s3Object} is not what the digest lists`);
      for (const { eventID } of JSON.parse(content.toString()).Records) seen.add(eventID);
    }
  }
};
