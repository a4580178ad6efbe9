/** The official conformance suite, run as its own process, and what it found. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../layers.js';

/** The newest release, and the one that knows 2026-07-28: what is run of each, and how much must pass directly. */
export const SUITES = {
  '0.1.16, all': { package: '@modelcontextprotocol/conformance', ask: ['--suite', 'all'], passing: 32 },
  '0.2.0-alpha.12, 2025-11-25': { package: 'conformance-2026', ask: ['--requirements', '2025-11-25'], passing: 33 },
  '0.2.0-alpha.12, 2026-07-28': { package: 'conformance-2026', ask: ['--requirements', '2026-07-28'], passing: 37 },
} as const;

export type SuiteName = keyof typeof SUITES;

const Checks = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));

/** Of each scenario, what failed; empty where it passed. */
export type Findings = ReadonlyMap<string, readonly string[]>;

const findingsIn = (dir: string): Findings => {
  const found = new Map<string, string[]>();
  for (const folder of readdirSync(dir)) {
    const checks = Checks.parse(JSON.parse(readFileSync(join(dir, folder, 'checks.json'), 'utf8')));
    const scenario = folder.replace(/^(server|client)-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
    const failed = checks.filter(({ status }) => status === 'FAILURE');
    found.set(
      scenario,
      failed.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`),
    );
  }
  return found;
};

/**
 * Runs the suite to its end. Its exit code says no more than its findings, so it is not looked at.
 * @param mode `server` with `--url`, or `client` with `--command`
 */
const runSuite = async (name: SuiteName, mode: readonly string[]): Promise<Findings> => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-conformance-'));
  const program = join(ROOT, 'node_modules', SUITES[name].package, 'dist/index.js');
  const args = ['--import', join(import.meta.dirname, 'glob-sync.mjs'), program, ...mode, '--output-dir', dir];
  await new Promise<void>((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 28, timeout: 300_000 }, () => resolve());
  });
  const found = findingsIn(dir);
  rmSync(dir, { recursive: true });
  return found;
};

/** The suite against a server. */
export const againstServer = (name: SuiteName, url: string): Promise<Findings> =>
  runSuite(name, ['server', '--url', url, ...SUITES[name].ask]);

export const passed = (findings: Findings): readonly string[] =>
  [...findings].filter(([, failed]) => failed.length === 0).map(([scenario]) => scenario);

/** What passes in one run and not in another, with what failed there. */
export const lost = (before: Findings, after: Findings): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    passed(before)
      .map((scenario) => [scenario, after.get(scenario) ?? ['not run']] as const)
      .filter(([, failed]) => failed.length > 0),
  );
