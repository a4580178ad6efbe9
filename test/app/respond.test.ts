/** What management answers to a package: a further revision of it, linked, and nothing edited in place. */
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reperform } from '../../src/app/reperform.js';
import { parsePeriod, type ReportSummary, report, reportSigner } from '../../src/app/report.js';
import { openExceptions, respond } from '../../src/app/respond.js';
import { canonical } from '../../src/base/canonical.js';
import { sha256 } from '../../src/base/digest.js';
import { createNoteSigner, signNote } from '../../src/base/note.js';
import { manifestText, sealRun } from '../../src/base/seal.js';
import { loadSigningKey } from '../../src/ledger/keys.js';
import { evidenceRoot, parseManifest } from '../../src/verify/manifest.js';
import { verifyPath } from '../../src/verify/verify.js';
import { pdfPages } from '../report/pdf-text.js';
import { makeWorld, type World } from './report/world.js';

const HEAD = 'exception_id,disposition,response,owner,by,responded,cause,action,due\n';
const ONE = `${HEAD}CS-NET-01,will_fix,"The key of the old job, still in use",Platform,Head of Security,2026-12-01,Forgotten,Role instead of key,2026-12-31
CS-NET-01/0002,risk_accepted,Known to the auditor,Security,Head of Security,2026-12-02,,,
`;

let world: World;
let made: ReportSummary;
let answered: ReportSummary;

const answer = (dir: string, text: string): Promise<ReportSummary> =>
  respond({
    settings: world.settings,
    dir,
    responses: Buffer.from(text),
    source: 'responses.csv',
    version: '0.1.0',
    clock: world.clock,
    environment: {},
  });

const text = (dir: string, path: string): string => readFileSync(join(dir, path), 'utf8');
const contents = (dir: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [join(entry.parentPath, entry.name), sha256(readFileSync(join(entry.parentPath, entry.name)))]),
  );

let before: ReadonlyMap<string, string>;
let trust: string;
beforeAll(async () => {
  world = await makeWorld();
  const period = parsePeriod('2026-11-24T05');
  made = await report({ settings: world.settings, period, version: '0.1.0', clock: world.clock, environment: {} });
  before = contents(made.dir);
  answered = await answer(made.dir, ONE);
  trust = join(world.dir, 'trust.json');
  const { key } = await reportSigner(world.settings, {});
  writeFileSync(trust, JSON.stringify({ v: 1, ledgers: [], reports: [key], cloudtrail: [] }));
}, 60_000);
afterAll(() => world.remove());

describe('a revision that answers', () => {
  test('stands beside what it answers, of which nothing was changed, be it a draft', () => {
    expect(answered.dir).toBe(`${made.dir}.r2`);
    expect(answered.report).toBe('CS-2026-11-24T05Z-02');
    expect(answered.status).toBe(made.status);
    expect(contents(made.dir)).toEqual(before);
  });

  test('names the manifest it answers, and holds it with its signature', () => {
    const { revises } = parseManifest(readFileSync(join(answered.dir, 'manifest.json')));
    expect(revises).toEqual({ report: made.report, manifest: made.manifest });
    for (const name of ['manifest.json', 'manifest.sig'])
      expect(text(answered.dir, `previous/${name}`)).toBe(text(made.dir, name));
    expect(text(answered.dir, 'responses/0001.csv')).toBe(ONE);
  });

  test('shows each response in the tables, results.json and the PDF; the last that names an exception is in force', () => {
    const rows = text(answered.dir, 'csv/exceptions.csv').split('\r\n');
    expect(rows.find((row) => row.startsWith('CS-NET-01/0001'))).toMatch(/,will_fix,Platform,2026-12-31$/);
    expect(rows.find((row) => row.startsWith('CS-NET-01/0002'))).toMatch(/,risk_accepted,Security,$/);
    expect(rows.find((row) => row.startsWith('CS-TRL-01/0001'))).toMatch(/,,,$/);
    expect(text(answered.dir, 'csv/responses.csv').trimEnd().split('\r\n')).toHaveLength(3);
    expect(JSON.parse(text(answered.dir, 'results.json')).responses).toHaveLength(2);
    const pdf = pdfPages(readFileSync(answered.pdf)).join('\n').replaceAll(/\s/g, '');
    for (const said of ['Thekeyoftheoldjob,stillinuse', 'Cause:Forgotten', 'by31December2026', 'Riskaccepted'])
      expect(pdf).toContain(said);
    expect(pdf).toContain('CS-NET-01/0002');
  });

  test('verifies, with its link; and gives the same results when performed again', async () => {
    const { findings, established } = await verifyPath(answered.dir, { trust });
    expect(findings.filter(({ severity }) => severity === 'integrity' || severity === 'incomplete')).toEqual([]);
    expect(established.join('\n')).toContain(`it answers ${made.report}, and its evidence and results are the same`);
    const { tests } = await reperform({ dir: answered.dir, version: '0.1.0' });
    expect(tests.filter(({ differs }) => differs.length > 0)).toEqual([]);
  }, 30_000);

  test('can be answered again: the earlier responses stay', async () => {
    const again = await answer(answered.dir, `${HEAD}CS-NET-01/0002,fixed,Done,Security,CISO,2026-12-09,,,\n`);
    expect(again.dir).toBe(`${made.dir}.r3`);
    expect(parseManifest(readFileSync(join(again.dir, 'manifest.json'))).revises?.report).toBe(answered.report);
    expect(text(again.dir, 'csv/exceptions.csv')).toMatch(/CS-NET-01\/0002.*,fixed,Security,\r\n/);
    expect(text(again.dir, 'csv/responses.csv').trimEnd().split('\r\n')).toHaveLength(4);
    rmSync(again.dir, { recursive: true });
  }, 30_000);
});

