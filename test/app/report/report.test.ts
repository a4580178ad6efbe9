import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePeriod, type ReportSummary, report, reportSigner } from '../../../src/app/report.js';
import { takeRegister } from '../../../src/collect/registers.js';
import { openLedger } from '../../../src/ledger/append.js';
import { ledgerDir } from '../../../src/ledger/folder.js';
import { loadSigningKey } from '../../../src/ledger/keys.js';
import type { Settings } from '../../../src/model/settings.js';
import { parseManifest } from '../../../src/verify/manifest.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { pdfPages } from '../../report/pdf-text.js';
import { LEAVERS, makeWorld, START, type World } from './world.js';

let world: World;
let first: ReportSummary;
const period = parsePeriod('2026-11-24T05');
const LATER = START + 72 * 3_600_000;

const make = (settings: Settings = world.settings): Promise<ReportSummary> =>
  report({ settings, period, version: '0.1.0', clock: world.clock, environment: {} });

const files = (dir: string, below = ''): readonly string[] =>
  readdirSync(join(dir, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? files(dir, path) : [path];
  });

const text = (dir: string, path: string): string => readFileSync(join(dir, path), 'utf8');

beforeAll(async () => {
  world = await makeWorld();
  first = await make();
});
afterAll(() => world.remove());

