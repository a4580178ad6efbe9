/** What a trail's bucket can hold or do that it should not: each has its sentence and its place, and stops nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectSummary } from '../../src/app/collect.js';
import type { S3TrailSettings } from '../../src/model/trail-settings.js';
import { openWarehouse } from '../../src/warehouse/open.js';
import { collectFrom, withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { awsKeys, log, logName, record } from './fixtures.js';
import { Bucket } from './tampering.js';

const OTHER = '999988887777';

let dir: string;
let s3: S3Double;
let bucket: Bucket;

withAwsKeys();
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-bad-'));
  s3 = await startS3Double();
  s3.keys = awsKeys;
  bucket = new Bucket(s3);
});
afterEach(async () => {
  await s3.close();
  rmSync(dir, { recursive: true });
});

const collect = (over: Partial<S3TrailSettings> = {}): Promise<CollectSummary> =>
  collectFrom(s3, dir, '2026-11-20T09:30:00Z', over);

const ask = async (sql: string): Promise<readonly object[]> => {
  const warehouse = await openWarehouse(join(dir, 'warehouse.duckdb'));
  const rows = await warehouse.query(sql);
  await warehouse.close();
  return rows;
};

/** The seven events of the untouched trail, beside which everything is planted. */
const WHOLE = 7;
/** After the newest digest, so that no digest has to name it. */
const NEW = logName('0915');
const plant = (...records: readonly unknown[]): void => bucket.replace(NEW, log(...records));
const messages = ({ findings }: CollectSummary, code: string): readonly string[] =>
  findings.filter((finding) => finding.code === code).map(({ message }) => message);

describe('a bucket that does not let everything be read', () => {
  it('access denied on part of it: the part is named, exit 11, the rest is loaded', async () => {
    s3.fault = (what) => (what.includes('_20261120T04') ? { status: 403, code: 'AccessDenied' } : undefined);
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE - 1, exit: 11 });
    const denied = { file: logName('0430'), reason: 'not read: access denied' };
    expect(summary.problems).toContainEqual(denied);
    expect(await ask(`SELECT kind, reason FROM ct_file WHERE key = '${logName('0430')}'`)).toEqual([
      { kind: 'other', reason: denied.reason },
    ]);
  });

  it('credentials that expire in mid-run: what was read is kept, the rest named, the next run ends whole', async () => {
    s3.fault = () => (s3.gets >= 5 ? { status: 400, code: 'ExpiredToken' } : undefined);
    const summary = await collect({ concurrency: 1 });
    expect(summary.exit).toBe(11);
    expect(summary.problems.filter(({ reason }) => reason === 'not read: the credentials have expired')).toHaveLength(
      9,
    );
    s3.fault = () => undefined;
    expect(await collect()).toMatchObject({ events: WHOLE, problems: [], exit: 0 });
  });

  it('throttling is waited out; where it does not end, the object is named', { timeout: 120_000 }, async () => {
    let refusals = 0;
    s3.fault = (what) => (what === logName('0430') && refusals++ < 2 ? { status: 503, code: 'SlowDown' } : undefined);
    expect(await collect()).toMatchObject({ events: WHOLE, exit: 0 });
    plant(record('late'));
    s3.fault = (what) => (what === NEW ? { status: 503, code: 'SlowDown' } : undefined);
    const summary = await collect();
    expect(summary.problems).toEqual([{ file: NEW, reason: 'not read: AWS goes on throttling' }]);
    expect(summary.exit).toBe(11);
  });

  it.each([
    [60, 'behind'],
    [-60, 'ahead of'],
  ])("a clock wrong by an hour (%i minutes) is named, and AWS's is used", async (minutes, how) => {
    s3.clock = minutes * 60_000;
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE, exit: 11 });
    const reason = `the clock of this machine is 60 minutes ${how} that of s3://trail; the latter was used. Set it`;
    expect(summary.problems).toEqual([{ file: 'clock', reason }]);
  });

  it('a region that is not enabled: its digests are there, its keys are not, and that is said', async () => {
    s3.keysFault = 'UnrecognizedClientException';
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE, exit: 11, digests: { valid: 0, noKey: 7 } });
    expect(summary.problems).toEqual([
      {
        file: 'public-keys/eu-central-1.json',
        reason:
          'the public keys of eu-central-1 could not be fetched: AWS does not know these credentials, or the region is not enabled for the account',
      },
    ]);
  });
});

