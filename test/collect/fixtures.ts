/** A small trail in the bucket layout: logs, hourly digests signed by a key made here, signatures and public keys. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../src/base/digest.js';
import { digestSignedBytes, keyFingerprint, parseTrailDigest } from '../../src/base/trail-digest.js';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const BUCKET = 'trail';
const DAY = '2026/11/20';

export const record = (id: string, over: object = {}): object => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    arn: `arn:aws:iam::${ACCOUNT}:user/ada`,
    accountId: ACCOUNT,
    accessKeyId: 'AKIAADA',
  },
  eventTime: '2026-11-20T06:00:01Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'DescribeInstances',
  awsRegion: REGION,
  requestID: `r-${id}`,
  eventID: id,
  readOnly: true,
  eventType: 'AwsApiCall',
  recipientAccountId: ACCOUNT,
  eventCategory: 'Management',
  ...over,
});

export const log = (...records: readonly unknown[]): Buffer => gzipSync(JSON.stringify({ Records: records }));

/** The name AWS gives a log delivered at this minute, `HHMM`. */
export const logName = (minute: string, tail = 'abcdefghijklmnop'): string =>
  `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/${DAY}/${ACCOUNT}_CloudTrail_${REGION}_20261120T${minute}Z_${tail}.json.gz`;

export const digestName = (hour: string): string =>
  `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/${DAY}/${ACCOUNT}_CloudTrail-Digest_${REGION}_main_${REGION}_20261120T${hour}0000Z.json.gz`;

export const write = (dir: string, key: string, bytes: Buffer | string): void => {
  mkdirSync(dirname(join(dir, key)), { recursive: true });
  writeFileSync(join(dir, key), bytes);
};

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const der = publicKey.export({ format: 'der', type: 'pkcs1' }).toString('base64');

export const publicKeys = (fromHour = '00'): string =>
  JSON.stringify({
    PublicKeyList: [
      {
        Value: der,
        ValidityStartTime: `2026-11-20T${fromHour}:00:00Z`,
        ValidityEndTime: '2026-12-20T00:00:00Z',
        Fingerprint: keyFingerprint(der),
      },
    ],
  });

/** The same keys as the service itself answers. */
export const awsKeys = (): string =>
  JSON.stringify({
    PublicKeyList: [
      {
        Value: der,
        ValidityStartTime: Date.parse('2026-11-20T00:00:00Z') / 1000,
        ValidityEndTime: Date.parse('2026-12-20T00:00:00Z') / 1000,
        Fingerprint: keyFingerprint(der),
      },
    ],
  });

export interface SignedDigest {
  readonly key: string;
  readonly bytes: Buffer;
  readonly inflated: Buffer;
  readonly signature: string;
}

/** How a digest differs from the one CloudTrail would write. */
export interface DigestPlan {
  readonly key?: KeyObject;
  /** Fields of the digest. */
  readonly over?: object;
  /** Hash under the signature. */
  readonly hash?: string;
}

/** A digest of the hour that ends at `hour`, linked to the one before. */
export const makeDigest = (
  hour: string,
  logs: readonly (readonly [key: string, inflated: Buffer])[],
  previous: SignedDigest | null,
  { key = privateKey, over = {}, hash = 'sha256' }: DigestPlan = {},
): SignedDigest => {
  const name = digestName(hour);
  const inflated = Buffer.from(
    JSON.stringify({
      awsAccountId: ACCOUNT,
      digestStartTime: `2026-11-20T${String(Number(hour) - 1).padStart(2, '0')}:00:00Z`,
      digestEndTime: `2026-11-20T${hour}:00:00Z`,
      digestS3Bucket: BUCKET,
      digestS3Object: name,
      digestPublicKeyFingerprint: keyFingerprint(der),
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: null,
      oldestEventTime: null,
      previousDigestS3Bucket: previous && BUCKET,
      previousDigestS3Object: previous && previous.key,
      previousDigestHashValue: previous && sha256(previous.inflated),
      previousDigestHashAlgorithm: previous && 'SHA-256',
      previousDigestSignature: previous && previous.signature,
      logFiles: logs.map(([s3Object, content]) => ({
        s3Bucket: BUCKET,
        s3Object,
        hashValue: sha256(content),
        hashAlgorithm: 'SHA-256',
        newestEventTime: '2026-11-20T06:00:01Z',
        oldestEventTime: '2026-11-20T06:00:01Z',
      })),
      ...over,
    }),
  );
  const signature = sign(hash, digestSignedBytes(parseTrailDigest(inflated), inflated), key).toString('hex');
  return { key: name, bytes: gzipSync(inflated), inflated, signature };
};

export const head = (signature: string): string =>
  JSON.stringify({ Metadata: { signature, 'signature-algorithm': 'SHA256withRSA' } });

export const otherKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
