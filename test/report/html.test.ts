import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ReportContent } from '../../src/report/content.js';
import { readable } from '../../src/report/html/accent.js';
import { reportPage } from '../../src/report/html/page.js';
import { contentTables } from '../../src/report/lists.js';
import { MAX_ROWS } from '../../src/report/outline/blocks.js';
import { writePdf } from '../../src/report/pdf/document.js';
import { exceptionId } from '../../src/report/responses.js';
import { figure } from '../../src/report/words.js';
import { rowsOf, sectionOf, textOf, titlesOf } from './page-reading.js';
import { pdfPages } from './pdf-text.js';
import { content, exception, result } from './sample.js';

const ROOT = '9f2c41b7'.repeat(8);
const dir = mkdtempSync(join(tmpdir(), 'cs-page-'));
afterAll(() => rmSync(dir, { recursive: true }));

const pageOf = (over: Partial<ReportContent> = {}): string => reportPage(content(over), ROOT);
const squeezed = (text: string): string => text.replaceAll(/\s/g, '');
/** Records of one of the tables, without its head; fields of these hold no quotes. */
const table = (name: string, from = content()): readonly (readonly string[])[] =>
  (contentTables(from)[name] ?? '')
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(','));

describe('the page', () => {
  it('is the same bytes for the same content', () => {
    expect(pageOf()).toBe(pageOf());
  });

  it('loads nothing, and lets nothing run or style it but what its policy names by hash', () => {
    const page = pageOf();
    const hash = (name: string): string => {
      const [, text = ''] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page) ?? [];
      return `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`;
    };
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy.split('; ')).toEqual([
      'default-src &#39;none&#39;',
      `style-src ${hash('style')}`,
      `script-src ${hash('script')}`,
      'base-uri &#39;none&#39;',
      'form-action &#39;none&#39;',
    ]);
    expect(page).not.toMatch(/\bsrc=|url\(|@import|\son\w+=|\sstyle=|https?:/);
    expect(page.match(/<(script|style|link|iframe|object|embed|img)\b/g)).toEqual(['<style', '<script']);
  });

  it('leads only to what is on it, each place once', () => {
    const page = pageOf();
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/\shref="([^"]*)"/g)].map(([, href = '']) => href);
    expect(links.length).toBeGreaterThan(20);
    for (const href of links) expect(ids).toContain(href.slice(1));
  });

  it('escapes every text from outside, and writes out what would hide', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const hostile = `<script>${text}</script><img src=x onerror=alert(1)>"'`;
        const exceptions = [exception(1, { person: hostile, found: hostile, what: '\u202e', item: hostile })];
        const page = pageOf({ organization: hostile, results: [result('CS-APP-01', 'exceptions', { exceptions })] });
        expect(page.match(/<script/g)).toHaveLength(1);
        expect(page).not.toContain('<img');
        expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
        expect(textOf(page)).toContain('\\u{202e}');
      }),
      { numRuns: 20 },
    );
    expect(textOf(pageOf({ organization: 'Å & B <Юлия 漢字>' }))).toContain('Å & B <Юлия 漢字>');
  });
});

