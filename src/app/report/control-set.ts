import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Control, Criterion } from '../../controls/definition.js';
import { assertCriteria, loadControls, loadCriteria } from '../../controls/load.js';

/** Where the controls that ship with the program lie. */
const SHIPPED = fileURLToPath(new URL('../../../controls/soc2', import.meta.url));

export interface ControlSet {
  readonly controls: readonly Control[];
  readonly criteria: readonly Criterion[];
  readonly criteriaText: string;
}

/**
 * The controls that ship with the program and those of `evidence.controls`.
 * @throws CountersignError CONTROL_INVALID, CONTROL_DUPLICATE
 */
export const controlSet = async (further: readonly string[]): Promise<ControlSet> => {
  const controls = await loadControls([SHIPPED, ...further]);
  const { criteria, text } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
  assertCriteria(controls, criteria);
  return { controls, criteria, criteriaText: text };
};
