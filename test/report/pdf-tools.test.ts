/** The PDF as the tools of others read it: qpdf for its syntax, Poppler for its structure and its text. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePdf } from '../../src/report/pdf/document.js';
import { exceptionId } from '../../src/report/responses.js';
import { content, exception, result } from './sample.js';

const there = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;
const missing = ['qpdf', 'pdfinfo', 'pdftotext'].filter((tool) => !there(tool));
if (missing.length > 0) console.warn(`not tested: ${missing.join(', ')} not installed (Debian: qpdf, poppler-utils)`);

const dir = mkdtempSync(join(tmpdir(), 'cs-pdf-tools-'));
const file = join(dir, 'report.pdf');
afterAll(() => rmSync(dir, { recursive: true }));

const many = Array.from({ length: 60 }, (_, i) => exception(i, { person: 'Zoë Łukasz Ωmega Юлия 漢字 \u202e' }));
const said = content({
  organization: 'Å & B <Ltd>',
  results: [...content().results, result('CS-NET-01', 'exceptions', { exceptions: many })],
});
beforeAll(() => writePdf(file, said, 'ab'.repeat(32)));

const read = (tool: string, ...args: readonly string[]): string =>
  execFileSync(tool, [...args], { encoding: 'utf8', maxBuffer: 1 << 26 });

describe.skipIf(missing.length > 0)('the PDF', () => {
  it('has no fault that qpdf finds', () => {
    expect(read('qpdf', '--check', file)).toContain('No syntax or stream encoding errors found');
  });

  it('is tagged, and its structure holds headings, paragraphs and tables', () => {
    expect(read('pdfinfo', file)).toMatch(/Tagged: +yes/);
    const { stdout: structure, stderr } = spawnSync('pdfinfo', ['-struct-text', file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(structure).toMatch(/^Document/);
    for (const tag of ['H1 ', 'H2 ', 'P ', 'Table', 'TR', 'TH ', 'TD '])
      expect(structure).toMatch(new RegExp(`^ *${tag.trim()}\\b`, 'm'));
    expect(structure).toContain('"Results at a glance"');
  });

  it('says its language and its title', () => {
    expect(read('qpdf', '--json', '--json-key=qpdf', file)).toContain('"/Lang": "u:en-US"');
    expect(read('pdfinfo', file)).toMatch(/^Title: +SOC 2 evidence report, Å {3}B {2}Ltd/m);
  });

  it('gives the text of every exception id, and of names in any script or their escape', () => {
    const text = read('pdftotext', '-layout', file, '-');
    for (const { control, exceptions } of said.results)
      exceptions.forEach((_, i) => expect(text).toContain(exceptionId(control, i)));
    const squeezed = text.replaceAll(/\s/g, '');
    for (const part of ['Zoë', 'Łukasz', 'Ωmega', 'Юлия']) expect(squeezed).toContain(part);
    expect(squeezed).toContain('\\u{202e}');
  });
});
