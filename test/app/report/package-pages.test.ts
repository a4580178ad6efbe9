/** docs/package-format.md and docs/verify-alone.md, held to a package that was really made. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePeriod, type ReportSummary, report, reportSigner } from '../../../src/app/report.js';
import { sample } from '../../../src/app/sample.js';
import { verifierKeys } from '../../../src/app/verifier-keys.js';
import { ROOT } from '../../layers.js';
import { makeWorld, type World } from './world.js';

let world: World;
let made: ReportSummary;

beforeAll(async () => {
  world = await makeWorld();
  const { settings, clock } = world;
  made = await report({ settings, period: parsePeriod('2026-11-24T05'), version: '0.1.0', clock, environment: {} });
});
afterAll(() => world.remove());

const page = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');
const rowsOf = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) =>
    row.split(' | ').map((cell) => cell.replace(/^`|`$/g, '')),
  );
const filesOf = (dir: string, below = ''): readonly string[] =>
  readdirSync(join(dir, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesOf(dir, path) : [path];
  });

describe('docs/package-format.md', () => {
  const text = page('package-format.md');
  const [, listed = '', tables = ''] = /## What is in it([\s\S]*?)## [\s\S]*## Tables([\s\S]*)/.exec(text) ?? [];
  const patterns = rowsOf(listed).map(([path = '']) => {
    const source = path.replaceAll('.', '\\.').replaceAll('**', '\0').replaceAll('*', '[^/]+').replaceAll('\0', '.+');
    return { path, fits: new RegExp(`^${source}$`) };
  });
  /** Only where there is something to put there. */
  const SOMETIMES = /^(?:raw\/(?:listing|problems)|snapshots\/(?:\*\.json|identity)|waivers|responses|previous)/;

  it('names every file of a package, and no other', () => {
    const files = filesOf(made.dir);
    expect(files.filter((file) => !patterns.some(({ fits }) => fits.test(file)))).toEqual([]);
    const absent = patterns.filter(({ fits }) => !files.some((file) => fits.test(file))).map(({ path }) => path);
    expect(absent.filter((path) => !SOMETIMES.test(path))).toEqual([]);
  });

  it('names every table with its columns', () => {
    const said = rowsOf(tables).map(([table = '', , columns = '']) => [table, columns.replaceAll('`', '')] as const);
    const found = readdirSync(join(made.dir, 'csv')).map((name) => {
      const [head = ''] = readFileSync(join(made.dir, 'csv', name), 'utf8').split('\r\n');
      return [name.replace(/^population_.*/, 'population_ID.csv'), head.replaceAll(',', ', ')] as const;
    });
    // A supplement alone has this table.
    expect(said.filter(([table]) => table !== 'supplement.csv')).toEqual([...new Map(found)]);
  });
});

describe('docs/verify-alone.md', () => {
  const blocks = [...page('verify-alone.md').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);

  /** All blocks as one shell runs them, with the keys of this package. */
  const follow = async (dir: string) => {
    const { ledgers } = await verifierKeys(world.settings, {});
    const keys = { REPORT_KEY: (await reportSigner(world.settings, {})).key, LEDGER_KEY: ledgers[0] ?? '' };
    const script = blocks.join('\n').replace(/^(\w+_KEY)='.*'$/gm, (line, name: string) => {
      const key = Object.entries(keys).find(([known]) => known === name)?.[1];
      return key === undefined ? line : `${name}='${key}'`;
    });
    return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: dir, encoding: 'utf8' });
  };

  it('leads an auditor through the package without the program', async () => {
    const { status, stdout, stderr } = await follow(made.dir);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('all files are as listed\nno file more, none less\n');
    const { evidenceRoot } = JSON.parse(readFileSync(join(made.dir, 'manifest.json'), 'utf8'));
    expect(stdout).toContain(`\n${evidenceRoot}\n`);
    expect(stdout).toContain('Signature Verified Successfully');
    expect(stdout).toMatch(/^example\.com\/gw: \d+ records, each linked to the one before$/m);
  });

  it('draws the sample that the program draws', async () => {
    const { stdout } = await follow(made.dir);
    const ask = { dir: made.dir, control: 'CS-ACC-01', nonce: '4f7c2a90e1', size: 25, pages: false };
    const drawn = await sample({ ...ask, out: join(world.dir, 'samples.csv') });
    expect(drawn.sample.length).toBeGreaterThan(2);
    expect(stdout).toContain(drawn.sample.map(({ rank, item }) => `${rank} ${item}\n`).join(''));
  });

  it('names the file that was changed', async () => {
    const copy = join(world.dir, 'copy');
    execFileSync('cp', ['-r', made.dir, copy]);
    writeFileSync(join(copy, 'csv/results.csv'), 'changed');
    const { stdout } = await follow(copy);
    expect(stdout).toContain('csv/results.csv: FAILED');
    expect(stdout).not.toContain('all files are as listed');
  });
});
