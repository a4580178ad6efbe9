/**
 * Delivers the sample account's events as CloudTrail does: log files, and hourly digest files that chain and
 * are signed. Source: AWS CloudTrail user guide, "CloudTrail log file examples" and "CloudTrail digest file
 * structure". The signing keys are made per run and held in memory alone.
 */
import { generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../base/digest.js';
import { digestSignedBytes, keyFingerprint, type TrailDigest, type TrailDigestLog } from '../../base/trail-digest.js';
import type { Random } from '../random.js';
import { type TrailEvent, wholeSeconds } from './event.js';

/** A signing key of one Region; CloudTrail has other keys in each. */
interface TrailKey {
  readonly privateKey: KeyObject;
  /** PKCS#1 DER, base64, as ListPublicKeys gives it. */
  readonly publicKey: string;
  /** MD5 of the DER, hex. */
  readonly fingerprint: string;
}

export type TrailKeys = ReadonlyMap<string, TrailKey>;

export interface DeliveryOptions {
  readonly accountId: string;
  /** Home Region of the trail. */
  readonly region: string;
  readonly regions: readonly string[];
  readonly bucket: string;
  readonly trail: string;
  readonly outDir: string;
  readonly random: Random;
  readonly keys: TrailKeys;
  /** When the account began, and when it delivers: milliseconds since 1970. */
  readonly started: number;
  readonly now: number;
  readonly events: readonly TrailEvent[];
}

/** What was written, and the public keys for the auditor's trust file. */
export interface Delivery {
  readonly dir: string;
  /** Events in log files, each counted once. */
  readonly events: number;
  readonly logs: number;
  readonly digests: number;
  readonly publicKeys: readonly { readonly region: string; readonly fingerprint: string; readonly publicKey: string }[];
}

const HOUR = 3_600_000;
const MAX_EVENTS_PER_FILE = 12;
const NAME = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh RSA-2048 key per Region. */
export const createTrailKeys = async (regions: readonly string[]): Promise<TrailKeys> => {
  const generate = promisify(generateKeyPair);
  const one = async (region: string): Promise<readonly [string, TrailKey]> => {
    const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048 });
    const der = publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64');
    return [region, { privateKey, publicKey: der, fingerprint: keyFingerprint(der) }];
  };
  return new Map(await Promise.all(regions.map(one)));
};

/** `20261124T053000Z`; without seconds, as log file names have it, `20261124T0530Z`. */
const compactTime = (ms: number, seconds: boolean): string =>
  new Date(ms).toISOString().replace(seconds ? /[-:]|\.\d{3}/g : /[-:]|:?\d{2}\.\d{3}/g, '');

const datePath = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/');

const writeObject = async (options: DeliveryOptions, key: string, content: Buffer | string): Promise<void> => {
  const file = join(options.outDir, ...key.split('/'));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
};

const eventBounds = (
  times: readonly number[],
): { readonly newestEventTime: string; readonly oldestEventTime: string } => ({
  newestEventTime: wholeSeconds(Math.max(...times)),
  oldestEventTime: wholeSeconds(Math.min(...times)),
});

/** At least three files where there are events enough, none with many events. */
const batches = (events: readonly TrailEvent[]): TrailEvent[][] => {
  const size = Math.max(1, Math.min(MAX_EVENTS_PER_FILE, Math.ceil(events.length / 3)));
  const files: TrailEvent[][] = [];
  for (let i = 0; i < events.length; i += size) files.push(events.slice(i, i + size));
  const [first] = events;
  // CloudTrail may deliver an event twice; the sample does, so that counting it once is shown.
  if (first && files.length > 1) files.at(-1)?.push(first);
  return files;
};

const writeLogs = async (options: DeliveryOptions, region: string): Promise<TrailDigestLog[]> => {
  const { accountId, now, random } = options;
  const logs: TrailDigestLog[] = [];
  for (const batch of batches(options.events.filter((event) => event.region === region))) {
    const folder = `AWSLogs/${accountId}/CloudTrail/${region}/${datePath(now)}`;
    const key = `${folder}/${accountId}_CloudTrail_${region}_${compactTime(now, false)}_${random.text(NAME, 16)}.json.gz`;
    const content = JSON.stringify({ Records: batch.map(({ record }) => record) });
    await writeObject(options, key, gzipSync(content));
    logs.push({
      s3Bucket: options.bucket,
      s3Object: key,
      hashValue: sha256(content),
      hashAlgorithm: 'SHA-256',
      ...eventBounds(batch.map(({ time }) => time)),
    });
  }
  return logs;
};

/** What a digest says of its predecessor. */
interface Link {
  readonly object: string;
  readonly hash: string;
  readonly signature: string;
}

const digestKey = (options: DeliveryOptions, region: string, end: number): string => {
  const { accountId, trail, region: home } = options;
  const name = `${accountId}_CloudTrail-Digest_${region}_${trail}_${home}_${compactTime(end, true)}.json.gz`;
  return `AWSLogs/${accountId}/CloudTrail-Digest/${region}/${datePath(end)}/${name}`;
};

