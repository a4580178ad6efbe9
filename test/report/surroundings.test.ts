import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { content } from './sample.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-surroundings-'));
afterAll(() => rmSync(dir, { recursive: true }));

const built = (path: string): string => pathToFileURL(join(import.meta.dirname, '../../dist', path)).href;

/** Writes PDF and tables from the content given as JSON; prints the time as this process would. */
const SCRIPT = `
import { readFileSync, writeFileSync } from 'node:fs';
import { writePdf } from '${built('report/pdf/document.js')}';
import { contentTables } from '${built('report/lists.js')}';
import { reportPage } from '${built('report/html/page.js')}';
const [, input, out] = process.argv;
const content = JSON.parse(readFileSync(input, 'utf8'));
await writePdf(out + '.pdf', content, 'ab'.repeat(32));
writeFileSync(out + '.csv', JSON.stringify(contentTables(content)));
writeFileSync(out + '.html', reportPage(content, 'ab'.repeat(32)));
process.stdout.write(new Date(0).toString());
`;

const made = async (name: string, env: Readonly<Record<string, string>>) => {
  const input = join(dir, 'content.json');
  writeFileSync(input, JSON.stringify(content()));
  const out = join(dir, name);
  const args = ['--input-type=module', '-e', SCRIPT, input, out];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } });
  const [pdf, csv, html] = ['pdf', 'csv', 'html'].map((kind) => sha256(readFileSync(`${out}.${kind}`)));
  return { local: stdout, files: [pdf, csv, html] };
};

it('PDF, page and tables are the same bytes in another time zone and under another locale', async () => {
  const here = await made('here', { TZ: 'UTC', LC_ALL: 'C' });
  const there = await made('there', { TZ: 'Asia/Kolkata', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' });
  const far = await made('far', { TZ: 'America/St_Johns', LC_ALL: 'ar_EG.UTF-8', LANG: 'ar_EG.UTF-8' });
  expect(new Set([here.local, there.local, far.local]).size).toBe(3);
  expect(there.files).toEqual(here.files);
  expect(far.files).toEqual(here.files);
});
