/** `controls test`: the cases of every control, each in an invented warehouse with the real tables. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, type ExitCode } from '../base/errors.js';
import { type CaseOutcome, runCases } from '../controls/cases.js';
import { openBuilder } from '../warehouse/open.js';
import { TABLES } from '../warehouse/schema.js';
import { controlSet } from './report/control-set.js';

export type { CaseOutcome } from '../controls/cases.js';

export interface ControlsTested {
  readonly cases: readonly CaseOutcome[];
  /** Controls that have no case. */
  readonly without: readonly string[];
  /** 10 where a case failed. */
  readonly exit: ExitCode;
}

/**
 * Runs the cases of the controls that ship with the program and of those of further folders.
 * @throws CountersignError CONTROL_INVALID, CONTROL_DUPLICATE
 */
export const testControls = async (further: readonly string[]): Promise<ControlsTested> => {
  const { controls } = await controlSet(further);
  const dir = await mkdtemp(join(tmpdir(), 'countersign-cases-'));
  try {
    const stage = join(dir, 'stage');
    await mkdir(stage);
    const builder = await openBuilder(join(dir, 'cases.duckdb'), stage, { memoryLimit: '200MB', threads: 1 });
    try {
      for (const { sql } of TABLES) await builder.run(sql);
      const cases = await runCases(controls, builder);
      return {
        cases,
        without: controls.filter((control) => control.cases.length === 0).map(({ id }) => id),
        exit: cases.every(({ passed }) => passed) ? EXIT.ok : EXIT.exceptions,
      };
    } finally {
      await builder.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
