/** `reperform`: every test of a package run again from what the package itself holds. */
import { constants } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBounded, realFiles } from '../base/durable.js';
import { CountersignError, EXIT, type ExitCode, reason } from '../base/errors.js';
import type { Control } from '../controls/definition.js';
import { loadControls } from '../controls/load.js';
import type { Manifest, Period, TestResult, Waiver } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { jsonOf } from '../report/json.js';
import { parseManifest } from '../verify/manifest.js';
import { readJson } from '../verify/shape.js';
import { verifyPath } from '../verify/verify.js';
import { loadSettings } from './config.js';
import { controlSet } from './report/control-set.js';
import { perform } from './report/perform.js';
import { changedFields, type ShownResult, shownResults } from './report/shown-results.js';
import { waiversOf } from './report/waivers.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
const MAX_RESULTS = 1024 * 1024 * 1024;

export interface ReperformAsk {
  /** Folder of the package. */
  readonly dir: string;
  /** Of this program. */
  readonly version: string;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

export interface Reperformed {
  readonly control: string;
  /** What the package says; null where it says nothing of this control. */
  readonly shown: ShownResult | null;
  /** What came of it now; null where the package holds no such control. */
  readonly again: ShownResult | null;
  /** Fields of the result that differ; empty where the package holds what came of it now. */
  readonly differs: readonly string[];
  /** Whether the control is the one this program ships, one with other SQL, or one of the organisation's own. */
  readonly definition: 'shipped' | 'modified' | 'own';
}

export interface Reperformance {
  readonly report: string;
  /** Of the program that made the package, and of this one. */
  readonly version: { readonly package: string; readonly here: string };
  readonly tests: readonly Reperformed[];
  /** 0 where every result is the same, 12 where one is not. */
  readonly exit: ExitCode;
}

/** Findings that mean the folder is not what was signed; what its ledger holds is for the tests themselves to say. */
const NOT_THE_PACKAGE: ReadonlySet<string> = new Set([
  'FILE_ALTERED',
  'MISSING_FILE',
  'EXTRA_FILE',
  'NOT_A_FILE',
  'ROWS_DIFFER',
  'MANIFEST_INVALID',
  'EVIDENCE_ROOT',
  'BAD_SIGNATURE',
  'NOTHING_FOUND',
]);

const readPackage = async ({ dir, onProgress }: ReperformAsk): Promise<Manifest> => {
  const { findings } = await verifyPath(dir, { onProgress: ({ done, total }) => onProgress?.('verify', done, total) });
  const broken = findings.find(({ code }) => NOT_THE_PACKAGE.has(code));
  if (broken) throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: broken.message.replace(/\.$/, '') });
  try {
    return parseManifest(await readBounded(join(dir, 'manifest.json'), MAX_MANIFEST));
  } catch (error) {
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: reason(error) }, { cause: error });
  }
};

/** Settings as the package holds them, with the data folder put elsewhere. */
const settingsOf = async (dir: string, { files }: Manifest, dataDir: string): Promise<Settings> => {
  const [file, ...more] = files.filter(({ path }) => path.startsWith('config/'));
  if (file === undefined || more.length > 0)
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: 'config/ does not hold exactly one file' });
  const settings = await loadSettings(join(dir, file.path));
  return { ...settings, gateway: { ...settings.gateway, dataDir } };
};

const copyData = async (dir: string, dataDir: string): Promise<void> => {
  for (const name of ['ledger', 'raw', 'snapshots']) {
    if ((await realFiles.facts(join(dir, name)))?.kind !== 'folder') continue;
    await cp(join(dir, name), join(dataDir, name), { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
};

const definitionOf = (control: Control | undefined, shipped: readonly Control[]): Reperformed['definition'] => {
  const ours = shipped.find(({ id }) => id === control?.id);
  if (control === undefined || ours === undefined) return 'own';
  const { population, exceptions } = ours.sql;
  return control.sql.population === population && control.sql.exceptions === exceptions ? 'shipped' : 'modified';
};

const compare = (
  shown: ReadonlyMap<string, ShownResult>,
  results: readonly TestResult[],
  definition: (id: string) => Reperformed['definition'],
): readonly Reperformed[] => {
  const again = shownResults(jsonOf({ results }));
  const ids = [...new Set([...shown.keys(), ...again.keys()])].sort();
  return ids.map((control) => {
    const [before, now] = [shown.get(control) ?? null, again.get(control) ?? null];
    return { control, shown: before, again: now, differs: changedFields(before, now), definition: definition(control) };
  });
};

const readShown = async (dir: string): Promise<ReadonlyMap<string, ShownResult>> => {
  try {
    return shownResults(readJson(await readBounded(join(dir, 'results.json'), MAX_RESULTS)));
  } catch (error) {
    const problem = `results.json cannot be read: ${reason(error)}`;
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem }, { cause: error });
  }
};

/** Its own waivers; one that does not hold was never in a package that this program made. */
const packageWaivers = async (
  dir: string,
  settings: Settings,
  controls: readonly Control[],
  period: Period,
): Promise<readonly Waiver[]> => {
  const folder = join(dir, 'waivers');
  const there = (await realFiles.facts(folder))?.kind === 'folder';
  try {
    return (await waiversOf(there ? folder : null, settings, controls, period)).waivers;
  } catch (error) {
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: reason(error) }, { cause: error });
  }
};

const periodOf = ({ period: { label, from, to } }: Manifest): Period => ({
  label,
  from: Date.parse(from),
  to: Date.parse(to),
});

/**
 * Runs every test of control of a package again, from its own ledger, CloudTrail objects, configuration and controls,
 * and compares what comes of it with what the package says. Nothing outside the package is read but the shipped
 * controls, to name those whose SQL is another.
 * @throws CountersignError PACKAGE_UNSOUND, VERIFY_NOT_FOUND, CONFIG_INVALID, CONTROL_INVALID, and what the warehouse throws
 */
export const reperform = async (ask: ReperformAsk): Promise<Reperformance> => {
  const { dir, onProgress } = ask;
  const manifest = await readPackage(ask);
  const shown = await readShown(dir);
  const controls = await loadControls([join(dir, 'controls')]);
  const shipped = (await controlSet([])).controls;
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-reperform-'));
  try {
    await copyData(dir, dataDir);
    const settings = await settingsOf(dir, manifest, dataDir);
    const job = { settings, period: periodOf(manifest), ...(onProgress && { onProgress }) };
    const definition = (id: string) =>
      definitionOf(
        controls.find((control) => control.id === id),
        shipped,
      );
    const waivers = await packageWaivers(dir, settings, controls, job.period);
    const tests = await perform(job, { controls, waivers }, async ({ results }) => compare(shown, results, definition));
    const same = tests.every(({ differs }) => differs.length === 0);
    const version = { package: manifest.tool.version, here: ask.version };
    return { report: manifest.report, version, tests, exit: same ? EXIT.ok : EXIT.integrity };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};
