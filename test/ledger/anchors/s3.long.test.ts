/** Anchors in a bucket with Object Lock of a real S3 server, and what the auditor finds there. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onlineBuckets } from '../../../src/app/online-bucket.js';
import { systemClock } from '../../../src/base/clock.js';
import { checkpointText } from '../../../src/base/note.js';
import type { Anchor } from '../../../src/ledger/anchors/anchor.js';
import { createS3Anchor } from '../../../src/ledger/anchors/s3.js';
import { compareAnchors, refuseRollback } from '../../../src/ledger/anchors/start.js';
import type { OpenedLedger } from '../../../src/ledger/opening.js';
import type { Verification } from '../../../src/model/evidence.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { type Radosgw, radosgwMissing, startRadosgw } from '../../aws/radosgw.js';
import { trustFile } from '../../verify/sample.js';
import { newKey, ORIGIN, oneCall, openSample, testClock } from '../samples.js';
import { headOf, never } from './world.js';

const missing = radosgwMissing();
if (missing) process.stderr.write(`anchors in S3 are not tested here: ${missing}\n`);

const BUCKET = 'anchors';
const DAY = 86_400_000;
const key = newKey();

describe.skipIf(missing !== null)('a bucket with Object Lock', () => {
  let folder: string;
  let server: Radosgw;
  let client: S3Client;
  let anchor: Anchor;
  let ledger: OpenedLedger;
  let clock: ReturnType<typeof testClock>;

  const anchorAt = (prefix: string): Anchor =>
    createS3Anchor({
      name: 'archive',
      origin: ORIGIN,
      bucket: BUCKET,
      prefix,
      retention: DAY,
      client,
      clock: systemClock(),
    });
  const keyOf = (prefix: string, size: number): string =>
    `${prefix}example.com_mcp_gw-1/${String(size).padStart(16, '0')}`;
  const open = (dir: string): Promise<OpenedLedger> => {
    clock = testClock(Date.now() - 1_000);
    return openSample({ dir, key, clock, rotate: { bytes: 1e9, age: 1e9 } });
  };
  const verify = async (dir: string, prefix: string, over: object = {}): Promise<Verification> => {
    const s3 = [{ bucket: BUCKET, region: 'us-east-1', prefix, endpoint: server.endpoint }];
    const trust = await trustFile({ ledgers: [ledger.key], anchors: { s3 }, ...over });
    return verifyPath(dir, { trust, online: onlineBuckets() });
  };
  const codes = ({ findings }: Verification): string[] => findings.map(({ code }) => code);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-s3-'));
    server = await startRadosgw();
    process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey;
    client = server.client();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
    anchor = anchorAt('one/');
    ledger = await open(join(folder, 'ledger'));
    for (let n = 0; n < 3; n++) {
      await oneCall(ledger, clock, n);
      await anchor.put(headOf(ledger), never);
    }
  }, 180_000);
  afterAll(async () => {
    await ledger.close('the test ends');
    client.destroy();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps each checkpoint in compliance mode: nobody deletes it or shortens its time', async () => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'one/' }));
    expect(Versions.map(({ Key }) => Key)).toEqual([3, 5, 7].map((size) => keyOf('one/', size)));
    const [first] = Versions;
    const object = { Bucket: BUCKET, Key: first?.Key ?? '', VersionId: first?.VersionId ?? '' };
    const { Retention } = await client.send(new GetObjectRetentionCommand(object));
    expect(Retention?.Mode).toBe('COMPLIANCE');
    await expect(client.send(new DeleteObjectCommand(object))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(
      client.send(new DeleteObjectCommand({ ...object, BypassGovernanceRetention: true })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    const sooner = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + 1_000) } as const;
    await expect(
      client.send(new PutObjectRetentionCommand({ ...object, Retention: sooner, BypassGovernanceRetention: true })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('keeps the first of several histories under one key', async () => {
    // AWS refuses the second by If-None-Match; this server does so only in buckets without versions.
    const other = anchorAt('twice/');
    const head = headOf(ledger);
    await other.put(head, never);
    const text = checkpointText({ ...head, root: Buffer.alloc(32, 1) });
    const forged = { ...head, note: `${text}\n${head.note.slice(text.length + 1)}` };
    await other
      .put(forged, never)
      .catch((error: unknown) => expect(error).toMatchObject({ conflict: { size: head.size } }));
    const found = await verify(ledger.dir, 'twice/');
    expect(codes(found).filter((code) => code !== 'ANCHOR_VERSIONS' && code !== 'OUTCOME_MISSING')).toEqual([]);
    expect(found.established.join()).toContain(`records 0 to ${head.size - 1} are those that the bucket`);
  });

  it('establishes with the auditor’s credentials what the trust file names', async () => {
    const found = await verify(ledger.dir, 'one/');
    const { size } = headOf(ledger);
    expect([found.exit, codes(found)]).toEqual([0, []]);
    expect(found.established.join()).toContain(
      `records 0 to ${size - 1} are those that the bucket ${BUCKET} confirmed`,
    );
    expect((await verify(ledger.dir, 'none/')).established.join()).not.toContain('confirmed');
  });

  it('counts the earliest version, whatever was put over it, and tells of it', async () => {
    const { size } = headOf(ledger);
    await client.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: keyOf('one/', size), Body: Buffer.from('something else') }),
    );
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: keyOf('one/', 5) }));
    const found = await verify(ledger.dir, 'one/');
    expect(codes(found).filter((code) => code === 'ANCHOR_VERSIONS')).toHaveLength(2);
    expect(found.established.join()).toContain(`records 0 to ${size - 1} are those that the bucket`);
  });

  it('does not count what is not locked in compliance mode, or is no checkpoint', async () => {
    const { note, size } = headOf(ledger);
    const put = { Bucket: BUCKET, Key: keyOf('loose/', size), Body: Buffer.from(note) };
    await client.send(new PutObjectCommand(put));
    const governed = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date(Date.now() + DAY) } as const;
    await client.send(new PutObjectCommand({ ...put, Key: keyOf('loose/', 5), ...governed }));
    const junk = {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + DAY),
      Body: Buffer.from('junk'),
    } as const;
    await client.send(new PutObjectCommand({ ...put, Key: keyOf('loose/', 3), ...junk }));
    const found = await verify(ledger.dir, 'loose/');
    expect(codes(found).filter((code) => code === 'ANCHOR_OBJECT')).toHaveLength(3);
    expect(found.established.join()).not.toContain('confirmed');
  });

  it('shows that history was replaced or cut, and the start refuses with it', async () => {
    await ledger.close('copied');
    const [rolledBack, forked] = ['back', 'fork'].map((name) => join(folder, name));
    cpSync(ledger.dir, rolledBack ?? '', { recursive: true });
    cpSync(ledger.dir, forked ?? '', { recursive: true });
    ledger = await open(ledger.dir);
    await oneCall(ledger, clock, 8);
    await anchor.put(headOf(ledger), never);
    const back = await verify(rolledBack ?? '', 'one/');
    expect([back.exit, codes(back)]).toEqual([12, expect.arrayContaining(['TRUNCATED'])]);
    const fork = await open(forked ?? '');
    for (let n = 20; n < 23; n++) await oneCall(fork, clock, n);
    await fork.close('forked');
    const found = await verify(forked ?? '', 'one/');
    expect([found.exit, codes(found)]).toEqual([12, expect.arrayContaining(['ANCHOR_MISMATCH'])]);
    for (const dir of [rolledBack ?? '', forked ?? '']) {
      const standings = await compareAnchors({ dir, origin: ORIGIN }, [anchor], never);
      expect(() => refuseRollback(dir, standings)).toThrow('is not the history that was anchored');
    }
    expect(
      refuseRollback(ledger.dir, await compareAnchors({ dir: ledger.dir, origin: ORIGIN }, [anchor], never)),
    ).toEqual([]);
  });

  it('refuses the start where the whole ledger is gone', async () => {
    const standings = await compareAnchors({ dir: join(folder, 'new'), origin: ORIGIN }, [anchor], never);
    expect(standings).toEqual([
      { name: 'archive', state: 'differs', problem: expect.stringContaining('only 0 are here') },
    ]);
  });

  it('that cannot be read is told, and nothing counts', async () => {
    const s3 = [{ bucket: 'absent', region: 'us-east-1', prefix: 'one/', endpoint: server.endpoint }];
    const trust = await trustFile({ ledgers: [ledger.key], anchors: { s3 } });
    const found = await verifyPath(ledger.dir, { trust, online: onlineBuckets() });
    expect(codes(found)).toContain('ANCHOR_ONLINE');
    expect(found.exit).not.toBe(0);
  });
});
