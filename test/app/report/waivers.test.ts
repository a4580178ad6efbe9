/** Waivers from the configuration through report, verify and reperform. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reperform } from '../../../src/app/reperform.js';
import { parsePeriod, type ReportSummary, report } from '../../../src/app/report.js';
import { csvSource } from '../../../src/collect/identity/csv.js';
import { takeIdentity } from '../../../src/collect/identity/take.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { pdfPages } from '../../report/pdf-text.js';
import { makeWorld, START, type World } from './world.js';

const WAIVER = `id: W-1
scope: { control: CS-NET-01 }
reason: The backup job moves behind the gateway in December.
requester: ada@example.com
approver: cara@example.com
starts: 2026-11-01
expires: 2026-12-01
`;

let world: World;
let made: ReportSummary;

const make = (waivers: string): Promise<ReportSummary> => {
  const settings = { ...world.settings, evidence: { ...world.settings.evidence, waivers } };
  const period = parsePeriod('2026-11-24T05');
  return report({ settings, period, version: '0.1.0', clock: world.clock, environment: {} });
};

beforeAll(async () => {
  world = await makeWorld();
  const folder = join(world.dir, 'waivers');
  mkdirSync(folder);
  writeFileSync(join(folder, 'backup.yaml'), WAIVER);
  const bytes = async (): Promise<Buffer> => Buffer.from('user_id,status,groups\nidle,active,engineering\n');
  const people = csvSource({ issuer: 'https://login.example.com', source: 'csv:people', bytes });
  await takeIdentity(world.settings.gateway.dataDir, people, START);
  made = await make(folder);
});
afterAll(() => world.remove());

const read = (path: string): string => readFileSync(join(made.dir, path), 'utf8');

test('exceptions under a waiver stay counted and listed, and each list names the waiver', () => {
  const net = made.results.find(({ control }) => control === 'CS-NET-01');
  expect(net?.result).toBe('exceptions');
  const count = net?.exceptions.length ?? 0;
  expect(count).toBeGreaterThan(0);
  expect(new Set(net?.exceptions.map(({ waiver }) => waiver))).toEqual(new Set(['W-1']));
  const others = made.results.filter(({ control }) => control !== 'CS-NET-01').flatMap(({ exceptions }) => exceptions);
  expect(others.filter(({ waiver }) => waiver !== null)).toEqual([]);
  expect(read('csv/waivers.csv')).toContain(`W-1,CS-NET-01,,,,`);
  expect(read('csv/waivers.csv').trimEnd()).toMatch(new RegExp(`,${count}$`));
  expect(
    read('csv/exceptions.csv')
      .split('\r\n')
      .filter((line) => line.includes(',W-1,')),
  ).toHaveLength(count);
  expect(JSON.parse(read('results.json')).waivers).toMatchObject([{ id: 'W-1', approver: 'cara@example.com' }]);
  expect(read('waivers/backup.yaml')).toBe(WAIVER);
  const pdf = pdfPages(readFileSync(made.pdf)).join('\n');
  expect(pdf).toContain('under waiver W-1');
  expect(pdf).toContain(`${count} waived`);
  expect(pdf).toContain('The backup job moves behind');
});

test('reperform finds the same under the same waivers, verify says that they hold', async () => {
  const again = await reperform({ dir: made.dir, version: '0.1.0' });
  expect(again.tests.filter(({ differs }) => differs.length > 0)).toEqual([]);
  expect(again.exit).toBe(0);
  const { established } = await verifyPath(made.dir);
  expect(established.join('\n')).toMatch(
    /of the exceptions \d+ fall under waivers that were in force, each approved by another/,
  );
});

test('snapshots of identities are in the package, and are tested again from it', async () => {
  expect(read('snapshots/identity.ndjson')).toContain('"source":"csv:people"');
  const again = await reperform({ dir: made.dir, version: '0.1.0' });
  expect(again.tests.find(({ control }) => control === 'CS-DRM-01')?.again).toMatchObject({
    result: 'exceptions',
    population: 1,
    exceptions: 1,
  });
});

test('one that does not hold is refused before anything is written', async () => {
  const folder = join(world.dir, 'wrong');
  mkdirSync(folder);
  writeFileSync(join(folder, 'own.yaml'), WAIVER.replace('cara@', 'ada@'));
  const before = existsSync(made.dir);
  rmSync(made.dir, { recursive: true });
  await expect(make(folder)).rejects.toMatchObject({ code: 'WAIVER_INVALID', exit: 2 });
  expect([before, existsSync(made.dir)]).toEqual([true, false]);
});
