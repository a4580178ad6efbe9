import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Status, status } from '../../src/app/status.js';
import { collectFrom, withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { awsKeys } from '../collect/fixtures.js';
import { Bucket } from '../collect/tampering.js';
import { SETTINGS } from '../warehouse/settings.js';

let dir: string;
let s3: S3Double;
withAwsKeys();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-status-'));
  return () => rmSync(dir, { recursive: true });
});
beforeAll(async () => {
  s3 = await startS3Double();
  s3.keys = awsKeys;
});
afterAll(async () => {
  await s3.close();
});

const statusAt = (now: string, days: number): Promise<Status> =>
  status({
    settings: { ...SETTINGS, gateway: { ...SETTINGS.gateway, dataDir: dir } },
    days,
    clock: { now: () => Date.parse(now), monotonic: () => 0, boot: 'test' },
  });

describe('status', () => {
  it('shows days with all hours, with some and with none, and expected chains that are absent', async () => {
    const bucket = new Bucket(s3);
    bucket.drop(bucket.key('05'));
    await collectFrom(s3, dir, '2026-11-20T09:30:00Z', { regions: ['eu-central-1', 'us-east-1'] });
    const found = await statusAt('2026-11-20T09:30:00Z', 2);
    expect(found.from).toBe('2026-11-19');
    expect(found.calendar).toEqual([
      { source: 'gateway', days: ['none', 'none'] },
      { source: '111122223333 eu-central-1', days: ['none', 'partial'] },
      { source: '111122223333 us-east-1', days: ['none', 'none'] },
    ]);
    expect(found.exit).toBe(11);
    expect(found.missing.join('\n')).toMatch(
      /No record of the gateway[\s\S]*begin|absent[\s\S]*DIGEST|no digest of 111122223333/i,
    );
    expect(found.missing.some((sentence) => sentence.includes('us-east-1'))).toBe(true);
  });

  it('hours to come are not missing, hours past are', async () => {
    const bucket = new Bucket(s3);
    await collectFrom(s3, dir, '2026-11-20T09:30:00Z');
    const today = async (): Promise<unknown> => (await statusAt('2026-11-20T09:30:00Z', 1)).calendar[1]?.days;
    expect(await today()).toEqual(['partial']);
    expect((await statusAt('2026-11-20T02:30:00Z', 1)).calendar[1]?.days).toEqual(['partial']);
    bucket.digest('01', null);
    await collectFrom(s3, dir, '2026-11-20T09:30:00Z');
    expect(await today()).toEqual(['full']);
  });
});
