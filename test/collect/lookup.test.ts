import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '@aws-sdk/client-cloudtrail';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CollectSummary, collectCloudTrail } from '../../src/app/collect.js';
import { sourceFacts } from '../../src/app/report/sources.js';
import type { Verification } from '../../src/model/evidence.js';
import { parseRawIndex } from '../../src/model/raw-index.js';
import type { Settings } from '../../src/model/settings.js';
import type { LookupSettings } from '../../src/model/trail-settings.js';
import { openWarehouse } from '../../src/warehouse/open.js';
import { startTrailDouble, type TrailDouble } from '../aws/cloudtrail-double.js';
import { withAwsKeys } from '../aws/collect.js';
import { SETTINGS } from '../warehouse/settings.js';
import { record } from './fixtures.js';

const NOW = Date.parse('2026-11-20T09:30:00Z');
const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const DAY = 86_400_000;

let dir: string;
let aws: TrailDouble;
let now: number;

withAwsKeys();
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-lookup-'));
  now = NOW;
  aws = await startTrailDouble(() => now);
});
afterEach(async () => {
  await aws.close();
  rmSync(dir, { recursive: true });
});

const settings = (over: Partial<LookupSettings> = {}): Settings => ({
  ...SETTINGS,
  gateway: { ...SETTINGS.gateway, dataDir: join(dir, 'data') },
  collect: {
    identity: [],
    ledgers: [],
    cloudtrail: [
      {
        lookup: {
          account: ACCOUNT,
          regions: [REGION],
          profile: null,
          roleArn: null,
          externalId: null,
          endpoint: aws.endpoint,
          since: 6 * 3_600_000,
          ...over,
        },
      },
    ],
  },
});

const collect = (over: Partial<LookupSettings> = {}, since?: number): Promise<CollectSummary> =>
  collectCloudTrail({
    settings: settings(over),
    clock: { now: () => now, monotonic: () => 0, boot: 'test' },
    lookup: true,
    ...(since !== undefined && { since }),
  });

const happen = (id: string, time: string, region = REGION): void => {
  const event: Event = {
    EventId: id,
    EventName: 'DescribeInstances',
    ReadOnly: 'true',
    EventTime: new Date(time),
    EventSource: 'ec2.amazonaws.com',
    Resources: [],
    CloudTrailEvent: JSON.stringify(record(id, { eventTime: time, awsRegion: region })),
  };
  aws.events.set(region, [...(aws.events.get(region) ?? []), event]);
};

const codes = ({ findings }: CollectSummary): readonly string[] => findings.map(({ code }) => code);
const VERIFIED: Verification = { target: '', kind: 'ledger', established: [], findings: [], ledgers: [], exit: 0 };