describe('a bucket with what does not belong there', () => {
  it('a trail recreated during the period: the new chain is named with the time from which it runs', async () => {
    bucket.rewriteFrom('06', null);
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE, exit: 11 });
    expect(messages(summary, 'DIGEST_RESTARTED')).toEqual([
      `CloudTrail digest ${bucket.key('06')} (from 2026-11-20T05:00:00Z) begins a new chain: logging or validation was off before it.`,
    ]);
  });

  it("other people's files: those beside the trail are not read, those within it are named", async () => {
    s3.put('AWSLogs/111122223333/elasticloadbalancing/eu-central-1/2026/11/20/x.log.gz', gzipSync('elb'));
    s3.put('AWSLogs/readme.txt', 'of other people');
    const inside = NEW.replace(/[^/]+$/, 'holiday.json.gz');
    bucket.replace(inside, gzipSync('{"photos":[]}'));
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE, exit: 11, files: 2 * WHOLE + 2 });
    expect(summary.problems).toEqual([
      { file: inside, reason: 'not a CloudTrail log: it does not begin with Records' },
    ]);
  });

  it('an event of another account than its path says is loaded, and the finding names both', async () => {
    plant(record('foreign', { recipientAccountId: OTHER }), record('own'));
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE + 2, exit: 11, problems: [] });
    expect(messages(summary, 'ACCOUNT_DIFFERS')).toEqual([
      `1 event of account ${OTHER} in files of account 111122223333, such as ${NEW}.`,
    ]);
    expect(await ask("SELECT severity FROM ct_finding WHERE code = 'ACCOUNT_DIFFERS'")).toEqual([
      { severity: 'incomplete' },
    ]);
  });
});

describe('events that are not as they should be', () => {
  it('without eventID: rejected and counted, its file named, the others of the file loaded', async () => {
    plant(record('good'), record('x', { eventID: undefined }), record('y', { eventID: 7 }));
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE + 1, rejected: 2, exit: 11 });
    expect(summary.problems).toEqual([{ file: NEW, reason: '2 of 3 records rejected; record 2: no eventID' }]);
    expect(await ask(`SELECT rows_read, out, rejected FROM ct_file WHERE key = '${NEW}'`)).toEqual([
      { rows_read: 3, out: 1, rejected: 2 },
    ]);
  });

  it('types that vary, list or object, number or text, are kept as delivered', async () => {
    plant(
      record('a', { requestParameters: { tags: [{ key: 'k' }], maxResults: 5 } }),
      record('b', { requestParameters: { tags: { k: 'v' }, maxResults: '5' } }),
      record('c', { requestParameters: 'HIDDEN_DUE_TO_SECURITY_REASONS', resources: {} }),
    );
    expect(await collect()).toMatchObject({ events: WHOLE + 3, exit: 0 });
    expect(
      await ask("SELECT event_id, request_parameters AS p FROM ct_event WHERE event_id IN ('a', 'b', 'c') ORDER BY 1"),
    ).toEqual([
      { event_id: 'a', p: '{"tags":[{"key":"k"}],"maxResults":5}' },
      { event_id: 'b', p: '{"tags":{"k":"v"},"maxResults":"5"}' },
      { event_id: 'c', p: '"HIDDEN_DUE_TO_SECURITY_REASONS"' },
    ]);
  });

  it('readOnly absent is unknown, neither true nor false', async () => {
    plant(record('a', { readOnly: undefined }), record('b', { readOnly: false }), record('c', { readOnly: 'often' }));
    await collect();
    expect(await ask("SELECT event_id, read_only FROM ct_event WHERE event_id IN ('a', 'b', 'c') ORDER BY 1")).toEqual([
      { event_id: 'a', read_only: null },
      { event_id: 'b', read_only: false },
      { event_id: 'c', read_only: null },
    ]);
  });

  it('of a later minor version are taken; of another major version they are taken, and a finding says so', async () => {
    plant(record('minor', { eventVersion: '1.99', newField: {} }), record('major', { eventVersion: '2.0' }));
    const summary = await collect();
    expect(summary).toMatchObject({ events: WHOLE + 2, exit: 11 });
    expect(messages(summary, 'EVENT_VERSION')).toEqual([
      '1 event of event version 2.0, which is newer than what is known: fields may have moved.',
    ]);
  });
});