describe('a report', () => {
  it('tells what was found, control by control', () => {
    const words = Object.fromEntries(first.results.map(({ control, result }) => [control, result]));
    expect(words).toEqual({
      'CS-ACC-01': 'no_exceptions',
      'CS-ACC-02': 'no_exceptions',
      'CS-ACC-03': 'no_occurrence',
      'CS-APP-01': 'exceptions',
      'CS-APP-02': 'no_occurrence',
      'CS-APP-03': 'no_occurrence',
      'CS-APP-04': 'no_occurrence',
      'CS-AUT-01': 'no_occurrence',
      'CS-AUT-02': 'no_occurrence',
      'CS-AVL-01': 'no_exceptions',
      'CS-CHG-01': 'not_testable',
      'CS-CHK-01': 'no_occurrence',
      'CS-CLK-01': 'no_occurrence',
      'CS-COL-01': 'no_exceptions',
      'CS-DRM-01': 'not_testable',
      'CS-EFF-01': 'no_exceptions',
      'CS-HRS-01': 'not_testable',
      'CS-INP-01': 'no_occurrence',
      'CS-KEY-01': 'no_exceptions',
      'CS-KEY-02': 'no_occurrence',
      'CS-LOG-01': 'no_exceptions',
      'CS-LOG-02': 'no_exceptions',
      'CS-LVR-01': 'no_exceptions',
      'CS-LVR-02': 'not_testable',
      'CS-MON-01': 'no_exceptions',
      'CS-MSK-01': 'exceptions',
      'CS-NET-01': 'exceptions',
      'CS-NET-02': 'no_occurrence',
      'CS-PRV-01': 'not_testable',
      'CS-PRV-02': 'not_testable',
      'CS-RET-01': 'no_occurrence',
      'CS-RET-02': 'not_testable',
      'CS-ROL-01': 'no_occurrence',
      'CS-RSP-01': 'not_testable',
      'CS-RSP-02': 'not_testable',
      'CS-TRL-01': 'exceptions',
      'CS-TRL-02': 'not_testable',
    });
    expect(first.exit).toBe(11);
    expect(first.status).toBe('DRAFT');
  });

  it('finds the bypass and the attempt on logging by their event ids', () => {
    const items = (id: string) =>
      first.results.find(({ control }) => control === id)?.exceptions.map(({ item }) => item);
    expect(items('CS-NET-01')).toEqual([
      '11111111-0000-4000-8000-000000000002',
      '11111111-0000-4000-8000-000000000003',
    ]);
    expect(items('CS-TRL-01')).toEqual(['11111111-0000-4000-8000-000000000003']);
  });

  it('is a package that verifies: nothing changed, nothing missing', async () => {
    const { findings, exit } = await verifyPath(first.dir);
    expect(findings.filter(({ severity }) => severity === 'integrity' || severity === 'incomplete')).toEqual([]);
    expect(exit).toBe(13);
  });

  it('is signed by the key that the configuration names', async () => {
    const signer = await reportSigner(world.settings, {});
    const trust = join(world.dir, 'trust.json');
    writeFileSync(trust, JSON.stringify({ v: 1, ledgers: [], reports: [signer.key], cloudtrail: [] }));
    const { established } = await verifyPath(first.dir, { trust });
    expect(established.join('\n')).toContain('manifest.sig is signed by the report key');
    expect(established.join('\n')).toContain('run.json is signed by the report key');
  });

  it('holds every part that shapes name, readable by its owner alone', () => {
    const found = files(first.dir);
    for (const path of [
      'report.pdf',
      'report.html',
      'results.json',
      'README.txt',
      'manifest.json',
      'manifest.sig',
      'run.json',
      'config/countersign.yaml',
      'controls/criteria.yaml',
      'controls/CS-APP-01/control.yaml',
      'sql/CS-APP-01.exceptions.sql',
      'raw/index.ndjson',
      'snapshots/index.ndjson',
      'ledger/example.com_gw/log/0000000000000000.jsonl',
      ...['evidence_index', 'control_matrix', 'results', 'exceptions', 'population_CS-ACC-01', 'reconciliation'].map(
        (name) => `csv/${name}.csv`,
      ),
      ...['call_event_match', 'coverage', 'distributions', 'approvals', 'config_changes', 'ipe'].map(
        (name) => `csv/${name}.csv`,
      ),
    ]) {
      expect(found).toContain(path);
    }
    for (const path of found) expect(statSync(join(first.dir, path)).mode & 0o077).toBe(0);
  });

  it('holds the registers of the organisation as they were given', () => {
    const names = files(join(first.dir, 'snapshots')).filter((name) => name.startsWith('leavers-20261124T050000000Z-'));
    expect(names.map((name) => text(first.dir, `snapshots/${name}`))).toEqual([LEAVERS]);
  });

  it('shows each exception in the PDF, the CSV and results.json alike', () => {
    const pdf = pdfPages(readFileSync(first.pdf)).join('\n').replaceAll(/\s/g, '');
    const csv = text(first.dir, 'csv/exceptions.csv');
    const exceptions = first.results.flatMap((result) => result.exceptions);
    expect(csv.trimEnd().split('\r\n')).toHaveLength(exceptions.length + 1);
    for (const { item, found } of exceptions) {
      expect(pdf).toContain(item);
      expect(pdf).toContain(found.replaceAll(/\s/g, ''));
      expect(csv).toContain(item);
    }
    expect(text(first.dir, 'csv/population_CS-APP-01.csv')).toContain('files / =cmd|calc');
  });

  it('agrees with itself: every population that was tested is listed whole', () => {
    for (const { control, result, population } of first.results) {
      const file = join(first.dir, `csv/population_${control}.csv`);
      const tested = result !== 'not_testable' && result !== 'error';
      expect(existsSync(file)).toBe(tested);
      if (tested) expect(readFileSync(file, 'utf8').trimEnd().split('\r\n')).toHaveLength(population + 1);
    }
    const differs = text(first.dir, 'csv/reconciliation.csv')
      .split('\r\n')
      .filter((line) => line.includes(',differs,'));
    expect(differs.map((line) => line.slice(0, 3))).toEqual(['R10']);
  });

  it('draws charts of the very figures that another count of the evidence gives', () => {
    const charts = text(first.dir, 'csv/distributions.csv').trimEnd().split('\r\n').slice(1);
    const sum = (id: string): number =>
      charts
        .filter((line) => line.startsWith(`${id},`))
        .reduce((total, line) => total + Number(line.split(',').at(-1)), 0);
    const rows = (file: string): number => text(first.dir, `csv/${file}.csv`).trimEnd().split('\r\n').length - 1;
    expect(sum('event_matches')).toBe(rows('call_event_match'));
    expect(sum('event_matches')).toBeGreaterThan(0);
  });

  it('counts in its manifest the rows that another program reads from its tables', async () => {
    const { files: listed } = parseManifest(readFileSync(join(first.dir, 'manifest.json')));
    const tables = listed.filter(({ path }) => path.startsWith('csv/'));
    expect(tables.length).toBeGreaterThan(20);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      for (const { path, rows } of tables) {
        const read = await connection.runAndReadAll(
          `SELECT count(*)::INTEGER FROM read_csv($file, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`,
          { file: join(first.dir, path) },
        );
        expect([path, read.getRows()[0]?.[0]]).toEqual([path, rows]);
      }
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });

  it('says in run.json that the report was recorded, and the ledger says so too', async () => {
    expect(first.access).toEqual({ recorded: true, reason: null });
    const dir = ledgerDir(world.settings.gateway.dataDir, world.settings.ledger.origin);
    const log = readdirSync(join(dir, 'log'))
      .map((segment) => text(dir, `log/${segment}`))
      .join('');
    expect(log).toContain(`"what":"report"`);
    expect(log).toContain(first.manifest);
    expect((await verifyPath(dir)).findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
  });

  it('leaves nothing else behind', () => {
    expect(readdirSync(world.settings.evidence.outDir)).toEqual(['2026-11-24T05Z']);
    expect(readdirSync(world.settings.gateway.dataDir).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('reports made again', () => {
  it('while a gateway holds the ledger: same bytes but for run.json, which says why nothing was recorded', async () => {
    const { gateway, ledger } = world.settings;
    const dir = ledgerDir(gateway.dataDir, ledger.origin);
    const key = await loadSigningKey(join(world.dir, 'keys/root.key'));
    const held = await openLedger({ dir, origin: ledger.origin, key, clock: world.clock, heartbeat: 0 });
    try {
      const settings = {
        ...world.settings,
        evidence: { ...world.settings.evidence, outDir: join(world.dir, 'again') },
      };
      const one = await make(settings);
      cpSync(one.dir, join(world.dir, 'one'), { recursive: true });
      world.clock.at += 5_000;
      const two = await make(settings);
      expect(two.dir).toBe(one.dir);
      expect(files(two.dir)).toEqual(files(join(world.dir, 'one')));
      const different = files(two.dir).filter(
        (path) => !readFileSync(join(two.dir, path)).equals(readFileSync(join(world.dir, 'one', path))),
      );
      expect(different).toEqual(['run.json']);
      expect(two.access.recorded).toBe(false);
      expect(text(two.dir, 'run.json')).toContain('in use by');
    } finally {
      await held.close('test');
    }
  });

  it('a draft is replaced, a final report never', async () => {
    world.clock.at = LATER;
    const final = await make();
    expect(final.status).toBe('FINAL');
    expect(final.dir).toBe(first.dir);
    const before = text(final.dir, 'manifest.json');
    const next = await make();
    expect(next.dir).toBe(`${first.dir}.r2`);
    expect(next.report).toBe('CS-2026-11-24T05Z-02');
    expect(text(final.dir, 'manifest.json')).toBe(before);
  });

  it('of a ledger that was changed: exit 12, the control says where, and the rest is still reported', async () => {
    const { gateway, ledger } = world.settings;
    const dataDir = join(world.dir, 'changed');
    cpSync(gateway.dataDir, dataDir, { recursive: true });
    const log = join(ledgerDir(dataDir, ledger.origin), 'log');
    const [segment = ''] = readdirSync(log);
    const bytes = readFileSync(join(log, segment));
    const at = bytes.indexOf('delete_file');
    bytes[at] = 0x44;
    writeFileSync(join(log, segment), bytes);
    const settings = {
      ...world.settings,
      gateway: { ...gateway, dataDir },
      evidence: { ...world.settings.evidence, outDir: join(world.dir, 'changed-evidence') },
    };
    const summary = await make(settings);
    expect(summary.exit).toBe(12);
    const log02 = summary.results.find(({ control }) => control === 'CS-LOG-02');
    expect(log02?.result).toBe('exceptions');
    expect(summary.incomplete.join('\n')).toContain('Records after the damage are not loaded');
  });

  it('of evidence that was changed after it was collected: refused, and nothing is written', async () => {
    const { gateway } = world.settings;
    const dataDir = join(world.dir, 'raw-changed');
    cpSync(gateway.dataDir, dataDir, { recursive: true });
    const object = files(join(dataDir, 'raw')).find((path) => path.includes('/')) ?? '';
    writeFileSync(join(dataDir, 'raw', object), 'something else');
    const outDir = join(world.dir, 'raw-evidence');
    const settings = {
      ...world.settings,
      gateway: { ...gateway, dataDir },
      evidence: { ...world.settings.evidence, outDir },
    };
    await expect(make(settings)).rejects.toMatchObject({ code: 'RAW_CHANGED', exit: 12 });
    expect(existsSync(outDir)).toBe(false);
  });

  it('with a configuration that changed under way: refused', async () => {
    const wrong = { ...world.settings.provenance, files: [{ path: 'countersign.yaml', digest: 'a'.repeat(64) }] };
    const outDir = join(world.dir, 'config-evidence');
    const settings = { ...world.settings, provenance: wrong, evidence: { ...world.settings.evidence, outDir } };
    await expect(make(settings)).rejects.toMatchObject({ code: 'EVIDENCE_CHANGED' });
    expect(readdirSync(outDir)).toEqual([]);
  });

  it('before any gateway has run and anything was collected: everything is not testable, exit 11', async () => {
    const settings = {
      ...world.settings,
      gateway: { ...world.settings.gateway, dataDir: join(world.dir, 'empty') },
      evidence: { ...world.settings.evidence, outDir: join(world.dir, 'empty-evidence') },
    };
    const summary = await make(settings);
    expect(new Set(summary.results.map(({ result }) => result))).toEqual(new Set(['not_testable']));
    expect(summary.exit).toBe(11);
    expect(summary.status).toBe('DRAFT');
  });
});

describe('a report with a register of reviews', () => {
  it('tests who reviewed the configuration, and shows the register as connected', async () => {
    const own = await makeWorld();
    try {
      const file = join(own.dir, 'reviews.csv');
      const line = `${'a'.repeat(64)},ada,bob,2026-11-24T05:30:00Z`;
      writeFileSync(file, `digest,author,reviewer,reviewed\n${line}\n`);
      await takeRegister({ dataDir: own.settings.gateway.dataDir, kind: 'reviews', file, now: START });
      const made = await report({
        settings: own.settings,
        period,
        version: '0.1.0',
        clock: own.clock,
        environment: {},
      });
      const result = made.results.find(({ control }) => control === 'CS-CHG-01')?.result;
      expect(result).not.toBe('not_testable');
      expect(result).not.toBe('error');
      const rows = text(made.dir, 'csv/coverage.csv').split('\r\n');
      const ofRegister = rows.filter((row) => row.includes('Change register'));
      expect(ofRegister.length).toBeGreaterThan(0);
      expect(ofRegister.join('\n')).not.toContain('not_connected');
    } finally {
      own.remove();
    }
  }, 60_000);
});
