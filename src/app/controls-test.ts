/** `controls test`: the cases of every control, each in an invented warehouse with the real tables. */
import { EXIT, type ExitCode } from '../base/errors.js';
import { type CaseOutcome, runCases } from '../controls/cases.js';
import { withEmptyWarehouse } from './empty-warehouse.js';
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
  const cases = await withEmptyWarehouse((builder) => runCases(controls, builder));
  return {
    cases,
    without: controls.filter((control) => control.cases.length === 0).map(({ id }) => id),
    exit: cases.every(({ passed }) => passed) ? EXIT.ok : EXIT.exceptions,
  };
};
