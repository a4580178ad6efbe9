/**
 * The evidence package of a quarter at three sizes: what making and what verifying it cost, in CPU seconds of all threads,
 * by the clock, and in peak memory, each in a process of its own. With each, ten CloudTrail events and a fiftieth of an
 * approval for a call. `npm run bench -- report [CALLS…]`; COUNTERSIGN_BENCH_STEPS=1 shows the parts of a report.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const run = (file, ...args) => {
  const script = fileURLToPath(new URL(`./report/${file}`, import.meta.url));
  const child = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
};

const COLUMNS = [
  'calls',
  'events',
  'records',
  'log MB',
  'report CPU s',
  'wall s',
  'MiB',
  'CSV rows',
  'CSV MB',
  'PDF KB',
  'page KB',
  'verify CPU s',
  'wall s',
  'MiB',
];
const print = (cells) => console.log(cells.map((cell, i) => String(cell).padStart(COLUMNS[i].length)).join('  '));

const measure = (calls) => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    const made = run('world.js', dir, String(calls));
    const report = run('measure.js', 'report', dir);
    const verify = run('measure.js', 'verify', dir);
    const kilo = (bytes) => Math.round(bytes / 1e3);
    print([
      calls,
      10 * calls,
      made.records,
      made.megabytes,
      report.cpu.toFixed(1),
      report.wall.toFixed(1),
      report.rss.toFixed(0),
      report.rows,
      Math.round(report.csv / 1e6),
      kilo(report.pdf),
      kilo(report.page),
      verify.cpu.toFixed(1),
      verify.wall.toFixed(1),
      verify.rss.toFixed(0),
    ]);
    console.log(
      `  ${report.exceptions} exceptions, exit ${report.exit}; verification: exit ${verify.exit}, ${verify.findings.join(', ')}`,
    );
    if (process.env.COUNTERSIGN_BENCH_STEPS)
      for (const { label, cpu, rss } of report.parts)
        console.log(`  ${label.padEnd(14)} from ${cpu.toFixed(1)} CPU s, ${rss} MiB`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

print(COLUMNS);
const sizes = process.argv.slice(3).map(Number);
for (const calls of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) measure(calls);
