import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Reperformance, reperform } from '../../src/app/reperform.js';
import { parsePeriod, type ReportSummary, report } from '../../src/app/report.js';
import { canonical } from '../../src/base/canonical.js';
import { sha256 } from '../../src/base/digest.js';
import { createNoteSigner, signNote } from '../../src/base/note.js';
import { manifestText } from '../../src/base/seal.js';
import { evidenceRoot, parseManifest } from '../../src/verify/manifest.js';
import { newKey } from '../ledger/samples.js';
import { makeWorld, type World } from './report/world.js';

let world: World;
let made: ReportSummary;
let copies = 0;

beforeAll(async () => {
  world = await makeWorld();
  const period = parsePeriod('2026-11-24T05');
  made = await report({ settings: world.settings, period, version: '0.1.0', clock: world.clock, environment: {} });
});
afterAll(() => world.remove());

const again = (dir: string): Promise<Reperformance> => reperform({ dir, version: '0.1.0' });

/** Puts other text into files of a copy and signs the whole anew, as whoever holds the report key could. */
const resigned = (edits: Readonly<Record<string, (text: string) => string>>): string => {
  const dir = join(world.dir, `resigned-${copies++}`);
  cpSync(made.dir, dir, { recursive: true });
  const manifest = parseManifest(readFileSync(join(dir, 'manifest.json')));
  const files = manifest.files.map((entry) => {
    const edit = edits[entry.path];
    if (edit === undefined) return entry;
    const before = readFileSync(join(dir, entry.path), 'utf8');
    const text = edit(before);
    expect(text).not.toBe(before);
    writeFileSync(join(dir, entry.path), text);
    return { ...entry, bytes: Buffer.byteLength(text), sha256: sha256(text) };
  });
  const text = `${canonical(JSON.parse(JSON.stringify({ ...manifest, files, evidenceRoot: evidenceRoot(files) })))}\n`;
  writeFileSync(join(dir, 'manifest.json'), text);
  const signer = createNoteSigner('example.com/report', newKey());
  writeFileSync(join(dir, 'manifest.sig'), signNote(manifestText(sha256(text)), [signer]));
  return dir;
};

const differing = ({ tests }: Reperformance) =>
  tests.filter(({ differs }) => differs.length > 0).map(({ control, differs }) => [control, differs]);

test('an untouched package gives every result again, and leaves nothing behind', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-reperform-'));
  const done = await again(made.dir);
  expect(differing(done)).toEqual([]);
  expect(done.tests).toHaveLength(made.results.length);
  expect(done.tests.filter(({ definition }) => definition !== 'shipped')).toEqual([]);
  expect(done.tests.find(({ control }) => control === 'CS-NET-01')?.again).toMatchObject({
    result: 'exceptions',
    exceptions: 2,
  });
  expect(done.exit).toBe(0);
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-reperform-'));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test('a result that was made better and signed again is found', async () => {
  const dir = resigned({
    'results.json': (text) => {
      const value = JSON.parse(text);
      const net = value.results.find((result: { control: string }) => result.control === 'CS-NET-01');
      Object.assign(net, { result: 'no_exceptions', exceptions: [] });
      return `${canonical(value)}\n`;
    },
  });
  const done = await again(dir);
  expect(differing(done)).toEqual([['CS-NET-01', ['exceptions', 'result']]]);
  expect(done.exit).toBe(12);
});

test('a result that was left out is found', async () => {
  const dir = resigned({
    'results.json': (text) => {
      const value = JSON.parse(text);
      return `${canonical({ ...value, results: value.results.slice(1) })}\n`;
    },
  });
  const done = await again(dir);
  expect(differing(done)).toEqual([['CS-ACC-01', ['missing']]]);
  expect(done.exit).toBe(12);
});

test('a control that was made blind is MODIFIED, and its result is no longer the one shown', async () => {
  const dir = resigned({
    'controls/CS-NET-01/exceptions.sql': (sql) => `SELECT * FROM (${sql.replace(/;\s*$/, '')}\n) WHERE false\n`,
  });
  const done = await again(dir);
  const net = done.tests.find(({ control }) => control === 'CS-NET-01');
  expect(net?.definition).toBe('modified');
  expect(net?.differs).toEqual(['exceptions', 'result', 'sql']);
  expect(done.exit).toBe(12);
});

test('SQL of a control reads no file', async () => {
  const blind = 'controls/CS-NET-01/population.sql';
  const dir = resigned({
    [blind]: () =>
      `SELECT content AS item, NULL AS time, '' AS person, '' AS what FROM read_text('${join(made.dir, 'README.txt')}')\n`,
  });
  const net = (await again(dir)).tests.find(({ control }) => control === 'CS-NET-01');
  expect(net?.again?.result).toBe('error');
  expect(net?.again?.fields['reason']).toMatch(/disabled/);
  expect(net?.differs).toContain('result');
});

test('a record of the ledger that was changed and signed over is found', async () => {
  const dir = resigned({
    'ledger/example.com_gw/log/0000000000000000.jsonl': (text) => text.replace('delete_file', 'Delete_file'),
  });
  const done = await again(dir);
  expect(differing(done).map(([control]) => control)).toContain('CS-LOG-02');
  expect(done.exit).toBe(12);
});

test.each([
  ['a changed file', (dir: string) => writeFileSync(join(dir, 'results.json'), '{}\n')],
  ['a file more', (dir: string) => writeFileSync(join(dir, 'controls', 'more.sql'), '')],
  ['no manifest', (dir: string) => writeFileSync(join(dir, 'manifest.json'), '')],
])('a folder that is not what was signed is not tested: %s', async (_what, change) => {
  const dir = join(world.dir, `unsound-${copies++}`);
  cpSync(made.dir, dir, { recursive: true });
  change(dir);
  await expect(again(dir)).rejects.toMatchObject({ code: 'PACKAGE_UNSOUND', exit: 12 });
});

test('what is no package at all is told', async () => {
  await expect(again(join(world.dir, 'nowhere'))).rejects.toMatchObject({ code: 'VERIFY_NOT_FOUND' });
  await expect(again(world.settings.gateway.dataDir)).rejects.toMatchObject({ code: 'PACKAGE_UNSOUND' });
});
