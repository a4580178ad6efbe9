/**
 * One step in a process of its own, so that its peak of memory is its own: `node measure.js report|verify|reperform DIR`.
 * Prints CPU seconds of all threads, seconds by the clock, the peak, and what the step made.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [step, dir] = process.argv.slice(2);
const pack = join(dir, 'evidence/2026-Q3');
/** A week after the quarter: a report can be final. */
const clock = {
  now: () => Date.parse('2026-10-08T00:00:00Z'),
  monotonic: () => 0,
  boot: '00000000-0000-4000-8000-000000000002',
};

const sizeOf = (path) => (existsSync(path) ? statSync(path).size : 0);

/** CPU seconds at which each part of the report began, where asked for. */
const parts = [];
const onProgress = (label) => {
  const { user, system } = process.cpuUsage();
  const cpu = (user + system) / 1e6;
  if (parts.at(-1)?.label !== label) parts.push({ label, cpu, rss: Math.round(process.resourceUsage().maxRSS / 1024) });
};

const STEPS = {
  report: async () => {
    const { loadSettings } = await import('../../dist/app/config.js');
    const { parsePeriod, report } = await import('../../dist/app/report.js');
    const settings = await loadSettings(join(dir, 'countersign.yaml'), {});
    const ask = { settings, period: parsePeriod('2026-Q3'), version: '0.1.0', clock, environment: {}, onProgress };
    const made = await report(ask);
    const { files } = JSON.parse(readFileSync(join(pack, 'manifest.json'), 'utf8'));
    const exceptions = made.results.reduce((sum, result) => sum + result.exceptions.length, 0);
    const csv = readdirSync(join(pack, 'csv')).reduce((sum, name) => sum + sizeOf(join(pack, 'csv', name)), 0);
    const rows = files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
    return { exceptions, rows, csv, pdf: sizeOf(made.pdf), page: sizeOf(made.page), exit: made.exit };
  },
  verify: async () => {
    const { verifyPath } = await import('../../dist/verify/verify.js');
    const { exit, findings } = await verifyPath(pack);
    return { exit, findings: [...new Set(findings.map(({ code }) => code))] };
  },
};

const began = performance.now();
const found = await STEPS[step]();
const { user, system } = process.cpuUsage();
const wall = (performance.now() - began) / 1000;
const rss = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ ...found, cpu: (user + system) / 1e6, wall, rss, parts }));
