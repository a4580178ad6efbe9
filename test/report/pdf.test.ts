import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLAIMS } from '../../src/report/claims.js';
import type { ReportContent } from '../../src/report/content.js';
import { contentTables } from '../../src/report/lists.js';
import { MAX_ROWS } from '../../src/report/outline/blocks.js';
import { writePdf } from '../../src/report/pdf/document.js';
import { pdfPages } from './pdf-text.js';
import { content, exception, result } from './sample.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-pdf-'));
const ROOT = '9f2c41b7'.repeat(8);
let count = 0;
afterAll(() => rmSync(dir, { recursive: true }));

const pdfOf = async (over: Partial<ReportContent> = {}): Promise<Buffer> => {
  const path = join(dir, `${count++}.pdf`);
  await writePdf(path, content(over), ROOT);
  return readFileSync(path);
};

const squeezed = (text: string): string => text.replaceAll(/\s/g, '');

describe('the PDF', () => {
  it('is the same bytes for the same content', async () => {
    expect((await pdfOf()).equals(await pdfOf())).toBe(true);
  });

  it('prints report id, evidence root and page numbers on each page but the cover', async () => {
    const pages = pdfPages(await pdfOf());
    expect(pages.length).toBeGreaterThan(10);
    pages.slice(1).forEach((page, i) => {
      expect(page).toContain('CS-2026-11-24T05Z_2026-11-24T07Z-01');
      expect(page).toContain('evidence root 9f2c41b79f2c41b7…');
      expect(page).toContain(`${i + 2} / ${pages.length}`);
    });
    expect(squeezed(pages[0] ?? '')).toContain(ROOT);
  });

  it('bears a watermark on each page where the data is a sample, and none otherwise', async () => {
    expect(pdfPages(await pdfOf()).every((page) => page.includes('SAMPLE DATA'))).toBe(true);
    expect(pdfPages(await pdfOf({ demo: false })).some((page) => page.includes('SAMPLE DATA'))).toBe(false);
  });

  it('lists every exception with what was expected and found', async () => {
    const text = squeezed(pdfPages(await pdfOf()).join('\n'));
    for (const { item, found, person } of content().results.flatMap(({ exceptions }) => exceptions)) {
      expect(text).toContain(squeezed(item));
      expect(text).toContain(squeezed(person));
      expect(text).toContain(squeezed(found));
    }
  });

  it('examines the five claims, each with its tests and what remains to be shown', async () => {
    const pages = pdfPages(await pdfOf());
    const start = pages.findLastIndex((page) => squeezed(page).includes(squeezed('Five claims, examined')));
    const text = squeezed(pages.slice(start).join('\n'));
    for (const { title, said, judged, remains } of CLAIMS) {
      for (const part of [title, said]) expect(text).toContain(squeezed(part));
      for (const word of [...judged.split(' '), ...remains.split(' ')]) expect(text).toContain(word);
    }
    expect(text).toContain('CS-APP-01');
    expect(text).toContain(squeezed('No test ran.'));
  });

  it('names the CSV and the number where there are too many exceptions to list', async () => {
    const exceptions = Array.from({ length: MAX_ROWS + 51 }, (_, i) => exception(i));
    const pages = pdfPages(await pdfOf({ results: [result('CS-APP-01', 'exceptions', { exceptions })] }));
    const text = squeezed(pages.join('\n'));
    expect(text).toContain(squeezed(`The first ${MAX_ROWS} of 251 exceptions are shown.`));
    expect(text).toContain(squeezed(exceptions[MAX_ROWS - 1]?.item ?? ''));
    expect(text).not.toContain(squeezed(exceptions[MAX_ROWS]?.item ?? 'none'));
    const continued = pages.filter((page) => page.includes('Time (UTC), id'));
    expect(continued.length).toBeGreaterThan(4);
  });

  it('draws each chart with its figures, and folds what does not fit, naming the file', async () => {
    const text = squeezed(pdfPages(await pdfOf()).join('\n'));
    for (const said of ['Howlongapprovalswaited', 'under1minute', '1,500', '3furtherkinds,seedistributions.csv', '600'])
      expect(text).toContain(said);
    expect(text).toContain('12,000inall');
    expect(text).not.toContain('kind-12');
    const { 'distributions.csv': table = '' } = contentTables(content());
    expect(table.split('\r\n')).toContain('masked_values,kind-12,300');
  });

  it('cuts nothing: a cell longer than a page goes on, and hidden characters show', async () => {
    const words = Array.from({ length: 2500 }, (_, i) => `word${i}`).join(' ');
    const exceptions = [exception(1, { found: words, person: 'a\u202eb', what: '漢字' })];
    const pages = pdfPages(await pdfOf({ results: [result('CS-APP-01', 'exceptions', { exceptions })] }));
    const text = squeezed(pages.join('\n'));
    for (let i = 0; i < 2500; i++) expect(text).toContain(`word${i}`);
    expect(text).toContain('a\\u{202e}b');
    expect(text).toContain('\\u{6f22}\\u{5b57}');
  });

  it('says what it is where there is nothing at all', async () => {
    const nothing = {
      results: [],
      criteria: [],
      datasets: [],
      reconciliations: [],
      ledgers: [],
      scope: { servers: [], roles: [], accounts: [], gateways: [] },
      verification: { target: '', kind: 'ledger' as const, established: [], findings: [], ledgers: [], exit: 11 },
    };
    const text = pdfPages(await pdfOf(nothing)).join('\n');
    expect(text).toContain('No server is configured.');
    expect(text).toContain('No ledger is in this package.');
  });

  it('keeps a title with signs that XML reads as its own well-formed', async () => {
    const pdf = (await pdfOf({ organization: 'A & B <C>' })).toString('latin1');
    const title = /<dc:title>[\s\S]*?<\/dc:title>/.exec(pdf)?.[0] ?? '';
    expect(title).toContain('A   B  C');
    expect(pdf).toContain('/StructTreeRoot');
    expect(pdf).toContain('/Outlines');
  });
});
