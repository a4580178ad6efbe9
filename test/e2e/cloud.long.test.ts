/** The whole flow by the commands alone, its trail in a bucket of a real S3 server and without data events. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Radosgw, radosgwMissing, startRadosgw } from '../aws/radosgw.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { ROOT } from '../layers.js';
import { actInCloud, type CloudWorld, prepareCloud, removeCloud, trailKeys } from './cloud-world.js';

const missing = radosgwMissing();
if (missing) process.stderr.write(`the whole flow with a real S3 server is not tested here: ${missing}\n`);

describe.skipIf(missing !== null)('calls, a trail on a real S3 server, and the commands', () => {
  let server: Radosgw;
  /** Answers ListPublicKeys, which an S3 server has not. */
  let trail: S3Double;
  let client: S3Client;
  let world: CloudWorld;

  beforeAll(async () => {
    server = await startRadosgw();
    trail = await startS3Double();
    client = server.client();
    await client.send(new CreateBucketCommand({ Bucket: 'trail' }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket: 'trail', VersioningConfiguration }));
    const place = { bucket: 'trail', region: 'us-east-1', endpoint: server.endpoint };
    world = await prepareCloud(11, { ...place, cloudtrailEndpoint: trail.endpoint });
    await actInCloud(world);
    const { publicKeys } = await world.cloud.deliver('trail', false, async (Key, Body, Metadata) => {
      await client.send(new PutObjectCommand({ Bucket: 'trail', Key, Body, Metadata }));
    });
    trail.keys = trailKeys(publicKeys);
  }, 240_000);
  afterAll(async () => {
    client.destroy();
    await trail.close();
    await server.close();
    await removeCloud(world);
  });

  /** Runs a command; resolves with its exit code and what it printed. */
  const run = (...args: readonly string[]): Promise<{ readonly exit: number; readonly out: string }> =>
    new Promise((resolve, reject) => {
      const env = {
        ...process.env,
        AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      };
      execFile(
        process.execPath,
        [join(ROOT, 'bin/run.js'), ...args],
        { env, maxBuffer: 1 << 26 },
        (error, out, err) => {
          const exit = error === null ? 0 : error.code;
          if (typeof exit === 'number') resolve({ exit, out });
          else reject(new Error(err));
        },
      );
    });
  const json = async (...args: readonly string[]) => {
    const { exit, out } = await run(...args, '-c', world.config, '--json');
    return { exit, answer: JSON.parse(out) };
  };

  it('collect, status, timeline, report and verify agree on what happened', { timeout: 240_000 }, async () => {
    const logged = world.cloud.events.filter(({ data }) => !data);
    expect(logged.length).toBeLessThan(world.cloud.events.length);
    const collected = await json('collect', 'cloudtrail');
    expect(collected).toMatchObject({
      exit: 0,
      answer: { events: logged.length, problems: [], integrity: [], missing: [] },
    });

    const status = await json('status', '--days', '1');
    const matches: readonly { readonly kind: string; readonly tier: string; readonly count: number }[] =
      status.answer.matches;
    expect(new Set(matches.map(({ kind, tier }) => `${kind} ${tier}`))).toEqual(
      new Set(['MATCHED T1', 'MATCHED T3', 'SUPPORTING T1']),
    );
    // All but the one event of somebody who has nothing to do with the gateway.
    expect(matches.reduce((sum, { count }) => sum + count, 0)).toBe(logged.length - 1);
    expect(status.answer.unrecorded).toEqual([
      'The effect of 1 call is a data event of s3.amazonaws.com, which the collected trails do not record.',
    ]);

    const created = logged.find(({ name }) => name === 'CreateBucket');
    const { answer } = await json('timeline', created?.eventId ?? '');
    expect(answer.entries.map(({ what }: { readonly what: string }) => what)).toEqual(
      expect.arrayContaining(['session opened', 'call', 'CreateBucket', 'PutBucketTagging', 'result']),
    );

    const period = new Date().toISOString().slice(0, 10);
    const report = await json('report', '--period', period);
    const results: readonly { readonly control: string; readonly result: string }[] = report.answer.results;
    const said = new Map(results.map(({ control, result }) => [control, result]));
    expect(['CS-NET-01', 'CS-EFF-01', 'CS-CLK-01'].map((id) => said.get(id))).toEqual(Array(3).fill('no_exceptions'));
    expect((await run('verify', report.answer.dir)).exit).toBe(13);
  });
});
