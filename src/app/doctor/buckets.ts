/**
 * Buckets, looked at without writing: a trail is listed and one byte of a file read, and of the bucket of an anchor the
 * lock is read. Whether an anchor may be written, `ledger anchor` shows.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { awsFailure, openS3Client, type S3ClientAsk } from '../../base/aws-client.js';
import type { AnchorSettings } from '../../model/anchor.js';
import type { Settings } from '../../model/settings.js';
import type { S3TrailSettings } from '../../model/trail-settings.js';
import { type DoctorCheck, fail, open, pass } from './check.js';

type Environment = NodeJS.ProcessEnv;
type S3 = typeof import('@aws-sdk/client-s3');

const SESSION = 'countersign-doctor';
/** Folders may be listed as objects, before the first file. */
const ENOUGH = 50;

/** A client of S3 for one look. */
const withS3 = async (
  ask: Omit<S3ClientAsk, 'session'>,
  environment: Environment,
  look: (client: S3Client, api: S3) => Promise<DoctorCheck>,
): Promise<DoctorCheck> => {
  const api = await import('@aws-sdk/client-s3');
  const client = await openS3Client({ ...ask, session: SESSION }, environment);
  return look(client, api).finally(() => client.destroy());
};

const checkTrail = (trail: S3TrailSettings, environment: Environment): Promise<DoctorCheck> => {
  const { bucket, prefix, requestPayer } = trail;
  const what = `collect.cloudtrail s3://${bucket}/${prefix}`;
  const base = { Bucket: bucket, ...(requestPayer && { RequestPayer: 'requester' as const }) };
  const { region, profile, roleArn, externalId, endpoint } = trail;
  return withS3({ region, profile, roleArn, externalId, endpoint }, environment, async (client, api) => {
    const Prefix = `${prefix}AWSLogs/`;
    try {
      const ask = new api.ListObjectVersionsCommand({ ...base, Prefix, MaxKeys: ENOUGH });
      const { Versions = [] } = await client.send(ask);
      const file = Versions.find(({ Key = '' }) => Key !== '' && !Key.endsWith('/'));
      if (file === undefined) {
        return open(what, `holds nothing below ${Prefix}`, 'mend bucket and prefix, or wait for the first log');
      }
      // A refused HEAD has no body, and so no reason.
      const { Body } = await client.send(new api.GetObjectCommand({ ...base, Key: file.Key, Range: 'bytes=0-0' }));
      await Body?.transformToByteArray();
      return pass(what, 'can be listed and read');
    } catch (error) {
      const rights = 's3:ListBucket, s3:ListBucketVersions, s3:GetObject and s3:GetObjectVersion';
      return open(
        what,
        awsFailure(error).problem,
        `mend bucket and region, or let these credentials do ${rights} there`,
      );
    }
  });
};

type S3Anchor = Extract<AnchorSettings, { readonly kind: 's3' }>;

const unlocked = (what: string): DoctorCheck =>
  fail(
    what,
    'has no Object Lock, so the anchor cannot confirm anything',
    'make a bucket with Object Lock, and name it here',
  );

const checkLock = (anchor: S3Anchor, environment: Environment): Promise<DoctorCheck> => {
  const what = `ledger.anchors ${anchor.name} s3://${anchor.bucket}`;
  const { region, profile, roleArn, externalId, endpoint } = anchor;
  return withS3({ region, profile, roleArn, externalId, endpoint }, environment, async (client, api) => {
    try {
      const ask = new api.GetObjectLockConfigurationCommand({ Bucket: anchor.bucket });
      const { ObjectLockConfiguration } = await client.send(ask);
      return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled' ? pass(what, 'has Object Lock') : unlocked(what);
    } catch (error) {
      const { name, problem } = awsFailure(error);
      if (name === 'ObjectLockConfigurationNotFoundError') return unlocked(what);
      const mend = 'mend bucket and region, or let these credentials do s3:GetBucketObjectLockConfiguration there';
      return open(what, `its lock cannot be read: ${problem}`, mend);
    }
  });
};

/** Buckets of trails and anchors that the configuration names; nothing is asked of AWS where it names none. */
export const checkBuckets = (
  { collect, ledger }: Settings,
  environment: Environment,
): Promise<readonly DoctorCheck[]> =>
  Promise.all([
    ...collect.cloudtrail.flatMap((source) => ('s3' in source ? [checkTrail(source.s3, environment)] : [])),
    ...(ledger.anchors ?? []).flatMap((anchor) => (anchor.kind === 's3' ? [checkLock(anchor, environment)] : [])),
  ]);
