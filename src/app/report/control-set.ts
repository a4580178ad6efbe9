import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkControls } from '../../controls/check.js';
import type { Control, Criterion } from '../../controls/definition.js';
import { assertCriteria, loadControls, loadCriteria } from '../../controls/load.js';
import { withEmptyWarehouse } from '../empty-warehouse.js';

/** Where the controls that ship with the program lie. */
const SHIPPED = fileURLToPath(new URL('../../../controls/soc2', import.meta.url));

export interface ControlSet {
  readonly controls: readonly Control[];
  readonly criteria: readonly Criterion[];
  readonly criteriaText: string;
}

/**
 * The controls that ship with the program and those of `evidence.controls`, whose SQL is tried before anything is
 * loaded: a report that takes minutes must not end with a misspelt column.
 * @throws CountersignError CONTROL_INVALID, CONTROL_DUPLICATE
 */
export const controlSet = async (further: readonly string[]): Promise<ControlSet> => {
  const controls = await loadControls([SHIPPED, ...further]);
  const { criteria, text } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
  assertCriteria(controls, criteria);
  if (further.length > 0) {
    const shipped = new Set((await loadControls([SHIPPED])).map(({ id }) => id));
    const own = controls.filter(({ id }) => !shipped.has(id));
    await withEmptyWarehouse((warehouse) => checkControls(own, (sql, parameters) => warehouse.query(sql, parameters)));
  }
  return { controls, criteria, criteriaText: text };
};
