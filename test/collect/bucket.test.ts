import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectSummary } from '../../src/app/collect.js';
import { parseRawIndex, parseRawListing, parseRawProblems } from '../../src/model/raw-index.js';
import type { S3TrailSettings } from '../../src/model/trail-settings.js';
import { collectFrom, withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { awsKeys, log, logName, makeDigest, record, type SignedDigest } from './fixtures.js';

const NOW = '2026-11-20T08:10:00Z';

let dir: string;
let s3: S3Double;

withAwsKeys();
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-bucket-'));
  s3 = await startS3Double();
  s3.keys = awsKeys;
});
afterEach(async () => {
  await s3.close();
  rmSync(dir, { recursive: true });
});

const collect = (over: Partial<S3TrailSettings> = {}): Promise<CollectSummary> =>
  collectFrom(s3, join(dir, 'data'), NOW, over);

const raw = (name: string): Buffer => readFileSync(join(dir, 'data/raw', name));
const index = () => parseRawIndex(raw('index.ndjson'));

/** Logs and digests of the hours to 06, 07 and 08 o'clock, linked. */
const fillTrail = (): readonly SignedDigest[] => {
  const digests: SignedDigest[] = [];
  for (const hour of ['06', '07', '08']) {
    const key = logName(`${String(Number(hour) - 1).padStart(2, '0')}30`);
    const inflated = Buffer.from(JSON.stringify({ Records: [record(`event-${hour}`)] }));
    s3.put(key, log(record(`event-${hour}`)));
    const digest = makeDigest(hour, [[key, inflated]], digests.at(-1) ?? null);
    s3.put(digest.key, digest.bytes, { signature: digest.signature, 'signature-algorithm': 'SHA256withRSA' });
    digests.push(digest);
  }
  return digests;
};

describe('a trail bucket', () => {
  it('is collected whole, with signatures, versions and public keys, and verifies', async () => {
    fillTrail();
    const summary = await collect();
    expect(summary).toMatchObject({ events: 3, problems: [], integrity: [], exit: 0 });
    expect(summary.digests).toEqual({ valid: 3, unsigned: 0, noKey: 0, invalid: 0 });
    expect(summary.logs).toMatchObject({ valid: 3, missing: 0, uncovered: 0 });
    const [first] = index().filter(({ kind }) => kind === 'cloudtrail-digest');
    expect(first?.delivery).toMatchObject({ source: 's3://trail', version: 'v2', lock: null, backfill: null });
    expect(first?.signature).toMatch(/^[0-9a-f]{512}$/);
  });

  it('is read again without fetching anything twice, and gives the same index', async () => {
    fillTrail();
    await collect();
    const [before, gets] = [raw('index.ndjson'), s3.gets];
    const again = await collect();
    expect(s3.gets).toBe(gets);
    expect(raw('index.ndjson')).toEqual(before);
    expect(again.events).toBe(3);
  });

  it('late objects that sort before what was collected are found', async () => {
    fillTrail();
    await collect();
    s3.put(logName('0001', 'late'.repeat(4)), log(record('late')));
    expect((await collect()).events).toBe(4);
  });

  it('pages of listings are followed to their end', async () => {
    for (let i = 0; i < 120; i++) s3.put(logName('0530', `x${String(i).padStart(15, '0')}`), log(record(`e${i}`)));
    expect((await collect()).events).toBe(120);
  });

  it('an overwritten log is kept in both versions, and the one its digest does not name is changed', async () => {
    fillTrail();
    s3.put(logName('0630'), log(record('forged')));
    const summary = await collect();
    expect(summary.exit).toBe(12);
    expect(summary.integrity).toMatchObject([{ file: logName('0630') }]);
    expect(index().filter(({ key }) => key === logName('0630'))).toHaveLength(2);
  });

  it('a deleted log is still read where its version is left, and its delete marker is on record', async () => {
    fillTrail();
    s3.remove(logName('0630'));
    expect((await collect()).logs).toMatchObject({ valid: 3, missing: 0 });
    const markers = parseRawListing(raw('listing.ndjson')).filter(({ kind }) => kind === 'delete_marker');
    expect(markers).toMatchObject([{ key: logName('0630') }]);
  });

  it('an organisation trail is found below its id, for the accounts and regions that are there', async () => {
    const key = `logs/AWSLogs/o-abc123/${logName('0530').replace('AWSLogs/', '')}`;
    s3.put(key, log(record('org')));
    s3.put('logs/AWSLogs/o-abc123/111122223333/elasticloadbalancing/eu-central-1/other.log', 'not a trail');
    s3.put('logs/AWSLogs/readme.txt', 'of other people');
    expect(await collect({ prefix: 'logs/', organization: 'o-abc123' })).toMatchObject({ events: 1, files: 1 });
  });

  it('expected accounts and regions stand in the listing, whether there is anything or not', async () => {
    fillTrail();
    await collect({ accounts: ['111122223333', '999988887777'], regions: ['eu-central-1', 'us-east-1'] });
    const chains = parseRawListing(raw('listing.ndjson')).flatMap((row) =>
      row.kind === 'chain' ? [`${row.account}/${row.region}`] : [],
    );
    expect(chains).toEqual([
      '111122223333/eu-central-1',
      '111122223333/us-east-1',
      '999988887777/eu-central-1',
      '999988887777/us-east-1',
    ]);
  });
});

