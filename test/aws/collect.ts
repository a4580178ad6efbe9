/** Collection from the S3 double, as the command does it. */
import { afterAll, beforeAll } from 'vitest';
import { type CollectSummary, collectCloudTrail } from '../../src/app/collect.js';
import type { S3TrailSettings } from '../../src/model/trail-settings.js';
import { SETTINGS } from '../warehouse/settings.js';

/** Credentials that the SDK finds; the double accepts any. */
export const withAwsKeys = (): void => {
  const keys = {
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const before = Object.keys(keys).map((name) => [name, process.env[name]] as const);
  beforeAll(() => {
    Object.assign(process.env, keys);
  });
  afterAll(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
};

/** Where a trail's bucket is reached: the double, or a real server. */
export interface TrailServer {
  readonly endpoint: string;
  /** Where CloudTrail itself answers; the same address where absent. */
  readonly cloudtrailEndpoint?: string;
}

export const trailSource = (s3: TrailServer, over: Partial<S3TrailSettings> = {}): S3TrailSettings => ({
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
  cloudtrailEndpoint: s3.cloudtrailEndpoint ?? null,
  requestPayer: false,
  since: 30 * 86_400_000,
  concurrency: 8,
  ...over,
});

export const collectFrom = (
  s3: TrailServer,
  dataDir: string,
  now: string,
  over: Partial<S3TrailSettings> = {},
): Promise<CollectSummary> =>
  collectCloudTrail({
    settings: {
      ...SETTINGS,
      gateway: { ...SETTINGS.gateway, dataDir },
      collect: { cloudtrail: [{ s3: trailSource(s3, over) }], identity: [], ledgers: [] },
    },
    clock: { now: () => Date.parse(now), monotonic: () => 0, boot: 'test' },
  });
