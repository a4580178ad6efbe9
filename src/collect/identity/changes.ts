/** What differs between two snapshots of a source. Pure. */
import {
  IDENTITY_TABLES,
  type IdentityRows,
  type IdentityTableName,
  identityTables,
  rowName,
} from '../../model/identity-snapshot.js';

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** One row that differs between two snapshots of a source. */
export interface IdentityChange {
  readonly table: IdentityTableName;
  readonly how: 'added' | 'changed' | 'gone';
  /** What names the row. */
  readonly row: string;
  /** Names of the columns that differ; of a changed row alone. */
  readonly columns: readonly string[];
}

const changesIn = (table: IdentityTableName, was: IdentityRows, is: IdentityRows): readonly IdentityChange[] => {
  const before = new Map((was[table] ?? []).map((row) => [rowName(table, row), row]));
  const changes: IdentityChange[] = [];
  const columns = Object.keys(IDENTITY_TABLES[table].columns);
  for (const row of is[table] ?? []) {
    const name = rowName(table, row);
    const old = before.get(name);
    before.delete(name);
    if (old === undefined) changes.push({ table, how: 'added', row: name, columns: [] });
    else {
      const other = columns.filter((_, i) => old[i] !== row[i]);
      if (other.length > 0) changes.push({ table, how: 'changed', row: name, columns: other });
    }
  }
  for (const name of before.keys()) changes.push({ table, how: 'gone', row: name, columns: [] });
  return changes.sort((a, b) => compare(a.row, b.row));
};

/** What differs between two states of a source. */
export const identityChanges = (was: IdentityRows, is: IdentityRows): readonly IdentityChange[] =>
  identityTables().flatMap((table) => changesIn(table, was, is));
