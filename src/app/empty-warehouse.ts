/** A warehouse with the real tables and no rows, in a folder of its own that is removed afterwards. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Builder, openBuilder } from '../warehouse/open.js';
import { TABLES } from '../warehouse/schema.js';

/** @throws CountersignError WAREHOUSE_FAILED, and what `use` throws */
export const withEmptyWarehouse = async <T>(use: (builder: Builder) => Promise<T>): Promise<T> => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-cases-'));
  try {
    const stage = join(dir, 'stage');
    await mkdir(stage);
    const builder = await openBuilder(join(dir, 'cases.duckdb'), stage, { memoryLimit: '200MB', threads: 1 });
    try {
      for (const { sql } of TABLES) await builder.run(sql);
      return await use(builder);
    } finally {
      await builder.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