const newest = (logs: readonly TrailDigestLog[], pick: 'newestEventTime' | 'oldestEventTime'): string | null => {
  const times = logs.map((log) => log[pick]).sort();
  return (pick === 'newestEventTime' ? times.at(-1) : times[0]) ?? null;
};

const createDigest = (
  options: DeliveryOptions,
  region: string,
  end: number,
  logFiles: readonly TrailDigestLog[],
  previous: Link | null,
): TrailDigest => ({
  awsAccountId: options.accountId,
  digestStartTime: wholeSeconds(end - HOUR),
  digestEndTime: wholeSeconds(end),
  digestS3Bucket: options.bucket,
  digestS3Object: digestKey(options, region, end),
  digestPublicKeyFingerprint: options.keys.get(region)?.fingerprint ?? '',
  digestSignatureAlgorithm: 'SHA256withRSA',
  newestEventTime: newest(logFiles, 'newestEventTime'),
  oldestEventTime: newest(logFiles, 'oldestEventTime'),
  previousDigestS3Bucket: previous && options.bucket,
  previousDigestS3Object: previous && previous.object,
  previousDigestHashValue: previous && previous.hash,
  previousDigestHashAlgorithm: previous && 'SHA-256',
  previousDigestSignature: previous && previous.signature,
  logFiles,
});

const writeDigest = async (options: DeliveryOptions, digest: TrailDigest, key: KeyObject): Promise<Link> => {
  const content = Buffer.from(JSON.stringify(digest));
  const signature = sign('sha256', digestSignedBytes(digest, content), key).toString('hex');
  const metadata = { Metadata: { signature, 'signature-algorithm': 'SHA256withRSA' } };
  await writeObject(options, digest.digestS3Object, gzipSync(content));
  await writeObject(options, `${digest.digestS3Object}.head.json`, `${JSON.stringify(metadata, null, 2)}\n`);
  return { object: digest.digestS3Object, hash: sha256(content), signature };
};

/**
 * The starting digest of the hour before the account began, then one per hour up to that of the delivery,
 * which lists the logs. That last hour may not be over: real CloudTrail would deliver its digest later.
 */
const writeDigests = async (
  options: DeliveryOptions,
  region: string,
  key: KeyObject,
  logs: readonly TrailDigestLog[],
): Promise<number> => {
  const first = Math.floor(options.started / HOUR) * HOUR;
  const last = Math.floor(options.now / HOUR) * HOUR + HOUR;
  let previous: Link | null = null;
  let count = 0;
  for (let end = first; end <= last; end += HOUR, count++) {
    const digest: TrailDigest = createDigest(options, region, end, end === last ? logs : [], previous);
    previous = await writeDigest(options, digest, key);
  }
  return count;
};

const writePublicKeys = (options: DeliveryOptions, region: string, key: TrailKey): Promise<void> => {
  const day = 24 * HOUR;
  const from = Math.floor(options.started / day) * day - day;
  const entry = {
    Value: key.publicKey,
    ValidityStartTime: wholeSeconds(from),
    ValidityEndTime: wholeSeconds(from + 30 * day),
    Fingerprint: key.fingerprint,
  };
  return writeObject(options, `public-keys/${region}.json`, `${JSON.stringify({ PublicKeyList: [entry] }, null, 2)}\n`);
};

const README = `Sample CloudTrail logs
======================

These files come from Countersign's sample AWS account, a program on this machine.
They are not from AWS, and no AWS account has this data.

The formats are those of AWS: log files, digest files, their names and signatures, and the
key list as "aws cloudtrail list-public-keys" prints it. What differs:

- The digests are signed by keys made for this one run. Only the public halves were written.
- A digest's object metadata stands beside it in a .head.json file, as
  "aws s3api head-object" prints it, because a folder has no object metadata.
- The last digest of each Region covers the hour in which the demo ran, although that hour may
  not be over. AWS delivers a digest after its hour.
- tlsDetails and addresses from 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 are made up.
- One event per Region is delivered twice, as AWS may do.
`;

/** Writes everything below `outDir`. Signing keys are not written. */
export const deliverTrail = async (options: DeliveryOptions): Promise<Delivery> => {
  const publicKeys: Delivery['publicKeys'][number][] = [];
  let logCount = 0;
  let digestCount = 0;
  for (const region of options.regions) {
    const key = options.keys.get(region);
    if (!key) throw new RangeError(`no signing key for ${region}`);
    const logs = await writeLogs(options, region);
    logCount += logs.length;
    digestCount += await writeDigests(options, region, key.privateKey, logs);
    await writePublicKeys(options, region, key);
    publicKeys.push({ region, fingerprint: key.fingerprint, publicKey: key.publicKey });
  }
  await writeObject(options, 'README.txt', README);
  return { dir: options.outDir, events: options.events.length, logs: logCount, digests: digestCount, publicKeys };
};
