/** `report --without-raw`: the index of CloudTrail objects in place of their bytes, and what follows for later commands. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reperform } from '../../../src/app/reperform.js';
import { parsePeriod, type ReportSummary, report } from '../../../src/app/report.js';
import { respond } from '../../../src/app/respond.js';
import { supplementTo } from '../../../src/report/supplement.js';
import { parseManifest } from '../../../src/verify/manifest.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { openRawEvidence } from '../../../src/warehouse/raw.js';
import { textOf } from '../../report/page-reading.js';
import { makeWorld, type World } from './world.js';

let world: World;
let made: ReportSummary;
let raw: string;
beforeAll(async () => {
  world = await makeWorld();
  raw = join(world.settings.gateway.dataDir, 'raw');
  const asked = { settings: world.settings, period: parsePeriod('2026-11-24T05'), version: '0.1.0' };
  made = await report({ ...asked, clock: world.clock, environment: {}, withoutRaw: true });
});
afterAll(() => world.remove());

const codes = async (dir: string, folder?: string) => {
  const { exit, findings } = await verifyPath(dir, folder === undefined ? {} : { raw: folder });
  return { exit, codes: findings.map(({ code }) => code) };
};

test('it names each object by its hash, holds none, and says so where people read', () => {
  expect(readdirSync(join(made.dir, 'raw')).sort()).toEqual(['index.ndjson', 'problems.ndjson']);
  const { cloudtrail, files } = parseManifest(readFileSync(join(made.dir, 'manifest.json')));
  expect(cloudtrail).toEqual({ logs: 1, digests: 0, leftOut: true });
  expect(files.some(({ path }) => /^raw\/[0-9a-f]{2}\//.test(path))).toBe(false);
  const said = 'named by hash in raw/index.ndjson; their bytes are not in this package';
  expect(textOf(readFileSync(made.page, 'utf8'))).toContain(said);
  expect(readFileSync(join(made.dir, 'README.txt'), 'utf8')).toContain('--raw FOLDER');
});

test('verification says what it did not run, and runs it over the folder where they are kept', async () => {
  const without = await codes(made.dir);
  expect(without.exit).toBe(13);
  expect(without.codes).toContain('RAW_LEFT_OUT');
  const along = await codes(made.dir, raw);
  expect(along.exit).toBe(13);
  expect(along.codes).not.toContain('RAW_LEFT_OUT');
});

test('its tests are run again only with the objects', async () => {
  await expect(reperform({ dir: made.dir, version: '0.1.0' })).rejects.toMatchObject({
    code: 'RAW_LEFT_OUT',
    exit: 11,
  });
  await expect(reperform({ dir: made.dir, version: '0.1.0', raw: made.dir })).rejects.toMatchObject({
    code: 'RAW_LEFT_OUT',
  });
  const again = await reperform({ dir: made.dir, version: '0.1.0', raw });
  expect(again.exit).toBe(0);
});

test('a later report knows which objects it was made from', async () => {
  const { objects } = await openRawEvidence(world.settings.gateway.dataDir);
  expect((await supplementTo(made.dir, made.results, objects)).differences).toEqual([]);
});

test('an answer to it leaves them out as well, and is made from what the organisation keeps', async () => {
  const head = 'exception_id,disposition,response,owner,by,responded,cause,action,due\n';
  const responses = Buffer.from(`${head}CS-NET-01,fixed,Done,Security,CISO,2026-12-01,,,\n`);
  const answered = await respond({
    settings: world.settings,
    dir: made.dir,
    responses,
    source: 'responses.csv',
    version: '0.1.0',
    clock: world.clock,
    environment: {},
  });
  expect(existsSync(join(answered.dir, 'raw/index.ndjson'))).toBe(true);
  const found = await codes(answered.dir);
  expect(found.exit).toBe(13);
  expect(found.codes).toContain('RAW_LEFT_OUT');
  expect((await verifyPath(answered.dir)).established.join('\n')).toContain(`it answers ${made.report}`);
});