/** Changes a copy of the revision and signs it anew, as whoever holds the report key could. */
const resealed = async (change: (dir: string) => void): Promise<string> => {
  const dir = join(world.dir, `resealed-${Math.random()}`);
  cpSync(answered.dir, dir, { recursive: true });
  change(dir);
  const manifest = parseManifest(readFileSync(join(dir, 'manifest.json')));
  const files = manifest.files.map((file) => {
    const bytes = readFileSync(join(dir, file.path));
    return { ...file, bytes: bytes.length, sha256: sha256(bytes) };
  });
  const value = { ...manifest, files, evidenceRoot: evidenceRoot(files) };
  const sealed = `${canonical(JSON.parse(JSON.stringify(value)))}\n`;
  const signer = createNoteSigner('example.com/gw/report', await loadSigningKey(join(world.dir, 'keys/report.key')));
  writeFileSync(join(dir, 'manifest.json'), sealed);
  writeFileSync(join(dir, 'manifest.sig'), signNote(manifestText(sha256(sealed)), [signer]));
  return dir;
};

describe('verify says what of the link does not hold', () => {
  test.each([
    [
      'another manifest',
      'PREVIOUS_DIFFERS',
      (dir: string) => cpSync(join(dir, 'manifest.json'), join(dir, 'previous/manifest.json')),
    ],
    [
      'a signature over something else',
      'BAD_SIGNATURE',
      (dir: string) => cpSync(join(dir, 'manifest.sig'), join(dir, 'previous/manifest.sig')),
    ],
    [
      'a signature that is too large to be read',
      'PREVIOUS_INVALID',
      (dir: string) => writeFileSync(join(dir, 'previous/manifest.sig'), Buffer.alloc(1024 * 1024 + 1, 'x')),
    ],
    [
      'evidence that was changed on the way',
      'PREVIOUS_DIFFERS',
      (dir: string) => writeFileSync(join(dir, 'sql/CS-NET-01.population.sql'), 'SELECT 1'),
    ],
  ])('%s: 12', async (_what, code, change) => {
    const dir = await resealed((copy) => change(copy));
    const { exit, findings } = await verifyPath(dir, { trust });
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(exit).toBe(12);
  });
});

test('the controls that wait for an answer', async () => {
  const open = await openExceptions(made.dir);
  expect(open.find(({ control }) => control === 'CS-NET-01')?.exceptions).toBe(2);
  expect(open.every(({ exceptions }) => exceptions > 0)).toBe(true);
});

describe('refused, and nothing is written', () => {
  test.each([
    ['an exception that is not there', 'CS-NET-01/0003,fixed,x,o,b,2026-12-01,,,', /no exception "CS-NET-01\/0003"/],
    ['a control without exceptions', 'CS-ACC-01,fixed,x,o,b,2026-12-01,,,', /no exception "CS-ACC-01"/],
    ['no such disposition', 'CS-NET-01,closed,x,o,b,2026-12-01,,,', /disposition is none of/],
    ['no response', 'CS-NET-01,fixed,,o,b,2026-12-01,,,', /response is empty/],
    ['no such day', 'CS-NET-01,fixed,x,o,b,2026-02-30,,,', /responded is no date/],
    ['a promise without a date', 'CS-NET-01,will_fix,x,o,b,2026-12-01,,,', /needs a date in due/],
    ['a field too few', 'CS-NET-01,fixed,x', /3 fields stand under 9 columns/],
    ['a quote that is never closed', 'CS-NET-01,"fixed', /never closed/],
    ['nothing', '', /holds no response/],
  ])('%s', async (_what, line, said) => {
    await expect(answer(made.dir, line === '' ? HEAD : `${HEAD}${line}\n`)).rejects.toMatchObject({
      code: 'RESPONSES_INVALID',
      message: expect.stringMatching(said),
    });
    expect(readdirSync(world.settings.evidence.outDir)).toHaveLength(2);
  });

  test('a package that was changed', async () => {
    const dir = join(world.dir, 'changed');
    cpSync(made.dir, dir, { recursive: true });
    writeFileSync(join(dir, 'results.json'), '{}');
    await expect(answer(dir, ONE)).rejects.toMatchObject({ code: 'PACKAGE_UNSOUND' });
  });

  test.each([
    ['cannot be read', () => '{', /run\.json/],
    ['names no time', () => '{}\n', /run\.json/],
    [
      'is of another package',
      (run: string) => run.replace(/"manifest":"[0-9a-f]{8}/, '"manifest":"00000000'),
      /run\.json does not verify: it belongs to another manifest/,
    ],
    [
      'bears no signature',
      (run: string) => run.replace(/,"signature":"[^"]*"/, ''),
      /run\.json does not verify: it has no signature/,
    ],
    [
      'is signed anew by another key, for a later time',
      (run: string) => {
        const { signature: _, ...facts } = { signature: '', ...JSON.parse(run) };
        const stranger = createNoteSigner('example.com/gw/report', generateKeyPairSync('ed25519').privateKey);
        return sealRun({ ...facts, now: '2030-01-01T00:00:00Z' }, [stranger]);
      },
      /run\.json: who signed is not established/,
    ],
  ])(
    'a package whose run.json %s: when it was judged is not known, and an answer makes no draft final',
    async (what, change, said) => {
      const dir = join(world.dir, `run that ${what}`);
      cpSync(made.dir, dir, { recursive: true });
      writeFileSync(join(dir, 'run.json'), change(text(dir, 'run.json')));
      await expect(answer(dir, ONE)).rejects.toMatchObject({
        code: 'PACKAGE_UNSOUND',
        message: expect.stringMatching(said),
      });
    },
  );
});
