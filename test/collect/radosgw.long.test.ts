/** The collection of a trail's bucket from a real S3 server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CollectSummary } from '../../src/app/collect.js';
import { parseRawIndex, parseRawListing } from '../../src/model/raw-index.js';
import type { S3TrailSettings } from '../../src/model/trail-settings.js';
import { collectFrom } from '../aws/collect.js';
import { type Radosgw, radosgwMissing, startRadosgw } from '../aws/radosgw.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { awsKeys, log, logName, makeDigest, record, type SignedDigest } from './fixtures.js';

const missing = radosgwMissing();
if (missing) process.stderr.write(`the collection from a real S3 server is not tested here: ${missing}\n`);

const NOW = '2026-11-20T08:10:00Z';
const NAMES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ENDPOINT_URL_STS',
] as const;

describe.skipIf(missing !== null)('a trail bucket on a real S3 server', () => {
  const before = NAMES.map((name) => [name, process.env[name]] as const);
  let server: Radosgw;
  /** Answers ListPublicKeys, which an S3 server has not. */
  let trail: S3Double;
  let client: S3Client;
  let dir: string;
  let bucket: string;
  let buckets = 0;

  const use = (keys: Radosgw['credentials']): void => {
    process.env['AWS_ACCESS_KEY_ID'] = keys.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = keys.secretAccessKey;
  };

  beforeAll(async () => {
    server = await startRadosgw();
    trail = await startS3Double();
    trail.keys = awsKeys;
    client = server.client();
  });
  afterAll(async () => {
    client.destroy();
    await trail.close();
    await server.close();
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  beforeEach(async () => {
    use(server.credentials);
    dir = mkdtempSync(join(tmpdir(), 'cs-rgw-collect-'));
    bucket = `trail-${buckets++}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const put = async (key: string, bytes: Buffer, metadata: Record<string, string> = {}): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, Metadata: metadata }));
  };
  const collect = (over: Partial<S3TrailSettings> = {}): Promise<CollectSummary> => {
    const place = { endpoint: server.endpoint, cloudtrailEndpoint: trail.endpoint };
    return collectFrom(place, join(dir, 'data'), NOW, { bucket, region: 'us-east-1', ...over });
  };
  const raw = (name: string): Buffer => readFileSync(join(dir, 'data/raw', name));

  const fill = async (): Promise<void> => {
    let last: SignedDigest | null = null;
    for (const hour of ['06', '07', '08']) {
      const key = logName(`${String(Number(hour) - 1).padStart(2, '0')}30`);
      const inflated = Buffer.from(JSON.stringify({ Records: [record(`event-${hour}`)] }));
      await put(key, log(record(`event-${hour}`)));
      last = makeDigest(hour, [[key, inflated]], last);
      await put(last.key, last.bytes, { signature: last.signature, 'signature-algorithm': 'SHA256withRSA' });
    }
  };

  it('is collected whole, verifies, and a second collection fetches nothing', async () => {
    await fill();
    const first = await collect();
    expect(first).toMatchObject({ events: 3, problems: [], integrity: [], exit: 0 });
    expect(first.digests).toEqual({ valid: 3, unsigned: 0, noKey: 0, invalid: 0 });
    expect(first.logs).toMatchObject({ valid: 3, missing: 0, uncovered: 0 });
    const index = raw('index.ndjson');
    const versions = parseRawIndex(index).flatMap(({ delivery }) => delivery?.version ?? []);
    expect(new Set(versions).size).toBe(6);
    expect(await collect()).toMatchObject({ files: 0, events: 3, exit: 0 });
    expect(raw('index.ndjson')).toEqual(index);
  });

  it('an overwritten log is read in both versions, a deleted one from the version that is left', async () => {
    await fill();
    await put(logName('0530'), log(record('forged')));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: logName('0630') }));
    const summary = await collect();
    expect(summary.exit).toBe(12);
    expect(summary.integrity).toMatchObject([{ file: logName('0530') }]);
    expect(summary.findings.map(({ code }) => code)).toContain('OBJECT_DELETED');
    expect(parseRawIndex(raw('index.ndjson')).filter(({ key }) => key === logName('0530'))).toHaveLength(2);
    const markers = parseRawListing(raw('listing.ndjson')).filter(({ kind }) => kind === 'delete_marker');
    expect(markers).toMatchObject([{ key: logName('0630') }]);
  });

  it('listings of more than a page are followed, and a late object that sorts before all is found', async () => {
    for (let at = 0; at < 1_010; at += 10) {
      const names = Array.from({ length: 10 }, (_, i) => `x${String(at + i).padStart(15, '0')}`);
      await Promise.all(names.map((name, i) => put(logName('0530', name), log(record(`e${at + i}`)))));
    }
    expect(await collect()).toMatchObject({ files: 1_010, events: 1_010 });
    await put(logName('0001', 'late'.repeat(4)), log(record('late')));
    expect(await collect()).toMatchObject({ files: 1, events: 1_011 });
  });

  it('is read by a profile, and by a role that the profile may assume', async () => {
    await fill();
    const keys = await server.user('reader');
    await server.admin('caps', 'add', '--uid=test', '--caps=roles=*');
    const trust = { Effect: 'Allow', Principal: { AWS: ['arn:aws:iam:::user/reader'] }, Action: ['sts:AssumeRole'] };
    const document = (statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await server.admin('role', 'create', '--role-name=collector', `--assume-role-policy-doc=${document(trust)}`);
    const may = { Effect: 'Allow', Action: ['s3:*'], Resource: 'arn:aws:s3:::*' };
    await server.admin(
      'role-policy',
      'put',
      '--role-name=collector',
      '--policy-name=p',
      `--policy-doc=${document(may)}`,
    );
    const file = join(dir, 'config');
    const lines = [`aws_access_key_id = ${keys.accessKeyId}`, `aws_secret_access_key = ${keys.secretAccessKey}`];
    writeFileSync(file, ['[profile reader]', ...lines, ''].join('\n'));
    use({ accessKeyId: 'AKIDNOBODY', secretAccessKey: 'of-nobody' });
    Object.assign(process.env, { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: join(dir, 'none') });
    process.env['AWS_ENDPOINT_URL_STS'] = server.endpoint;
    await expect(collect()).rejects.toMatchObject({ code: 'COLLECT_BUCKET' });
    await expect(collect({ profile: 'reader' })).rejects.toMatchObject({ details: { problem: 'access denied' } });
    const roleArn = 'arn:aws:iam:::role/collector';
    expect(await collect({ profile: 'reader', roleArn })).toMatchObject({ events: 3, exit: 0 });
  });

  it('a bucket whose reader pays is read with request-payer alone', async () => {
    await fill();
    const keys = await server.user('payer');
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: ['arn:aws:iam:::user/payer'] },
      Action: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetObject', 's3:GetObjectVersion'],
      Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    const RequestPaymentConfiguration = { Payer: 'Requester' as const };
    await client.send(new PutBucketRequestPaymentCommand({ Bucket: bucket, RequestPaymentConfiguration }));
    use(keys);
    await expect(collect()).rejects.toMatchObject({ details: { problem: 'access denied' } });
    expect(await collect({ requestPayer: true })).toMatchObject({ events: 3, exit: 0 });
  });
});
