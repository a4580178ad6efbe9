/** The warehouse for analysts: one statement that reads. */
import { CountersignError } from '../base/errors.js';
import type { Settings } from '../model/settings.js';
import { warehouseFile } from '../warehouse/build.js';
import { openWarehouse, type Row } from '../warehouse/open.js';

export interface SqlAsk {
  readonly settings: Settings;
  readonly sql: string;
  /** Most rows that are answered. */
  readonly limit: number;
}

export interface SqlAnswer {
  readonly rows: readonly Row[];
  /** Whether there are more rows than the limit. */
  readonly more: boolean;
}

/**
 * Answers one statement. The file is opened read-only, and nothing but it can be read: no other file, no network,
 * no extension.
 * @throws CountersignError WAREHOUSE_NOT_FOUND, SQL_FAILED
 */
export const askWarehouse = async ({ settings, sql, limit }: SqlAsk): Promise<SqlAnswer> => {
  const warehouse = await openWarehouse(warehouseFile(settings.gateway.dataDir), { readOnly: true });
  const rows: Row[] = [];
  try {
    for await (const row of warehouse.stream(sql)) {
      if (rows.length === limit) return { rows, more: true };
      rows.push(row);
    }
    return { rows, more: false };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw new CountersignError('SQL_FAILED', { problem: String(error.details['problem']) }, { cause: error });
  } finally {
    await warehouse.close();
  }
};
