import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FixtureRow, insertRow } from '../../src/controls/fixture.js';
import { type Builder, openBuilder } from '../../src/warehouse/open.js';
import { TABLES } from '../../src/warehouse/schema.js';

export type Values = FixtureRow;

/** Minutes and seconds after 2026-11-24 05:00 UTC. */
export const t = (minutes: number, seconds = 0): string =>
  new Date(Date.parse('2026-11-24T05:00:00Z') + minutes * 60_000 + seconds * 1000).toISOString().replace('Z', '');

export const PERIOD = {
  from: Date.parse('2026-11-24T05:00:00Z'),
  to: Date.parse('2026-11-24T06:00:00Z'),
  label: '2026-11-24T05Z',
};

export interface TestWarehouse {
  readonly query: Builder['query'];
  readonly stream: Builder['stream'];
  add(table: string, ...rows: readonly Values[]): Promise<void>;
  close(): Promise<void>;
}

/** An empty warehouse with the real tables. */
export const testWarehouse = async (): Promise<TestWarehouse> => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-controls-'));
  const stage = join(dir, 'stage');
  mkdirSync(stage);
  const builder = await openBuilder(join(dir, 'w.duckdb'), stage, { memoryLimit: '200MB', threads: 1 });
  for (const { sql } of TABLES) await builder.run(sql);
  return {
    query: (sql, parameters) => builder.query(sql, parameters),
    stream: (sql, parameters) => builder.stream(sql, parameters),
    add: async (table, ...rows) => {
      for (const row of rows) await builder.run(insertRow(table, row));
    },
    close: async () => {
      await builder.close();
      rmSync(dir, { recursive: true });
    },
  };
};

/** A call at a minute, with the columns that follow from its time. */
export const call = (id: string, minute: number, over: Values = {}): Values => ({
  call_id: id,
  seq: minute * 10 + 1,
  t: t(minute),
  start_ts: t(minute),
  end_ts: t(minute, 1),
  ...over,
});

export const event = (id: string, minute: number, over: Values = {}): Values => ({
  event_id: id,
  event_time: t(minute),
  ...over,
});