describe('a bucket that does not answer as it should', () => {
  it('access denied to one prefix: it is named, the rest is collected', async () => {
    fillTrail();
    s3.fault = (what) =>
      what.includes('CloudTrail-Digest/eu-central-1') ? { status: 403, code: 'AccessDenied' } : undefined;
    const summary = await collect();
    expect(summary).toMatchObject({ events: 3, exit: 11 });
    expect(summary.problems).toMatchObject([{ reason: 's3://trail could not be listed there: access denied' }]);
  });

  it('access denied to one object: it is named, and read when it may be', async () => {
    fillTrail();
    s3.fault = (what) => (what === logName('0630') ? { status: 403, code: 'AccessDenied' } : undefined);
    expect((await collect()).problems).toEqual([{ file: logName('0630'), reason: 'not read: access denied' }]);
    expect(parseRawProblems(raw('problems.ndjson'))).toMatchObject([{ key: logName('0630') }]);
    s3.fault = () => undefined;
    expect(await collect()).toMatchObject({ events: 3, problems: [], exit: 0 });
    expect(parseRawProblems(raw('problems.ndjson'))).toEqual([]);
  });

  it('credentials that expire in the middle: what was read is kept, the rest is named, the next run goes on', async () => {
    fillTrail();
    s3.fault = () => (s3.gets >= 2 ? { status: 400, code: 'ExpiredToken' } : undefined);
    const summary = await collect({ concurrency: 1 });
    expect(summary.exit).toBe(11);
    expect(summary.problems.filter(({ reason }) => reason.endsWith('the credentials have expired'))).toHaveLength(4);
    s3.fault = () => undefined;
    expect(await collect()).toMatchObject({ events: 3, exit: 0 });
    expect(s3.gets).toBe(6);
  });

  it('throttling is waited out', async () => {
    fillTrail();
    let refusals = 0;
    s3.fault = (what) => (what === logName('0630') && refusals++ < 2 ? { status: 503, code: 'SlowDown' } : undefined);
    expect(await collect()).toMatchObject({ events: 3, exit: 0 });
    expect(refusals).toBe(3);
  });

  it.each([
    ['AccessDenied', 403, 'access denied'],
    ['NoSuchBucket', 404, 'there is no such bucket'],
    ['InvalidAccessKeyId', 403, 'AWS does not know these credentials'],
  ])('%s for everything is an error with its sentence', async (code, status, problem) => {
    s3.fault = () => ({ status, code });
    await expect(collect()).rejects.toMatchObject({ code: 'COLLECT_BUCKET', exit: 2, details: { problem } });
  });

  it('an empty bucket is an error, not an empty success', async () => {
    await expect(collect()).rejects.toMatchObject({ code: 'COLLECT_BUCKET' });
  });

  it('no public keys: digests are there, nobody says whose signatures they bear', async () => {
    fillTrail();
    s3.keys = () => '{"PublicKeyList":[]}';
    const summary = await collect();
    expect(summary.digests).toMatchObject({ valid: 0, noKey: 3 });
    expect(summary.problems).toMatchObject([{ file: 'public-keys/eu-central-1.json' }]);
  });
});
