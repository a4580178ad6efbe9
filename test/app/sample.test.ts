import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SampleAsk, sample } from '../../src/app/sample.js';
import { canonical } from '../../src/base/canonical.js';
import { sha256 } from '../../src/base/digest.js';
import { csv } from '../../src/report/csv.js';
import { sampleSeed } from '../../src/report/sampling.js';

const PATH = 'csv/population_CS-APP-01.csv';
const ZERO = '0'.repeat(64);
let dir: string;
let text: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-sample-'));
  mkdirSync(join(dir, 'csv'));
  text = csv(
    ['item', 'time', 'person', 'what'],
    Array.from({ length: 300 }, (_, i) => [`c${i}`, '2026-08-03T12:00:00.000Z', 'Ada "A", B', 'files / write_file']),
  );
  writeFileSync(join(dir, PATH), text);
  const manifest = canonical({
    v: 1,
    kind: 'countersign-evidence',
    report: 'CS-2026-Q3-01',
    organization: 'Example Inc',
    period: { label: '2026-Q3', from: '2026-07-01T00:00:00.000Z', to: '2026-10-01T00:00:00.000Z' },
    status: 'FINAL',
    demo: false,
    tool: { name: 'countersign', version: '0.1.0' },
    evidenceRoot: ZERO,
    ledgers: [],
    cloudtrail: { logs: 0, digests: 0 },
    files: [{ path: PATH, bytes: Buffer.byteLength(text), sha256: sha256(text), rows: 300 }],
  });
  writeFileSync(join(dir, 'manifest.json'), `${manifest}\n`);
});
afterEach(() => rmSync(dir, { recursive: true }));

const ask = (over: Partial<SampleAsk> = {}): SampleAsk => ({
  dir,
  control: 'CS-APP-01',
  nonce: 'auditor-2026',
  size: 25,
  out: join(dir, 'samples.csv'),
  pages: false,
  ...over,
});

describe('sample', () => {
  it('names population, nonce and seed, and writes what it returns', async () => {
    const drawn = await sample(ask());
    expect(drawn).toMatchObject({
      items: 300,
      population: sha256(text),
      seed: sampleSeed(sha256(text), 'auditor-2026'),
    });
    expect(drawn.sample).toHaveLength(25);
    expect(drawn.sample[0]?.about.person).toBe('Ada "A", B');
    const lines = readFileSync(join(dir, 'samples.csv'), 'utf8').trimEnd().split('\r\n');
    expect(lines).toHaveLength(26);
    drawn.sample.forEach(({ item, rank, hmac }, i) => {
      expect(lines[i + 1]).toContain(`,${rank},${item},${hmac},`);
    });
  });

  it('keeps the earlier items when it grows', async () => {
    const first = (await sample(ask())).sample.map(({ item }) => item);
    const more = (await sample(ask({ size: 60, out: join(dir, 'more.csv') }))).sample.map(({ item }) => item);
    expect(more.slice(0, 25)).toEqual(first);
  });

  it('of a population that was changed is refused, and nothing is written', async () => {
    appendFileSync(join(dir, PATH), 'c300,,,\r\n');
    await expect(sample(ask())).rejects.toMatchObject({ code: 'PACKAGE_CHANGED' });
    expect(existsSync(join(dir, 'samples.csv'))).toBe(false);
  });

  it('is not written over another', async () => {
    await sample(ask());
    await expect(sample(ask())).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.each([
    [{ control: 'CS-NONE-01' }, 'USAGE'],
    [{ control: '../x' }, 'USAGE'],
    [{ nonce: 'short' }, 'USAGE'],
    [{ size: 0 }, 'USAGE'],
    [{ dir: '/nowhere' }, 'VERIFY_NOT_FOUND'],
  ])('with %j is refused', async (over, code) => {
    await expect(sample(ask(over))).rejects.toMatchObject({ code });
  });
});
