/** `TrailBucket` and `ListKeys` over the AWS SDK, which is loaded when the first collection needs it. */
import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { AWS_TIMEOUTS, awsCredentials, awsFailure, quietAws } from '../../base/aws-client.js';
import type { S3TrailSettings } from '../../model/trail-settings.js';
import { BucketError, type Delivered, type ListedVersion, type ListKeys, type TrailBucket } from './bucket.js';
import { createLeanGet, type LeanAnswer } from './lean-get.js';

const RETRIES = { retryMode: 'adaptive', maxAttempts: 6 } as const;
const MAX_PAGES = 1_000_000;

export interface AwsAsk {
  readonly settings: S3TrailSettings;
  /** The environment of this process, which the SDK reads. Its advice on Node versions is switched off there. */
  readonly environment: Record<string, string | undefined>;
}

const failure = (error: unknown): BucketError => {
  if (error instanceof BucketError) return error;
  const { problem, ends } = awsFailure(error);
  return new BucketError(problem, ends);
};

const credentialsOf = ({ profile, roleArn, externalId, region }: S3TrailSettings) =>
  awsCredentials({ profile, roleArn, externalId, region, session: 'countersign-collect' });

/** The name of an S3 error that carries a code but a general name. */
const sent = async <T>(request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    throw failure(error);
  }
};

const versionsOf = (page: {
  readonly Versions?: readonly object[] | undefined;
  readonly DeleteMarkers?: readonly object[] | undefined;
}): readonly ListedVersion[] => [
  ...(page.Versions ?? []).map((item) => versionOf(item, false)),
  ...(page.DeleteMarkers ?? []).map((item) => versionOf(item, true)),
];

const versionOf = (
  item: {
    readonly Key?: string | undefined;
    readonly VersionId?: string | undefined;
    readonly ETag?: string | undefined;
    readonly Size?: number | undefined;
    readonly LastModified?: Date | undefined;
  },
  deleted: boolean,
): ListedVersion => ({
  key: item.Key ?? '',
  version: item.VersionId === undefined || item.VersionId === 'null' ? null : item.VersionId,
  etag: item.ETag?.replaceAll('"', '') ?? null,
  bytes: item.Size ?? 0,
  modified: item.LastModified?.getTime() ?? 0,
  deleted,
});

