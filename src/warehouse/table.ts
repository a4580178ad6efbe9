/** A table, in words and in SQL; docs/warehouse.md is generated from it. */
export interface TableDefinition {
  readonly says: string;
  readonly sql: string;
}
