/** The demo as a newcomer runs it, and what the other commands say of the folder it leaves. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { searchFor } from '../../src/app/tour/search.js';
import { makePlan } from '../../src/demo/plan.js';
import { openWarehouse } from '../../src/warehouse/open.js';

const bin = join(import.meta.dirname, '../../bin/run.js');
const SEED = 3;

interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (command: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { maxBuffer: 1 << 26, env: { ...process.env, NO_COLOR: '1' } },
      (error, stdout, stderr) => {
        resolve({ exit: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
const countersign = (...args: readonly string[]): Promise<Ended> => run(process.execPath, [bin, ...args]);

const dir = join(mkdtempSync(join(tmpdir(), 'countersign-demo-')), 'tour');
const plan = makePlan(SEED);
let demo: Ended;
let evidence: string;

beforeAll(async () => {
  demo = await countersign('demo', '--dir', dir, '--seed', String(SEED));
  evidence = join(dir, 'evidence', readdirSync(join(dir, 'evidence'))[0] ?? '');
}, 240_000);

describe('countersign demo', () => {
  test('ends with the report that was planted, and says where it is', () => {
    expect(demo.stderr).toBe('');
    expect(demo.exit).toBe(0);
    expect(demo.stdout).toContain('Done: the report is what was planted');
    expect(demo.stdout).toContain('report.pdf');
    expect(demo.stdout).toContain('report.html');
    expect(demo.stdout).toContain('refused, it is their own request');
  });

  test('fits 80 columns, paths apart', () => {
    const story = demo.stdout.slice(0, demo.stdout.indexOf('Done:'));
    for (const line of story.split('\n')) if (!line.includes('/')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('leaves the folder that the design names', () => {
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['countersign.yaml', 'data', 'evidence', 'trust.json']));
    const held = readdirSync(evidence);
    expect(held).toEqual(
      expect.arrayContaining([
        'report.pdf',
        'report.html',
        'csv',
        'manifest.json',
        'manifest.sig',
        'results.json',
        'README.txt',
      ]),
    );
    expect(held).not.toContain('trust.json');
  });

  test('will not work in a folder with other files', async () => {
    const other = mkdtempSync(join(tmpdir(), 'countersign-other-'));
    writeFileSync(join(other, 'mine.txt'), 'mine');
    const refused = await countersign('demo', '--dir', other);
    expect(refused.exit).toBe(2);
    expect(readFileSync(join(other, 'mine.txt'), 'utf8')).toBe('mine');
  });
});

describe('countersign verify on its package', () => {
  test('without a trust file: 13, and each thing that is not established is named', async () => {
    const { exit, stdout } = await countersign('verify', evidence, '--json');
    expect(exit).toBe(13);
    const { findings } = JSON.parse(stdout);
    const open = findings
      .filter((finding: { severity: string }) => finding.severity === 'unestablished')
      .map((finding: { message: string }) => finding.message);
    expect(open.join('\n')).toContain('no trust file names the report key');
    expect(open.join('\n')).toContain('no trust file names the key demo.invalid/gw-1');
    expect(open.join('\n')).toMatch(/AWS authorship of \d+ digests not established/);
    expect(open.join('\n')).toContain('no anchor outside the machine');
    const others = findings.filter((finding: { severity: string }) => finding.severity !== 'unestablished');
    expect(others).toMatchObject([{ severity: 'note', code: 'APPROVER_ASSERTED' }]);
  });

  test('with the trust file: signers and AWS digests established, 13 for the un-anchored window alone', async () => {
    const { exit, stdout } = await countersign('verify', evidence, '--trust', join(dir, 'trust.json'), '--json');
    expect(exit).toBe(13);
    const { findings, established } = JSON.parse(stdout);
    expect(findings.map(({ severity }: { severity: string }) => severity).toSorted()).toEqual([
      'note',
      'unestablished',
    ]);
    const open = findings.find(({ severity }: { severity: string }) => severity === 'unestablished');
    expect(open.message).toMatch(/records 0 to \d+, .* no anchor/);
    expect(established.join('\n')).toMatch(/\d+ CloudTrail digests are signed by keys/);
    expect(established.join('\n')).toContain('is signed by the report key');
  });

  test('on the copy with one byte changed: 12, and the record is named', async () => {
    const copy = join(dir, 'tampered', readdirSync(join(dir, 'tampered'))[0] ?? '');
    const { exit, stdout } = await countersign('verify', copy, '--trust', join(dir, 'trust.json'));
    expect(exit).toBe(12);
    expect(stdout).toMatch(/, record \d+, byte \d+/);
  });
});

describe('its configuration', () => {
  test.each(['listen', 'admin'])('does not start under proxy on another address (%s)', async (field) => {
    const text = readFileSync(join(dir, 'countersign.yaml'), 'utf8');
    const changed = text.replace(new RegExp(`(${field}: )127\\.0\\.0\\.1`), '$10.0.0.0');
    expect(changed).not.toBe(text);
    const file = join(dir, `${field}.yaml`);
    writeFileSync(file, changed);
    const { exit, stderr } = await countersign('proxy', '-c', file);
    expect(exit).toBe(2);
    expect(stderr).toContain(field);
  });

  test('other commands work on the folder', async () => {
    const config = join(dir, 'countersign.yaml');
    expect((await countersign('collect', 'cloudtrail', '-c', config, '--from-dir', join(dir, 'sample-aws'))).exit).toBe(
      0,
    );
    expect((await countersign('controls', 'list')).stdout).toContain('CS-NET-01');
    const day = new Date().toISOString().slice(0, 10);
    const reported = await countersign('report', '-c', config, '--period', day);
    expect([10, 11]).toContain(reported.exit);
    expect(reported.stdout).toContain('CS-TRL-01');
  });
});

describe('planted secrets', () => {
  const values = plan.secrets.map(({ value }) => value);

  test('the search finds what it should: clear, escaped, encoded, compressed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-search-'));
    const [value = ''] = values;
    writeFileSync(join(folder, 'clear'), `x ${value} y`);
    writeFileSync(join(folder, 'json'), JSON.stringify({ nested: JSON.stringify(value) }));
    writeFileSync(join(folder, 'url'), encodeURIComponent(value));
    for (const offset of [0, 1, 2])
      writeFileSync(
        join(folder, `base64-${offset}`),
        Buffer.from(`${'-'.repeat(offset)}${value}--`).toString('base64'),
      );
    writeFileSync(join(folder, 'gz'), gzipSync(`a ${value} b`));
    const { found, files } = await searchFor([value], [folder]);
    expect(found).toHaveLength(files);
  });

  test('stand in nothing that the gateway wrote', async () => {
    const { found, files } = await searchFor(values, [
      join(dir, 'data'),
      join(dir, 'evidence'),
      join(dir, 'sample-aws'),
    ]);
    expect(files).toBeGreaterThan(50);
    expect(found).toEqual([]);
    const log = readFileSync(join(dir, 'gateway.log'), 'utf8');
    for (const value of values) expect(log).not.toContain(value);
  });

  test('stand in no table of the warehouse, whose pages are compressed', async () => {
    const warehouse = await openWarehouse(join(dir, 'data/warehouse.duckdb'), { readOnly: true });
    const tables = await warehouse.query(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'`,
    );
    const dump = mkdtempSync(join(tmpdir(), 'countersign-dump-'));
    mkdirSync(dump, { recursive: true });
    for (const { table_name } of tables) {
      const name = typeof table_name === 'string' ? table_name : '';
      const rows = await warehouse.query(`SELECT * FROM "${name}"`);
      writeFileSync(join(dump, `${name}.json`), JSON.stringify(rows));
    }
    await warehouse.close();
    expect(tables.length).toBeGreaterThan(20);
    expect((await searchFor(values, [dump])).found).toEqual([]);
  });
});

describe('the PDF', () => {
  test('says, as the table of approvals does, that approvers without a passkey are asserted by the gateway', async () => {
    const { stdout } = await run('pdftotext', ['-layout', join(evidence, 'report.pdf'), '-']);
    // A letter of the watermark may stand between two words.
    expect(stdout.replace(/\s+/g, '')).toMatch(/theapproveris[A-Z]*assertedbythegateway/);
    expect(readFileSync(join(evidence, 'csv/approvals.csv'), 'utf8')).toContain(',asserted by the gateway,');
  });

  test('every exception in it stands in the CSV, and the reverse', async () => {
    const { stdout, exit } = await run('pdftotext', ['-layout', join(evidence, 'report.pdf'), '-']);
    expect(exit).toBe(0);
    const text = stdout.replace(/\s+/g, '');
    const [, ...rows] = readFileSync(join(evidence, 'csv/exceptions.csv'), 'utf8').trim().split('\n');
    expect(rows.length).toBeGreaterThan(1);
    const results = JSON.parse(readFileSync(join(evidence, 'results.json'), 'utf8'));
    const items: string[] = results.results.flatMap((result: { exceptions: { item: string }[] }) =>
      result.exceptions.map(({ item }) => item),
    );
    expect(items).toHaveLength(rows.length);
    for (const item of items) {
      expect(rows.some((row) => row.includes(item))).toBe(true);
      expect(text).toContain(item.replace(/\s+/g, ''));
    }
  });
});
