import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import {
  type Control,
  type ControlCase,
  type Criterion,
  casesSchema,
  controlSchema,
  criteriaSchema,
} from './definition.js';
import { parseYaml, readText } from './yaml-file.js';

const MAX_CONTROLS = 500;

const invalid = (file: string, problem: string): CountersignError =>
  new CountersignError('CONTROL_INVALID', { file, problem });

/** `cases.yaml` is optional: a control without cases is one nobody has shown to work yet. */
const loadCases = async (
  file: string,
): Promise<{ readonly text: string; readonly cases: readonly ControlCase[] } | null> => {
  if ((await realFiles.facts(file)) === undefined) return null;
  const text = await readText(file, invalid);
  return { text, cases: parseYaml(file, text, casesSchema, invalid).value.cases };
};

const loadControl = async (dir: string, name: string): Promise<Control> => {
  const read = async (file: string): Promise<string> => readText(join(dir, name, file), invalid);
  const yaml = await read('control.yaml');
  const population = await read('population.sql');
  const exceptions = await read('exceptions.sql');
  const definition = parseYaml(join(dir, name, 'control.yaml'), yaml, controlSchema, invalid).value;
  if (definition.id !== name)
    throw invalid(join(dir, name, 'control.yaml'), `the folder must be named ${definition.id}`);
  const cases = await loadCases(join(dir, name, 'cases.yaml'));
  return {
    ...definition,
    sql: { population, exceptions },
    cases: cases?.cases ?? [],
    files: [
      ...(cases === null ? [] : [{ path: `${name}/cases.yaml`, text: cases.text }]),
      { path: `${name}/control.yaml`, text: yaml },
      { path: `${name}/exceptions.sql`, text: exceptions },
      { path: `${name}/population.sql`, text: population },
    ],
  };
};

const controlFolders = async (dir: string): Promise<string[]> => {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    throw invalid(dir, reason(error));
  }
};

/**
 * Loads every control of the folders, sorted by id. Each sub-folder must be one.
 * @throws CountersignError CONTROL_INVALID, with line and column; CONTROL_DUPLICATE where an id is defined twice
 */
export const loadControls = async (dirs: readonly string[]): Promise<readonly Control[]> => {
  const found = new Map<string, { readonly control: Control; readonly dir: string }>();
  for (const dir of dirs) {
    for (const name of await controlFolders(dir)) {
      const control = await loadControl(dir, name);
      const other = found.get(control.id);
      if (other) throw new CountersignError('CONTROL_DUPLICATE', { id: control.id, first: other.dir, second: dir });
      if (found.size >= MAX_CONTROLS) throw invalid(dir, `there are more than ${MAX_CONTROLS} controls`);
      found.set(control.id, { control, dir });
    }
  }
  if (found.size === 0) throw invalid(dirs.join(', '), 'it holds no control');
  return [...found.values()].map(({ control }) => control).sort((a, b) => (a.id < b.id ? -1 : 1));
};

/**
 * Loads `criteria.yaml`.
 * @throws CountersignError CONTROL_INVALID, also where an id occurs twice
 */
export const loadCriteria = async (
  file: string,
): Promise<{ readonly criteria: readonly Criterion[]; readonly text: string }> => {
  const text = await readText(file, invalid);
  const { criteria } = parseYaml(file, text, criteriaSchema, invalid).value;
  const seen = new Set<string>();
  for (const { id } of criteria) {
    if (seen.has(id)) throw invalid(file, `the criterion ${id} occurs twice`);
    seen.add(id);
  }
  return { criteria, text };
};

/**
 * Every criterion that a control names must be one of the list, or its evidence would hang in the air.
 * @throws CountersignError CONTROL_INVALID
 */
export const assertCriteria = (controls: readonly Control[], criteria: readonly Criterion[]): void => {
  const known = new Set(criteria.map(({ id }) => id));
  for (const control of controls) {
    const unknown = control.criteria.find((id) => !known.has(id));
    if (unknown !== undefined) throw invalid(`${control.id}/control.yaml`, `there is no criterion ${unknown}`);
  }
};