describe('its figures', () => {
  it('are those of results.csv, control by control', () => {
    const said = rowsOf(sectionOf(pageOf(), 'results')).filter(([id]) => id?.startsWith('CS-'));
    const figures = said.map(([id, , , population, exceptions]) => [id, population, exceptions]);
    const untested = (word: string | undefined): boolean => word === 'not_testable' || word === 'error';
    expect(figures).toEqual(
      table('results.csv').map(([id, , word, population, , exceptions]) => [
        id,
        untested(word) ? '–' : figure(Number(population)),
        Number(exceptions) > 0 ? figure(Number(exceptions)) : word === 'no_exceptions' ? '0' : '–',
      ]),
    );
  });

  it('are those of reconciliation.csv and ipe.csv', () => {
    const rows = rowsOf(sectionOf(pageOf(), 'completeness'));
    const numbers = rows.map((cells) => cells.filter((cell) => /^[\d,]+$/.test(cell)));
    const compared = table('reconciliation.csv').map(([, , , a, b]) => [figure(Number(a)), figure(Number(b))]);
    const datasets = table('ipe.csv').map((row) => row.slice(3, 8).map((cell) => figure(Number(cell))));
    expect(numbers).toEqual([...compared, ...datasets]);
  });

  it('are, in its charts, those of coverage.csv and distributions.csv', () => {
    const section = sectionOf(pageOf(), 'coverage');
    const squares = titlesOf(section).filter((title) => /, with a gap$|: [\d,]+$/.test(title));
    const counts = squares.map((title) => title.replace(', with a gap', '').split(': ').at(-1));
    const seen = table('coverage.csv').filter(([, , , , state]) => state === 'data' || state === 'gap');
    expect(counts).toEqual(seen.map(([, , , observed]) => figure(Number(observed))));
    const bars = titlesOf(section).filter((title) => title.endsWith(' denied'));
    const calls = table('coverage.csv').filter(
      ([source, , , , , ...cells]) => source === 'Gateway' && cells.some((n) => Number(n) > 0),
    );
    expect(bars.map((title) => title.match(/[\d,]+(?= (?:allowed|held|denied))/g))).toEqual(
      calls.map(([, , , , , ...cells]) => cells.map((n) => figure(Number(n)))),
    );
    const drawn = rowsOf(section).filter((cells) => cells.length === 3);
    for (const [, label, count] of table('distributions.csv').slice(0, 12))
      expect(drawn).toContainEqual([label, figure(Number(count)), '']);
  });

  it('and words are those of the PDF', async () => {
    const file = join(dir, 'report.pdf');
    await writePdf(file, content(), ROOT);
    const pdf = squeezed(pdfPages(readFileSync(file)).join('\n'));
    const text = squeezed(textOf(pageOf()));
    for (const [id, population] of table('results.csv').map(([one, , , n]) => [one, n] as const)) {
      for (const said of [pdf, text]) expect(said).toContain(id);
      if (population) for (const said of [pdf, text]) expect(said).toContain(figure(Number(population)));
    }
    for (const { exceptions, control } of content().results) {
      exceptions.forEach(({ item, found }, i) => {
        for (const part of [item, found, exceptionId(control, i)])
          for (const said of [pdf, text]) expect(said).toContain(squeezed(part));
      });
    }
    for (const said of [pdf, text]) expect(said).toContain(ROOT.slice(0, 16));
  });
});

describe('what is too much to read', () => {
  it('is counted, and the file that holds all of it named', () => {
    const exceptions = Array.from({ length: MAX_ROWS + 51 }, (_, i) => exception(i));
    const gap = content().coverage.gaps[0] ?? expect.fail('the sample has no gap');
    const sources = Array.from({ length: 900 }, (_, i) => ({
      ...(content().coverage.sources[1] ?? expect.fail()),
      source: `CloudTrail ${i}`,
    }));
    const over = {
      results: [result('CS-APP-01', 'exceptions', { exceptions })],
      coverage: { ...content().coverage, sources, gaps: Array.from({ length: 5_000 }, () => gap) },
      scope: {
        ...content().scope,
        roles: Array.from({ length: 1_000 }, (_, i) => `arn:aws:iam::111122223333:role/r${i}`),
      },
    };
    const text = textOf(pageOf(over));
    expect(text).toContain(
      'The first 200 of 251 exceptions are shown. All 251 are in csv/exceptions.csv under CS-APP-01.',
    );
    expect(text).toContain('The first 200 of 5,000 stretches of time are shown. All 5,000 are in csv/gaps.csv.');
    expect(text).toContain('The first 36 of 900 sources are shown. All 900 are in csv/coverage.csv.');
    expect(text).toContain('The first 200 of 1,000 governed roles are shown. All 1,000 are in csv/scope.csv.');
    expect(text).not.toContain(exceptionId('CS-APP-01', MAX_ROWS));
    expect(table('scope.csv', content(over)).filter(([kind]) => kind === 'governed_role')).toHaveLength(1_000);
    expect(pageOf(over).length).toBeLessThan(1_500_000);
  });
});

describe('the colour of the organisation', () => {
  it('is kept where it can be read, and else mixed until it can', () => {
    expect(readable('#1f4d3a', '#ffffff')).toBe('#1f4d3a');
    expect(readable('#1f4d3a', '#16191d')).not.toBe('#1f4d3a');
    expect(readable('#ffee00', '#ffffff')).not.toBe('#ffee00');
    expect(readable('#000000', '#000000')).not.toBe('#000000');
  });
});
