/** Objects fetched by the request of another: what comes is what the SDK would bring, and what fails is asked of the SDK. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ListedVersion, TrailBucket } from '../../src/collect/cloudtrail/bucket.js';
import { openS3Bucket } from '../../src/collect/cloudtrail/s3.js';
import { withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';

let s3: S3Double;
let bucket: TrailBucket;

withAwsKeys();
beforeEach(async () => {
  s3 = await startS3Double();
  const settings = {
    bucket: 'trail',
    prefix: '',
    organization: null,
    accounts: [],
    regions: [],
    region: 'eu-central-1',
    profile: null,
    roleArn: null,
    externalId: null,
    endpoint: s3.endpoint,
    cloudtrailEndpoint: null,
    requestPayer: false,
    since: 0,
    concurrency: 1,
  };
  bucket = await openS3Bucket({ settings, environment: process.env });
});
afterEach(() => s3.close());

const listed = async (): Promise<readonly ListedVersion[]> => {
  const all: ListedVersion[] = [];
  for await (const page of bucket.list('', '')) all.push(...page);
  return all;
};

it('every object and version comes as it was put, whatever its key', async () => {
  const keys = ['a/b.json.gz', "odd !'()*+ &=?#%é.json", 'a', 'o-1/AWSLogs/x~y_z-1.gz'];
  for (const key of keys) s3.put(key, `first ${key}`, { signature: 'abc', 'Signature-Algorithm': 'x' });
  for (const key of keys) s3.put(key, `second ${key}`);
  const versions = await listed();
  expect(versions).toHaveLength(2 * keys.length);
  for (const item of versions) {
    const { bytes, metadata, lock } = await bucket.get(item, 100);
    const first = bytes.toString().startsWith('first');
    expect(bytes.toString()).toBe(`${first ? 'first' : 'second'} ${item.key}`);
    expect(metadata).toEqual(first ? { signature: 'abc', 'signature-algorithm': 'x' } : {});
    expect(lock).toBeNull();
  }
});

it('one that is refused is asked of the SDK, which says why or waits until it comes', async () => {
  for (const key of ['a', 'b', 'c', 'd']) s3.put(key, key);
  const items = await listed();
  const [a, b, c, d] = items;
  if (!a || !b || !c || !d) throw new Error('four objects are listed');
  await bucket.get(a, 10);
  s3.fault = (what) => (what === 'b' ? { status: 403, code: 'AccessDenied' } : undefined);
  await expect(bucket.get(b, 10)).rejects.toThrow('access denied');
  let refusals = 0;
  s3.fault = (what) => (what === 'c' && refusals++ < 2 ? { status: 503, code: 'SlowDown' } : undefined);
  expect((await bucket.get(c, 10)).bytes.toString()).toBe('c');
  expect(refusals).toBeGreaterThan(2);
  const before = s3.requests;
  expect((await bucket.get(d, 10)).bytes.toString()).toBe('d');
  expect(s3.requests - before).toBe(1);
});

it('one that is larger than allowed is refused', async () => {
  for (const key of ['a', 'b']) s3.put(key, 'x'.repeat(50));
  for (const item of await listed()) await expect(bucket.get(item, 49)).rejects.toThrow('more than 49 bytes');
  for (const item of await listed()) expect((await bucket.get(item, 50)).bytes).toHaveLength(50);
  for (const item of await listed()) await expect(bucket.get(item, 49)).rejects.toThrow('more than 49 bytes');
});
