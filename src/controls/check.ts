/** Whether the SQL of controls can be run at all: looked at before anything is loaded, in a warehouse without rows. */
import { CountersignError, reason } from '../base/errors.js';
import type { Control } from './definition.js';
import { exceptionQuery, populationQuery, type Query, subquery } from './run.js';

/** Any quarter will do: there are no rows. */
const BOUNDS = { from: '2026-07-01T00:00:00.000Z', to: '2026-10-01T00:00:00.000Z' };

/** DuckDB's whole message stands in the cause; its `LINE n:` counts from the first line of the control's statement. */
const problemOf = (error: unknown): string => {
  const whole = error instanceof Error && error.cause !== undefined ? reason(error.cause) : reason(error);
  const [first = 'the query failed'] = whole.split('\n');
  const line = /^LINE (\d+):/m.exec(whole)?.[1];
  return `${line === undefined ? '' : `line ${line}: `}${first}`;
};

const COLUMNS = ['item', 'time', 'person', 'what'];

const STATEMENTS = [
  { part: 'population', columns: COLUMNS, whole: populationQuery },
  { part: 'exceptions', columns: [...COLUMNS, 'expected', 'found'], whole: exceptionQuery },
] as const;

/** One row whatever the statement gives, for the names of its columns. */
const namesQuery = (sql: string): string =>
  `SELECT x.* FROM (SELECT 1) AS one LEFT JOIN ${subquery(sql)} AS x ON TRUE LIMIT 1`;

/**
 * Runs both statements of each control in an empty warehouse.
 * @param query of a warehouse that has the real tables and no rows
 * @throws CountersignError CONTROL_INVALID, naming the file, its line and what is wrong: a statement that is none, a
 * table or column that does not exist, a column that the statement must give and does not
 */
export const checkControls = async (controls: readonly Control[], query: Query): Promise<void> => {
  for (const { id, sql } of controls) {
    for (const { part, columns, whole } of STATEMENTS) {
      const refuse = (problem: string, cause?: unknown): CountersignError =>
        new CountersignError('CONTROL_INVALID', { file: `${id}/${part}.sql`, problem }, { cause });
      const run: Query = (statement, values) =>
        query(statement, values).catch((error: unknown) => {
          throw refuse(problemOf(error), error);
        });
      const [row = {}] = await run(namesQuery(sql[part]), BOUNDS);
      const missing = columns.filter((name) => !Object.hasOwn(row, name));
      if (missing.length > 0)
        throw refuse(`it gives no column ${missing.join(', ')}; it must give ${columns.join(', ')}`);
      await run(whole(sql[part]), BOUNDS);
    }
  }
};
