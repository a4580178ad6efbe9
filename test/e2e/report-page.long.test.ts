/**
 * The page of the report in Chromium, from a file and offline: axe-core at both widths and in both colour schemes, tables
 * that sort and come back as they were, and the same text where no script runs. Where COUNTERSIGN_SHOTS names a folder,
 * each look is kept there as an image.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportPage } from '../../src/report/html/page.js';
import { content, exception, result } from '../report/sample.js';
import { axe, inEveryLook } from './page-world.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-report-page-'));
const file = join(dir, 'report.html');
const url = pathToFileURL(file).href;
const many = Array.from({ length: 30 }, (_, i) => exception(i, { person: i % 2 === 0 ? 'Zoë' : `Юлия ${i}` }));

let browser: Browser;
beforeAll(async () => {
  const results = [...content().results, result('CS-NET-01', 'exceptions', { exceptions: many, population: 7 })];
  writeFileSync(file, reportPage(content({ results }), 'ab'.repeat(32)));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true });
});

/** A page that counts what it asks for beside itself, and what its policy forbids. */
const open = async (options: { readonly javaScriptEnabled: boolean }): Promise<{ page: Page; faults: string[] }> => {
  const page = await (await browser.newContext(options)).newPage();
  const faults: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== url) faults.push(request.url());
  });
  page.on('console', (message) => faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(url);
  return { page, faults };
};

it('has no serious finding of axe and nothing to scroll sideways, in every look', async () => {
  const { page, faults } = await open({ javaScriptEnabled: true });
  await inEveryLook(page, 'report', async (look) => {
    expect(await axe(page), look).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), look).toBe(true);
  });
  expect(faults).toEqual([]);
});

it('sorts a table by a column: up, down, and as it was', async () => {
  const { page, faults } = await open({ javaScriptEnabled: true });
  const column = async (): Promise<readonly number[]> =>
    (await page.locator('#results table.rows').first().locator('tbody tr td:nth-child(4)').allTextContents()).map(
      (text) => (text === '–' ? -1 : Number(text.replaceAll(',', ''))),
    );
  const given = await column();
  const up = [...given].sort((a, b) => a - b);
  const button = page.locator('#results').getByRole('button', { name: 'Population' });
  for (const wanted of [up, up.toReversed(), given]) {
    await button.click();
    expect([...(await column())]).toEqual(wanted);
  }
  const times = page.locator('#CS-NET-01').getByRole('button', { name: 'Time (UTC), ids' });
  await times.click();
  await times.click();
  await expect.poll(() => page.locator('#CS-NET-01 tbody tr').first().textContent()).toContain('CS-NET-01/0030');
  expect(faults).toEqual([]);
});

it('says the same without script, and leads from a result to its control', async () => {
  const { page, faults } = await open({ javaScriptEnabled: false });
  const { page: scripted } = await open({ javaScriptEnabled: true });
  expect(await page.locator('body').textContent()).toBe(await scripted.locator('body').textContent());
  await page.locator('#results').getByRole('link', { name: 'CS-NET-01' }).click();
  expect(page.url()).toBe(`${url}#CS-NET-01`);
  expect(faults).toEqual([]);
});

it('prints on paper, light and without its contents', async () => {
  const { page } = await open({ javaScriptEnabled: true });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await page.locator('nav').isVisible()).toBe(false);
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
  expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
});
