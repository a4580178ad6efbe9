/** Tables of the snapshots that `collect identity` takes; their columns are those of `IDENTITY_TABLES`. */
import { IDENTITY_TABLES, identityTables } from '../model/identity-snapshot.js';
import type { TableDefinition } from './table.js';

const TYPES = { text: 'VARCHAR', time: 'TIMESTAMP', flag: 'BOOLEAN', count: 'BIGINT', json: 'JSON' } as const;

const columnSql = ([name, type]: [string, string]): string => {
  const sql = Object.entries(TYPES).find(([kind]) => type.startsWith(kind))?.[1] ?? 'VARCHAR';
  return `${name} ${sql}${type.endsWith('?') ? '' : ' NOT NULL'}`;
};

/** The tables that snapshots fill. */
export const IDENTITY_DEFINITIONS: readonly TableDefinition[] = [
  {
    says: 'One row per snapshot that `collect identity` took. `kind`: okta, scim, csv, aws. `in_force`: the last of its source, whose rows the tables below hold. `added`, `changed`, `gone`: rows against the snapshot before. No row: nobody was asked, which is not the same as nobody being there.',
    sql: `CREATE TABLE identity_snapshot (kind VARCHAR NOT NULL, source VARCHAR NOT NULL, file VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
     taken TIMESTAMP NOT NULL, rows BIGINT NOT NULL, added BIGINT NOT NULL, changed BIGINT NOT NULL, gone BIGINT NOT NULL,
     in_force BOOLEAN NOT NULL)`,
  },
  ...identityTables().map((name): TableDefinition => {
    const { says, columns } = IDENTITY_TABLES[name];
    const list = Object.entries(columns).map(columnSql);
    return { says, sql: `CREATE TABLE ${name} (source VARCHAR NOT NULL, ${list.join(', ')})` };
  }),
];
