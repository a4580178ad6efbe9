/** Reads the sources of CloudTrail: folders, buckets, and accounts whose events are looked up. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import { createPace, type Pace } from '../base/pace.js';
import { type CollectedFile, collectCloudTrailFolder } from '../collect/cloudtrail/files.js';
import { collectCloudTrailBucket } from '../collect/cloudtrail/from-bucket.js';
import { collectLookup } from '../collect/cloudtrail/lookup.js';
import { openLookup } from '../collect/cloudtrail/lookup-client.js';
import { openListKeys, openS3Bucket } from '../collect/cloudtrail/s3.js';
import type { Settings } from '../model/settings.js';
import type { LookupSettings, S3TrailSettings, TrailSource } from '../model/trail-settings.js';

export interface CollectAsk {
  readonly settings: Settings;
  /** Folder to collect; the sources of the configuration where it is absent. */
  readonly from?: string;
  /** Only the accounts whose events are looked up. */
  readonly lookup?: boolean;
  /** Buckets are listed, and events looked up, from this day on, milliseconds since 1970. */
  readonly since?: number;
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

/** AWS's own limit, of one account and region. */
const LOOKUPS_PER_SECOND = 2;

const sourcesOf = ({ settings, from, lookup }: CollectAsk): readonly TrailSource[] => {
  const all = from === undefined ? settings.collect.cloudtrail : [{ dir: from }];
  const sources = lookup ? all.filter((source) => 'lookup' in source) : all;
  if (sources.length > 0) return sources;
  throw new CountersignError('USAGE', {
    problem: lookup
      ? 'no account to look up is named under collect.cloudtrail'
      : 'no folder or bucket of CloudTrail files is named, here or under collect.cloudtrail',
  });
};

type Report = (done: number, total: number) => void;

const collectBucket = async (s3: S3TrailSettings, ask: CollectAsk, onProgress: Report) => {
  const aws = { settings: s3, environment: ask.environment ?? process.env };
  const now = (ask.clock ?? systemClock()).now();
  return collectCloudTrailBucket({
    bucket: await openS3Bucket(aws),
    listKeys: await openListKeys(aws),
    scope: s3,
    dataDir: ask.settings.gateway.dataDir,
    from: ask.since ?? null,
    earliest: now - s3.since,
    now,
    concurrency: s3.concurrency,
    onProgress,
  });
};

const lookUp = async (
  settings: LookupSettings,
  ask: CollectAsk,
  pace: (region: string) => Pace,
  onProgress: Report,
) => {
  const { lookup, close } = await openLookup(settings, ask.environment ?? process.env);
  const now = (ask.clock ?? systemClock()).now();
  const { account, regions } = settings;
  const { dataDir } = ask.settings.gateway;
  const from = ask.since ?? now - settings.since;
  return collectLookup({ lookup, account, regions, dataDir, from, now, pace, onProgress }).finally(close);
};

/** One pace for each account and region, whichever sources name it. */
const createPaces = (): ((account: string) => (region: string) => Pace) => {
  const paces = new Map<string, Pace>();
  const clock = systemClock();
  return (account) => (region) => {
    const pace = paces.get(`${account} ${region}`) ?? createPace(LOOKUPS_PER_SECOND, clock, (ms) => wait(ms));
    paces.set(`${account} ${region}`, pace);
    return pace;
  };
};

/**
 * Collects one folder, or the sources of the configuration, one after the other.
 * @throws CountersignError USAGE, COLLECT_FOLDER, COLLECT_BUCKET, RAW_INDEX
 */
export const collectSources = async (ask: CollectAsk): Promise<readonly CollectedFile[]> => {
  const { dataDir } = ask.settings.gateway;
  const files: CollectedFile[] = [];
  const paces = createPaces();
  for (const source of sourcesOf(ask)) {
    const report =
      (step: string): Report =>
      (done, total) =>
        ask.onProgress?.(step, done, total);
    const { files: collected } =
      'dir' in source
        ? await collectCloudTrailFolder({ from: source.dir, dataDir, onProgress: report('files') })
        : 's3' in source
          ? await collectBucket(source.s3, ask, report('objects'))
          : await lookUp(source.lookup, ask, paces(source.lookup.account), report('lookups'));
    files.push(...collected);
  }
  return files;
};
