import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../layers.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-ci-'));
});
afterAll(() => rm(dir, { recursive: true }));

const report = (passed: number, failed: number, success: boolean, unloaded = 0): object => ({
  numTotalTests: passed + failed,
  numPassedTests: passed,
  numFailedTests: failed,
  success,
  testResults: Array.from({ length: unloaded }, () => ({ status: 'failed', assertionResults: [] })),
});

const totals = async (elsewhere: number, ...reports: readonly object[]) => {
  const files = reports.map((_, at) => join(dir, `${at}.json`));
  await Promise.all(reports.map((content, at) => writeFile(files[at] ?? '', JSON.stringify(content))));
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, '.ci/totals.js'), String(elsewhere), ...files], {
    encoding: 'utf8',
  });
  return { status, line: stdout.trimEnd().split('\n').at(-1) };
};

describe('the last line of CI', () => {
  it.each([
    ['adds reports up', 0, [report(10, 0, true), report(3, 0, true)], '13 passed, 0 failed', 0],
    ['counts failed tests', 0, [report(10, 0, true), report(3, 2, false)], '13 passed, 2 failed', 1],
    ['counts files that did not load', 0, [report(10, 0, false, 2)], '10 passed, 2 failed', 1],
    ['counts checks that are no tests', 1, [report(10, 0, true)], '10 passed, 1 failed', 1],
    ['fails on a report that is missing', 0, [report(10, 0, true), {}], '10 passed, 1 failed', 1],
    ['fails on errors outside of tests', 0, [report(10, 0, false)], '10 passed, 1 failed', 1],
    ['fails when nothing ran', 0, [report(0, 0, true)], '0 passed, 1 failed', 1],
  ])('%s', async (_, elsewhere, reports, line, status) => {
    expect(await totals(elsewhere, ...reports)).toEqual({ status, line });
  });
});
