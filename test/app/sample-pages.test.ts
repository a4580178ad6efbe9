/** The pages of a sample, made from a package alone: traces, and a proof file that verifies by itself. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePeriod, type ReportSummary, report } from '../../src/app/report.js';
import { type Sample, sample } from '../../src/app/sample.js';
import { verifyPath } from '../../src/verify/verify.js';
import { pdfPages } from '../report/pdf-text.js';
import { makeWorld, type World } from './report/world.js';

let world: World;
let made: ReportSummary;
beforeAll(async () => {
  world = await makeWorld();
  const period = parsePeriod('2026-11-24T05');
  made = await report({ settings: world.settings, period, version: '0.1.0', clock: world.clock, environment: {} });
}, 60_000);
afterAll(() => world.remove());

const draw = (control: string, name: string, size = 25): Promise<Sample> =>
  sample({ dir: made.dir, control, nonce: 'auditor-2026', size, out: join(world.dir, `${name}.csv`), pages: true });
const textOf = ({ files }: Sample): string =>
  pdfPages(readFileSync(files.pages ?? ''))
    .join('\n')
    .replaceAll(/\s/g, '');

describe('the pages of a sample', () => {
  test('trace each call to its records, and the proof file verifies alone', async () => {
    const drawn = await draw('CS-ACC-01', 'calls');
    const text = textOf(drawn);
    for (const { item } of drawn.sample) expect(text).toContain(item);
    expect(text).toContain('Thedecisionisonrecordbeforeanythingwassent');
    const { findings, established } = await verifyPath(drawn.files.proof ?? '');
    expect(findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
    expect(established.join('\n')).toContain('as written');
    const proof = JSON.parse(readFileSync(drawn.files.proof ?? '', 'utf8'));
    expect(proof.records.length).toBeGreaterThanOrEqual(2 * drawn.sample.length);
  }, 30_000);

  test('trace events to the object AWS delivered, with what the report lists of them', async () => {
    const text = textOf(await draw('CS-NET-01', 'events'));
    expect(text).toContain('Nosessionofthegatewayexplainsit.');
    expect(text).toContain('CS-NET-01/0001');
    expect(text).toMatch(/raw\/[0-9a-f]{2}\/[0-9a-f]{64}/);
  }, 30_000);

  test('are the same bytes again, and of a larger sample begin with the same items', async () => {
    mkdirSync(join(world.dir, 'again'));
    const [one, two, fewer] = [
      await draw('CS-ACC-01', 'a'),
      await draw('CS-ACC-01', 'again/a'),
      await draw('CS-ACC-01', 'c', 1),
    ];
    for (const kind of ['proof', 'pages'] as const) {
      expect(readFileSync(one.files[kind] ?? '').equals(readFileSync(two.files[kind] ?? ''))).toBe(true);
    }
    expect(one.sample[0]?.item).toBe(fewer.sample[0]?.item);
  }, 60_000);

  test('are not written over another file, and nothing is then written', async () => {
    writeFileSync(join(world.dir, 'taken.pdf'), 'mine');
    await expect(draw('CS-ACC-01', 'taken')).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(join(world.dir, 'taken.pdf'), 'utf8')).toBe('mine');
  });
});