describe('events that are looked up', () => {
  it('are kept as delivered, page by page and window by window, and labelled unverified', async () => {
    for (let i = 0; i < 60; i++) happen(`a${i}`, `2026-11-20T0${4 + (i % 5)}:00:${String(i).padStart(2, '0')}Z`);
    const summary = await collect();
    expect(summary).toMatchObject({ events: 60, problems: [], exit: 0, logs: { lookedUp: 2, uncovered: 0 } });
    expect(new Set(codes(summary))).toEqual(new Set(['LOOKUP_UNVERIFIED']));
    const index = parseRawIndex(readFileSync(join(dir, 'data/raw/index.ndjson')));
    expect(index.map(({ key }) => key)).toEqual([
      `lookup/${ACCOUNT}/${REGION}/2026/11/20/T000000Z.json`,
      `lookup/${ACCOUNT}/${REGION}/2026/11/20/T060000Z.json`,
    ]);
    expect(index[0]?.delivery?.source).toBe(`cloudtrail:${REGION}`);
  });

  it('never make a period complete: CloudTrail stays not testable, and the reason says why', async () => {
    happen('a', '2026-11-20T07:00:00Z');
    await collect();
    const warehouse = await openWarehouse(join(dir, 'data/warehouse.duckdb'));
    const period = { from: NOW - DAY, to: NOW + DAY, label: 'x' };
    const facts = await sourceFacts(warehouse, settings(), period, VERIFIED, NOW);
    await warehouse.close();
    expect(facts.sources.has('cloudtrail')).toBe(false);
    expect(facts.sources.has('cloudtrail_digests')).toBe(false);
    expect(facts.incomplete).toContain('CloudTrail events were only looked up: nothing shows that they are complete.');
  });

  it('a settled window is asked for once; one that may still grow is asked for again', async () => {
    happen('a', '2026-11-20T04:00:00Z');
    await collect();
    const asked = aws.requests;
    happen('late', '2026-11-20T05:30:00Z');
    happen('b', '2026-11-20T08:00:00Z');
    expect(await collect()).toMatchObject({ events: 2, files: 1 });
    expect(aws.requests).toBe(asked + 1);
  });

  it('a stop in the middle loses no window that was read: the next run asks for the rest', async () => {
    happen('a', '2026-11-20T04:00:00Z');
    happen('b', '2026-11-20T08:00:00Z');
    aws.fault = (_, requests) => (requests > 1 ? 'ExpiredTokenException' : undefined);
    const summary = await collect();
    expect(summary).toMatchObject({ events: 1, exit: 11 });
    expect(summary.problems).toMatchObject([{ reason: 'not read: the credentials have expired' }]);
    aws.fault = () => undefined;
    expect(await collect()).toMatchObject({ events: 2, files: 1, problems: [], exit: 0 });
  });

  it('keeps to two requests a second in each region, regions beside each other', async () => {
    const regions = [REGION, 'us-east-1'];
    for (const region of regions)
      for (let i = 0; i < 130; i++) happen(`${region}-${i}`, '2026-11-20T07:00:00Z', region);
    expect(await collect({ regions })).toMatchObject({ events: 260, exit: 0 });
    expect(aws.throttled).toBe(0);
    for (const region of regions) expect(aws.times.get(region)).toHaveLength(4);
  });

  it('waits out a throttling that others cause', async () => {
    happen('a', '2026-11-20T07:00:00Z');
    aws.fault = (_, requests) => (requests === 1 ? 'ThrottlingException' : undefined);
    expect(await collect()).toMatchObject({ events: 1, exit: 0 });
  });

  it('a region that is not enabled is named, and the others are read', async () => {
    happen('a', '2026-11-20T07:00:00Z');
    aws.fault = (region) => (region === 'af-south-1' ? 'UnrecognizedClientException' : undefined);
    const summary = await collect({ regions: ['af-south-1', REGION] });
    expect(summary).toMatchObject({ events: 1, exit: 11 });
    expect(summary.problems.map(({ reason }) => reason)).toEqual(
      Array(2).fill('not read: AWS does not know these credentials, or the region is not enabled for the account'),
    );
  });

  it('an item without its event, and one that is no JSON, are counted as rejected', async () => {
    happen('a', '2026-11-20T07:00:00Z');
    const at = new Date('2026-11-20T07:00:01Z');
    aws.events.get(REGION)?.push({ EventId: 'bare', EventTime: at }, { EventTime: at, CloudTrailEvent: '{"eventID":' });
    const summary = await collect();
    expect(summary).toMatchObject({ events: 1, rejected: 2, exit: 11 });
    expect(summary.problems).toMatchObject([{ reason: expect.stringMatching(/^2 of 3 records rejected/) }]);
  });

  it('says that a quarter cannot be looked up at its end', async () => {
    const quarter = NOW - 92 * DAY;
    aws.fault = (_, requests) => (requests > 1 ? 'AccessDeniedException' : undefined);
    const summary = await collect({}, quarter);
    expect(summary.exit).toBe(11);
    const beyond = summary.problems.find(({ file }) => file === `lookup/${ACCOUNT}/${REGION}`);
    expect(beyond?.reason).toMatch(/^LookupEvents reaches back 90 days: .* a quarter needs a trail$/);
  });
});
