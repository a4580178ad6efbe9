import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CollectSummary } from '../../src/app/collect.js';
import type { Manifest } from '../../src/model/evidence.js';
import { parseRawIndex, rawPath } from '../../src/model/raw-index.js';
import { verifyTrail } from '../../src/verify/cloudtrail.js';
import { createFindings } from '../../src/verify/findings.js';
import { noTrust } from '../../src/verify/trust.js';
import { collectFrom, withAwsKeys } from '../aws/collect.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { awsKeys, record } from './fixtures.js';
import { Bucket, logOf, TAMPERINGS } from './tampering.js';

let dir: string;
let s3: S3Double;
withAwsKeys();
beforeAll(async () => {
  s3 = await startS3Double();
  s3.keys = awsKeys;
});
afterAll(() => s3.close());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-tampering-'));
  return () => rmSync(dir, { recursive: true });
});

const collect = (): Promise<CollectSummary> => collectFrom(s3, dir, '2026-11-20T09:30:00Z');

/** What `countersign verify` says of the collected objects, alone. */
const verifyOffline = async (): Promise<{ readonly codes: readonly string[]; readonly exit: number }> => {
  const objects = parseRawIndex(readFileSync(join(dir, 'raw/index.ndjson')));
  const count = (kind: string): number => objects.filter((object) => object.kind === kind).length;
  const manifest: Manifest = {
    v: 1,
    kind: 'countersign-evidence',
    report: 'R',
    organization: 'Example Inc',
    period: { label: 'd', from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' },
    status: 'DRAFT',
    demo: false,
    tool: { name: 'countersign', version: '0' },
    evidenceRoot: '',
    ledgers: [],
    cloudtrail: { logs: count('cloudtrail-log'), digests: count('cloudtrail-digest') },
    files: objects.map(({ sha256, bytes }) => ({ path: `raw/${rawPath(sha256)}`, bytes, sha256 })),
  };
  const findings = createFindings();
  await verifyTrail({ dir, trust: noTrust(), findings, onProgress: () => {} }, manifest);
  const { findings: found, exit } = findings.result(dir, 'package');
  return { codes: found.map(({ code }) => code), exit };
};

describe('a trail bucket that was tampered with', () => {
  it('is one of over thirty cases', () => {
    expect(TAMPERINGS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(TAMPERINGS.map(({ what }) => what)).size).toBe(TAMPERINGS.length);
  });

  it.each(TAMPERINGS)('$what: $code, online and offline', async ({ code, exit, change }) => {
    change(new Bucket(s3));
    const online = await collect();
    expect(online.findings.map((finding) => finding.code)).toContain(code);
    expect(online.exit).toBe(exit);
    const offline = await verifyOffline();
    expect(offline.codes).toContain(code);
    expect(offline.exit).toBe(exit);
  });

  it.each([
    ['untouched', () => {}],
    [
      'packed again with the same content',
      (bucket: Bucket) =>
        bucket.replace(logOf('05'), gzipSync(JSON.stringify({ Records: [record('event-05')] }), { level: 1 })),
    ],
  ])('%s: nothing is found', async (_, change) => {
    change(new Bucket(s3));
    const online = await collect();
    expect(online.findings).toEqual([]);
    expect(online.exit).toBe(0);
    expect(await verifyOffline()).toEqual({ codes: ['DIGEST_AUTHORSHIP'], exit: 13 });
  });
});
