/** The official conformance suite, run as its own process, and what it found. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../layers.js';

/** The newest release, and the one that knows 2026-07-28. */
const PACKAGES = {
  '0.1.16': '@modelcontextprotocol/conformance',
  '0.2.0-alpha.12': 'conformance-2026',
} as const;

export type Release = keyof typeof PACKAGES;

interface ServerSuite {
  readonly release: Release;
  readonly ask: readonly string[];
  /** How many scenarios must pass directly. */
  readonly passing: number;
}

/** What is run against servers. */
export const SUITES = {
  '0.1.16, all': { release: '0.1.16', ask: ['--suite', 'all'], passing: 32 },
  '0.2.0-alpha.12, 2025-11-25': { release: '0.2.0-alpha.12', ask: ['--requirements', '2025-11-25'], passing: 33 },
  '0.2.0-alpha.12, 2026-07-28': { release: '0.2.0-alpha.12', ask: ['--requirements', '2026-07-28'], passing: 37 },
} as const satisfies Record<string, ServerSuite>;

export type SuiteName = keyof typeof SUITES;

const Checks = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));

/** Of each scenario, what failed; empty where it passed. */
export type Findings = ReadonlyMap<string, readonly string[]>;

const failedIn = (file: string): readonly string[] => {
  // A scenario that broke off writes nothing.
  if (!existsSync(file)) return ['it broke off'];
  const checks = Checks.parse(JSON.parse(readFileSync(file, 'utf8')));
  const failed = checks.filter(({ status }) => status === 'FAILURE');
  return failed.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`);
};

const findingsIn = (dir: string): Findings =>
  new Map(
    readdirSync(dir).map((folder) => [
      folder.replace(/^(server|client)-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, ''),
      failedIn(join(dir, folder, 'checks.json')),
    ]),
  );

/** Runs the suite to its end. Its exit code says no more than its findings, so it is not looked at. */
const runSuite = async (release: Release, mode: readonly string[]): Promise<Findings> => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-conformance-'));
  const program = join(ROOT, 'node_modules', PACKAGES[release], 'dist/index.js');
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
  runSuite(SUITES[name].release, ['server', '--url', url, ...SUITES[name].ask]);

export interface ClientAsk {
  readonly scenario: string;
  readonly revision: string;
  /** Where the client gets a gateway; undefined: it talks to the scenario's server itself. */
  readonly control: string | undefined;
}

/** One scenario of the suite against our client: what failed, by scenario. */
export const asClient = async (
  release: Release,
  { scenario, revision, control }: ClientAsk,
): Promise<Readonly<Record<string, readonly string[]>>> => {
  const program = join(import.meta.dirname, 'client/client.mjs');
  const command = ['node', program, ...(control === undefined ? [] : [control])].join(' ');
  const asked = ['client', '--command', command, '--scenario', scenario, '--spec-version', revision];
  return Object.fromEntries(await runSuite(release, asked));
};

export const passed = (findings: Findings): readonly string[] =>
  [...findings].filter(([, failed]) => failed.length === 0).map(([scenario]) => scenario);

/** What passes in one run and not in another, with what failed there. */
export const lost = (before: Findings, after: Findings): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    passed(before)
      .map((scenario) => [scenario, after.get(scenario) ?? ['not run']] as const)
      .filter(([, failed]) => failed.length > 0),
  );
