/** A package that leaves the bytes of its CloudTrail objects out: what cannot be said of it, and with the objects can. */
import { cp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { rawFile } from './package-changes.js';
import { flip } from './package-edits.js';
import { type SamplePackage, samplePackage, seal } from './package-sample.js';
import { temporary } from './sample.js';

const LEFT_OUT = { cloudtrail: { logs: 3, digests: 5, leftOut: true } };
const FIRST = /^[0-9a-f]{2}$/;

/** Without trust in anything the whole package gives 0. */
let sample: SamplePackage;
/** The objects, as whoever made the package keeps them. */
let objects: string;
beforeAll(async () => {
  sample = await samplePackage();
  objects = join(await temporary(), 'raw');
  await cp(join(sample.dir, 'raw'), objects, { recursive: true });
  for (const name of await readdir(join(sample.dir, 'raw')))
    if (FIRST.test(name)) await rm(join(sample.dir, 'raw', name), { recursive: true });
  await seal(sample.dir, sample.reportKey, LEFT_OUT);
});

const judged = async (dir: string, raw?: string) => {
  const { exit, findings } = await verifyPath(dir, { trust: sample.keptTrust, ...(raw === undefined ? {} : { raw }) });
  return { exit, said: findings.map(({ code, message }) => [code, message]) };
};

const folder = async (): Promise<string> => {
  const copy = join(await temporary(), 'raw');
  await cp(objects, copy, { recursive: true });
  return copy;
};

describe('a package that leaves CloudTrail objects out', () => {
  test('says what was not run, and how it can be: 13', async () => {
    expect(await judged(sample.dir)).toEqual({
      exit: 13,
      said: [
        [
          'RAW_LEFT_OUT',
          'NOT RUN: the bytes of 3 CloudTrail logs and 5 digests are not in the package, only their hashes; whether they are those that AWS signed, and whether one is missing, is not established. With the objects at hand: countersign verify PACKAGE --raw FOLDER.',
        ],
      ],
    });
  });

  test('is verified whole with the objects: 0', async () => {
    expect(await judged(sample.dir, objects)).toEqual({ exit: 0, said: [] });
  });

  test('with objects of which one is missing or changed: 11, by name', async () => {
    const [one] = sample.trail.objects;
    if (!one) expect.fail('the sample has no objects');
    const path = rawFile(one).slice('raw/'.length);
    const [missing, changed] = [await folder(), await folder()];
    await rm(join(missing, path));
    await flip(join(changed, path), 20);
    for (const raw of [missing, changed]) {
      const { exit, said } = await judged(sample.dir, raw);
      expect(exit).toBe(11);
      expect(said[0]).toEqual([
        'RAW_OBJECT',
        `1 of ${sample.trail.objects.length} CloudTrail objects that raw/index.ndjson names are not in ${raw}, or are others; the first is ${one.object.key}.`,
      ]);
    }
  });

  test('and holds one all the same, or says it otherwise than true, or leaves out without saying so: 12', async () => {
    const dir = join(await temporary(), 'copy');
    await cp(sample.dir, dir, { recursive: true });
    await cp(objects, join(dir, 'raw'), { recursive: true });
    await seal(dir, sample.reportKey, LEFT_OUT);
    expect(await judged(dir, objects)).toMatchObject({
      exit: 12,
      said: [['MANIFEST_INVALID', expect.stringContaining('left out, and lists raw/')]],
    });
    await seal(dir, sample.reportKey, { cloudtrail: { ...LEFT_OUT.cloudtrail, leftOut: false } });
    expect((await judged(dir)).said).toContainEqual([
      'MANIFEST_INVALID',
      'manifest.json cannot be read: cloudtrail.leftOut is not true.',
    ]);
    await rename(join(dir, 'raw'), join(dir, '..', 'aside'));
    await cp(join(sample.dir, 'raw'), join(dir, 'raw'), { recursive: true });
    await seal(dir, sample.reportKey);
    const { exit, said } = await judged(dir, objects);
    expect(exit).toBe(12);
    expect(said[0]?.[0]).toBe('RAW_OBJECT');
  });
});