const bodyOf = async ({ Body, ContentLength }: GetObjectCommandOutput, maxBytes: number): Promise<Buffer> => {
  if (Body === undefined || (ContentLength ?? 0) > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
  const bytes = await Body.transformToByteArray();
  if (bytes.length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
  if (ContentLength !== undefined && bytes.length !== ContentLength) throw new BucketError('the answer was cut off');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

const lockOf = ({
  ObjectLockMode: mode,
  ObjectLockRetainUntilDate: until,
  ObjectLockLegalHoldStatus: hold,
}: {
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
}): string | null => {
  const kept = mode === undefined ? [] : [`${mode} until ${until?.toISOString() ?? 'an unknown time'}`];
  return [...kept, ...(hold === 'ON' ? ['legal hold'] : [])].join(', ') || null;
};

const META = 'x-amz-meta-';

const deliveredBy = ({ bytes, headers }: LeanAnswer): Delivered => {
  const metadata = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .flatMap(([name, value]) => (name.startsWith(META) ? [[name.slice(META.length), value] as const] : []));
  const until = headers['x-amz-object-lock-retain-until-date'];
  const lock = lockOf({
    ObjectLockMode: headers['x-amz-object-lock-mode'],
    ObjectLockRetainUntilDate: until === undefined ? undefined : new Date(until),
    ObjectLockLegalHoldStatus: headers['x-amz-object-lock-legal-hold'],
  });
  return { bytes, metadata: Object.fromEntries(metadata), lock };
};

const clientConfig = async ({ settings, environment }: AwsAsk): Promise<S3ClientConfig> => {
  quietAws(environment);
  return {
    region: settings.region,
    followRegionRedirects: true,
    requestHandler: { ...AWS_TIMEOUTS, httpAgent: { maxSockets: 64 }, httpsAgent: { maxSockets: 64 } },
    ...RETRIES,
    // What arrives is held against its digest; a second checksum of each object costs more than its hash.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(settings.endpoint !== null && { endpoint: settings.endpoint, forcePathStyle: true }),
    ...(await credentialsOf(settings)),
  };
};

type S3 = typeof import('@aws-sdk/client-s3');

/** Pages of a listing, with every version. */
async function* pagesOf(client: S3Client, api: S3, base: object & { Bucket: string; Prefix: string }, after: string) {
  let at: { KeyMarker?: string; VersionIdMarker?: string } = after === '' ? {} : { KeyMarker: after };
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await sent(client.send(new api.ListObjectVersionsCommand({ ...base, ...at })));
    yield versionsOf(page);
    if (page.IsTruncated !== true) return;
    if (page.NextKeyMarker === undefined) throw new BucketError('the listing was cut off');
    at = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

/** Notes the `Date` of each answer; of a whole second. */
const watchClock = (client: S3Client): (() => number | null) => {
  let offset: number | null = null;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const told = headerOf(result.response, 'date');
      if (told !== undefined && !Number.isNaN(Date.parse(told))) offset = Date.parse(told) - Date.now();
      return result;
    },
    { step: 'deserialize', name: 'watchClock', priority: 'low' },
  );
  return () => offset;
};

const headerOf = (response: unknown, name: string): string | undefined => {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null) return undefined;
  const found = Object.entries(headers).find(([own]) => own.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : undefined;
};

/** Opens the bucket of the settings; nothing is asked of it yet. */
export const openS3Bucket = async (ask: AwsAsk): Promise<TrailBucket> => {
  const { settings } = ask;
  const api = await import('@aws-sdk/client-s3');
  const client = new api.S3Client(await clientConfig(ask));
  const clockOffset = watchClock(client);
  const lean = createLeanGet(client);
  const payer = settings.requestPayer ? { RequestPayer: 'requester' as const } : {};
  const base = { Bucket: settings.bucket, ...payer };
  return {
    source: `s3://${settings.bucket}`,
    clockOffset,
    folders: async (prefix) => {
      const names: string[] = [];
      let token: { ContinuationToken?: string } = {};
      do {
        const page = await sent(
          client.send(new api.ListObjectsV2Command({ ...base, Prefix: prefix, Delimiter: '/', ...token })),
        );
        names.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => (Prefix ?? '').slice(prefix.length, -1)));
        token = page.NextContinuationToken === undefined ? {} : { ContinuationToken: page.NextContinuationToken };
      } while (token.ContinuationToken !== undefined && names.length < MAX_PAGES);
      return names;
    },
    list: (prefix, after) => pagesOf(client, api, { ...base, Prefix: prefix }, after),
    get: async ({ key, version }, maxBytes): Promise<Delivered> => {
      const plain = await lean.get(key, version, maxBytes);
      if (plain !== null) return deliveredBy(plain);
      lean.asked(key);
      const at = version === null ? {} : { VersionId: version };
      const answer = await sent(client.send(new api.GetObjectCommand({ ...base, Key: key, ...at })));
      const metadata = Object.entries(answer.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
      return { bytes: await bodyOf(answer, maxBytes), metadata: Object.fromEntries(metadata), lock: lockOf(answer) };
    },
  };
};

/** ListPublicKeys with the same credentials; each region answers for its own digests. */
export const openListKeys = async (ask: AwsAsk): Promise<ListKeys> => {
  const { CloudTrailClient, ListPublicKeysCommand } = await import('@aws-sdk/client-cloudtrail');
  const { endpoint } = ask.settings;
  const credentials = await credentialsOf(ask.settings);
  return async (region, from, to) => {
    const client = new CloudTrailClient({
      region,
      requestHandler: AWS_TIMEOUTS,
      ...RETRIES,
      ...(endpoint !== null && { endpoint: ask.settings.cloudtrailEndpoint ?? endpoint }),
      ...credentials,
    });
    try {
      const range = { StartTime: new Date(from), EndTime: new Date(to) };
      const answer = await sent(client.send(new ListPublicKeysCommand(range)));
      return (answer.PublicKeyList ?? []).flatMap(({ Value, Fingerprint, ValidityStartTime, ValidityEndTime }) =>
        Value && ValidityStartTime && ValidityEndTime
          ? [
              {
                value: Buffer.from(Value).toString('base64'),
                fingerprint: Fingerprint ?? '',
                from: ValidityStartTime.getTime(),
                to: ValidityEndTime.getTime(),
              },
            ]
          : [],
      );
    } finally {
      client.destroy();
    }
  };
};
