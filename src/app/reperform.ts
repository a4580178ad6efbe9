/** `reperform`: every test of a package run again from what the package itself holds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, type ExitCode } from '../base/errors.js';
import type { Control } from '../controls/definition.js';
import { loadControls } from '../controls/load.js';
import type { TestResult } from '../model/evidence.js';
import { jsonOf } from '../report/json.js';
import { controlSet } from './report/control-set.js';
import { copyData, packageWaivers, periodOf, readPackage, readShown, settingsOf } from './report/from-package.js';
import { perform } from './report/perform.js';
import { changedFields, type ShownResult, shownResults } from './report/shown-results.js';

export interface ReperformAsk {
  /** Folder of the package. */
  readonly dir: string;
  /** Where CloudTrail objects lie that the package leaves out. */
  readonly raw?: string;
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

/**
 * Runs every test of control of a package again, from its own ledger, CloudTrail objects, configuration and controls,
 * and compares what comes of it with what the package says. Nothing outside the package is read but the shipped
 * controls, to name those whose SQL is another.
 * @throws CountersignError PACKAGE_UNSOUND, VERIFY_NOT_FOUND, CONFIG_INVALID, CONTROL_INVALID, RAW_LEFT_OUT, and what the warehouse throws
 */
export const reperform = async (ask: ReperformAsk): Promise<Reperformance> => {
  const { dir, onProgress } = ask;
  const manifest = await readPackage(dir, onProgress);
  const shown = await readShown(dir);
  const controls = await loadControls([join(dir, 'controls')]);
  const shipped = (await controlSet([])).controls;
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-reperform-'));
  try {
    await copyData(dir, manifest, dataDir, ask.raw);
    const settings = await settingsOf(dir, manifest, dataDir);
    const job = { settings, period: periodOf(manifest), ...(onProgress && { onProgress }) };
    const definition = (id: string) =>
      definitionOf(
        controls.find((control) => control.id === id),
        shipped,
      );
    const { waivers } = await packageWaivers(dir, settings, controls, job.period);
    const tests = await perform(job, { controls, waivers }, async ({ results }) => compare(shown, results, definition));
    const same = tests.every(({ differs }) => differs.length === 0);
    const version = { package: manifest.tool.version, here: ask.version };
    return { report: manifest.report, version, tests, exit: same ? EXIT.ok : EXIT.integrity };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};
