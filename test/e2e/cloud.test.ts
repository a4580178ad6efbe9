/** The whole flow: a server on the AWS SDK, a role assumed for each session, the trail's bucket, and what correlation says. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CollectSummary, collectCloudTrail } from '../../src/app/collect.js';
import { loadSettings } from '../../src/app/config.js';
import { periodBetween, report } from '../../src/app/report.js';
import { status } from '../../src/app/status.js';
import { timeline } from '../../src/app/timeline.js';
import { cellText, openWarehouse, type Row } from '../../src/warehouse/open.js';
import { withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { actInCloud, type CloudWorld, type Left, prepareCloud, removeCloud, trailKeys } from './cloud-world.js';

const DAY = 86_400_000;

withAwsKeys();

let s3: S3Double;
let world: CloudWorld;
let left: readonly Left[];
let summary: CollectSummary;

const ask = async (sql: string): Promise<readonly Row[]> => {
  const warehouse = await openWarehouse(join(world.dir, 'data/warehouse.duckdb'), { readOnly: true });
  try {
    return await warehouse.query(sql);
  } finally {
    await warehouse.close();
  }
};

beforeAll(async () => {
  s3 = await startS3Double();
  const place = { bucket: 'trail', region: 'eu-central-1', endpoint: s3.endpoint, cloudtrailEndpoint: s3.endpoint };
  world = await prepareCloud(7, place);
  const { cloud } = world;
  left = await actInCloud(world);
  const { publicKeys } = await cloud.deliver('trail', true, (key, bytes, metadata) => s3.put(key, bytes, metadata));
  s3.keys = trailKeys(publicKeys);
  summary = await collectCloudTrail({ settings: await loadSettings(world.config) });
}, 60_000);
afterAll(async () => {
  await s3.close();
  await removeCloud(world);
});

describe('calls of two people through the gateway, with the AWS SDK behind it', () => {
  it('are answered; the cloud finds every signature, request and answer as its models say', () => {
    expect(world.cloud.defects).toEqual([]);
    expect(left.map(({ tool, isError, events }) => `${tool} ${events.length}${isError ? ' refused' : ''}`)).toEqual([
      'whoami 1',
      'list_buckets 1',
      'list_buckets 1',
      'create_bucket 2',
      'list_users 2',
      'put_object 1',
      'get_object 1',
      'get_secret 1',
      'get_secret 1 refused',
      'put_secret 1',
      'create_bucket 1 refused',
    ]);
  });

  it('are collected from the bucket whole, and every digest verifies', () => {
    expect(summary).toMatchObject({ problems: [], integrity: [], missing: [], rejected: 0, conflicts: 0, exit: 0 });
    expect(summary.digests).toEqual({ valid: expect.any(Number), unsigned: 0, noKey: 0, invalid: 0 });
    // Two regions, each with the hour before and the hour of the calls.
    expect(summary.digests.valid).toBeGreaterThanOrEqual(4);
    expect(summary.logs).toMatchObject({ changed: 0, missing: 0, uncovered: 0 });
    expect(summary.events).toBe(world.cloud.events.length);
  });

  it('explain every event of their role, by T1 or T3, of the right person, and none else', async () => {
    const rows = await ask('SELECT event_id, kind, tier, call_id, person_ok, bind_conflict FROM event_match');
    const found = new Map(rows.map((row) => [cellText(row['event_id']), row]));
    const ours = world.cloud.events.filter(({ record }) => !JSON.stringify(record['userIdentity']).includes('mallory'));
    expect([...found.keys()].sort()).toEqual(ours.map(({ eventId }) => eventId).sort());
    expect(new Set(rows.map((row) => row['tier']))).toEqual(new Set(['T1', 'T3']));
    expect(rows.every((row) => row['person_ok'] === true && row['bind_conflict'] === false)).toBe(true);
    const supporting = ours.filter(({ name }) => ['AssumeRole', 'GetCallerIdentity'].includes(name));
    for (const { eventId, name } of ours) {
      expect(found.get(eventId)?.['kind'], name).toBe(
        supporting.some((one) => one.eventId === eventId) ? 'SUPPORTING' : 'MATCHED',
      );
    }
  });

  it('are each joined to their own events', async () => {
    const calls = await ask(`SELECT call_id, target FROM gw_call WHERE method = 'tools/call' ORDER BY seq`);
    expect(calls.map((row) => row['target'])).toEqual(left.map(({ tool }) => tool));
    const matched = await ask(`SELECT event_id, call_id FROM event_match WHERE kind = 'MATCHED'`);
    const joined = matched.map((row) => `${cellText(row['event_id'])} ${cellText(row['call_id'])}`).sort();
    const caused = left.flatMap(({ tool, events }, i) =>
      tool === 'whoami' ? [] : events.map((event) => `${event} ${cellText(calls[i]?.['call_id'])}`),
    );
    expect(joined).toEqual(caused.sort());
    expect(await ask('SELECT * FROM call_missing')).toEqual([]);
  });

  it('are told by status and timeline', async () => {
    const settings = await loadSettings(world.config);
    const now = await status({ settings, days: 2 });
    const total = now.matches.reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(world.cloud.events.length - 1);
    expect(now.unread).toBe(0);
    const [call] = await ask(`SELECT call_id FROM gw_call WHERE target = 'create_bucket' ORDER BY seq LIMIT 1`);
    const { entries } = await timeline({ settings, id: cellText(call?.['call_id']), limit: 100 });
    expect(entries.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['call', 'CreateBucket', 'PutBucketTagging', 'result']),
    );
  });

  it('are reported without an exception of correlation', async () => {
    const settings = await loadSettings(world.config);
    const today = Math.floor(Date.now() / DAY) * DAY;
    const iso = (ms: number): string => new Date(ms).toISOString();
    const period = periodBetween(iso(today - DAY), iso(today + DAY));
    const { results } = await report({ settings, period, version: 'test' });
    const said = new Map(results.map(({ control, result }) => [control, result]));
    for (const id of ['CS-NET-01', 'CS-EFF-01', 'CS-CLK-01', 'CS-TRL-01'])
      expect([id, said.get(id)]).toEqual([id, 'no_exceptions']);
  });
});
