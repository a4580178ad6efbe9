/** The cases of a control: small invented warehouses with the result its test must give there. */
import { reason } from '../base/errors.js';
import type { TestResult } from '../model/evidence.js';
import type { Control, ControlCase } from './definition.js';
import { CASE_PERIOD, emptyTable, insertRow } from './fixture.js';
import { type Query, runControls } from './run.js';

/** An empty warehouse with the real tables, which cases fill and empty again. */
export interface CaseWorld {
  readonly query: Query;
  run(sql: string): Promise<void>;
}

export interface CaseOutcome {
  readonly control: string;
  readonly name: string;
  readonly passed: boolean;
  /** Why not, in one sentence; null where it passed. */
  readonly problem: string | null;
}

const listed = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));

/** Where a result is not what the case expects, in one sentence. */
const difference = (expected: ControlCase, result: TestResult): string | null => {
  const { expect, items, population } = expected;
  if (result.result !== expect) {
    return `expected ${expect}, found ${result.result}${result.reason === null ? '' : ` (${result.reason})`}`;
  }
  if (population !== undefined && population !== result.population) {
    return `expected ${population} items in the population, found ${result.population}`;
  }
  const found = [...new Set(result.exceptions.map(({ item }) => item))].sort();
  const wanted = [...items].sort();
  if (found.join('\n') === wanted.join('\n')) return null;
  return `expected exceptions on ${listed(wanted)}, found ${listed(found)}`;
};

const judge = async (control: Control, one: ControlCase, world: CaseWorld): Promise<string | null> => {
  const tables = Object.entries(one.rows);
  try {
    for (const [table, rows] of tables) for (const row of rows) await world.run(insertRow(table, row));
    const sources = new Set(control.requires.filter((source) => !one.without.includes(source)));
    const [result] = await runControls([control], world.query, { period: CASE_PERIOD, sources });
    return result === undefined ? 'the test gave no result' : difference(one, result);
  } catch (error) {
    return reason(error).split('\n')[0] ?? 'the case failed';
  } finally {
    for (const [table] of tables) await world.run(emptyTable(table)).catch(() => undefined);
  }
};

/**
 * Runs the cases of each control, one after the other. A case that fails is an outcome, never an error.
 * @returns one outcome per case, in the order of controls and cases
 */
export const runCases = async (controls: readonly Control[], world: CaseWorld): Promise<readonly CaseOutcome[]> => {
  const outcomes: CaseOutcome[] = [];
  for (const control of controls) {
    for (const one of control.cases) {
      const problem = await judge(control, one, world);
      outcomes.push({ control: control.id, name: one.name, passed: problem === null, problem });
    }
  }
  return outcomes;
};
