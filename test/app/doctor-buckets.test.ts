import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBuckets } from '../../src/app/doctor/buckets.js';
import type { AnchorSettings } from '../../src/model/anchor.js';
import { type AccountDouble, startAccount } from '../aws/account-double.js';
import { trailSource, withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { SETTINGS } from '../warehouse/settings.js';

withAwsKeys();

let trail: S3Double;
let account: AccountDouble;
beforeEach(async () => {
  trail = await startS3Double();
  account = await startAccount();
});
afterEach(async () => {
  await trail.close();
  await account.close();
});

const look = async (anchored: string | null, trails = false) => {
  const anchor: AnchorSettings = {
    name: 'lock',
    kind: 's3',
    every: 60_000,
    bucket: anchored ?? '',
    region: 'eu-central-1',
    prefix: 'countersign/',
    retention: 86_400_000,
    profile: null,
    roleArn: null,
    externalId: null,
    endpoint: account.endpoint,
  };
  const settings = {
    ...SETTINGS,
    collect: { ...SETTINGS.collect, cloudtrail: trails ? [{ s3: trailSource(trail) }] : [] },
    ledger: { ...SETTINGS.ledger, anchors: anchored === null ? [] : [anchor] },
  };
  const checks = await checkBuckets(settings, process.env);
  for (const { state, mend } of checks) expect(mend === null).toBe(state === 'pass');
  return checks.map(({ what, state, message }) => `${state} ${what} ${message}`);
};

describe('doctor, of buckets', () => {
  it('asks nothing where none is named', async () => {
    expect(await look(null)).toEqual([]);
    expect([trail.requests, account.asked.length]).toEqual([0, 0]);
  });

  it.each([
    [30, 'pass ledger.anchors lock s3://anchors has Object Lock'],
    [null, 'fail ledger.anchors lock s3://anchors has no Object Lock, so the anchor cannot confirm anything'],
  ])('reads the lock of one that anchors: %s days', async (lockDays, said) => {
    account.buckets.set('anchors', { policy: null, lockDays });
    expect(await look('anchors')).toEqual([said]);
  });

  it.each([
    ['anchors', 'access denied'],
    ['another', 'there is no such bucket'],
  ])('says why the lock of %s cannot be read', async (bucket, why) => {
    account.buckets.set('anchors', { policy: null, lockDays: 30 });
    if (bucket === 'anchors') account.fault = () => 'AccessDenied';
    expect(await look(bucket)).toEqual([`open ledger.anchors lock s3://${bucket} its lock cannot be read: ${why}`]);
  });

  it('lists a trail and reads of one file', async () => {
    expect(await look(null, true)).toEqual(['open collect.cloudtrail s3://trail/ holds nothing below AWSLogs/']);
    trail.put('AWSLogs/111122223333/CloudTrail/', '');
    trail.put('AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20/one.json.gz', 'x');
    expect(await look(null, true)).toEqual(['pass collect.cloudtrail s3://trail/ can be listed and read']);
    trail.fault = (what) => (what.endsWith('.gz') ? { status: 403, code: 'AccessDenied' } : undefined);
    expect(await look(null, true)).toEqual(['open collect.cloudtrail s3://trail/ access denied']);
  });
});
