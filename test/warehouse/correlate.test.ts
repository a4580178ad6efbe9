import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectCloudTrailFolder } from '../../src/collect/cloudtrail/files.js';
import { type BuiltWarehouse, buildWarehouse } from '../../src/warehouse/build.js';
import { type Cell, openWarehouse, type Row, type Warehouse } from '../../src/warehouse/open.js';
import { entriesOf, streamOf } from './ledger.js';
import { SETTINGS } from './settings.js';
import { makeWorld, writeTrail } from './world.js';

const SEED = 20261124;
const world = makeWorld(SEED);
const dir = mkdtempSync(join(tmpdir(), 'cs-correlate-'));
let copies = 0;
let built: BuiltWarehouse;
let warehouse: Warehouse;

const build = async (name: string): Promise<BuiltWarehouse> => {
  const dataDir = join(dir, name);
  await collectCloudTrailFolder({ from: join(dir, 'trail'), dataDir });
  return buildWarehouse({ dataDir, records: streamOf(entriesOf(world.happened)), settings: SETTINGS });
};

beforeAll(async () => {
  copies = writeTrail(join(dir, 'trail'), world.events, SEED);
  built = await build('one');
  warehouse = await openWarehouse(built.file, { readOnly: true });
});

afterAll(async () => {
  await warehouse.close();
  rmSync(dir, { recursive: true });
});

const word = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell : JSON.stringify(cell));
const key = (row: Row): string => [row['event_id'], row['kind'], row['tier'], row['person_ok']].map(word).join(' ');

describe('correlation of a planted day', () => {
  it('is large enough to mean something', () => {
    expect(world.events.length).toBeGreaterThan(2_000);
    const kinds = new Set([...world.truth.values()].map(({ kind, tier }) => `${kind} ${tier}`));
    expect([...kinds].sort()).toEqual([
      'BYPASS null',
      'MATCHED T1',
      'MATCHED T2',
      'MATCHED T3',
      'PROBABLE T4',
      'RESOURCE_CONFLICT T1',
      'SERVICE T1',
      'SUPPORTING T1',
      'UNEXPLAINED_IN_SESSION T1',
    ]);
  });

  it('keeps each event once and counts the copies', async () => {
    expect(built.events).toBe(world.events.length);
    const [row] = await warehouse.query('SELECT count(*) AS n FROM ct_duplicate');
    expect(row?.['n']).toBe(copies);
    expect(built.conflicts).toBe(0);
    for (const file of built.files) {
      expect(file.rowsRead).toBe(file.out + file.rejected + file.duplicate + file.excluded);
    }
  });

  it('gives every event the class, tier and person that were planted, and no other event any', async () => {
    const rows = await warehouse.query('SELECT event_id, kind, tier, person_ok FROM event_match ORDER BY event_id');
    const expected = [...world.truth]
      .map(([id, { kind, tier, personOk }]) => `${id} ${kind} ${tier} ${personOk}`)
      .sort();
    expect(rows.map(key)).toEqual(expected);
  });

  it('lists exactly the writes that left no event', async () => {
    const rows = await warehouse.query('SELECT call_id FROM call_missing WHERE settled ORDER BY 1');
    expect(rows.map((row) => row['call_id'])).toEqual([...world.missing].sort());
  });

  it('finds the offset of the clocks', async () => {
    const [clock] = await warehouse.query('SELECT * FROM clock_offset');
    expect(Number(clock?.['low_ms'])).toBeLessThanOrEqual(1_200);
    expect(Number(clock?.['high_ms'])).toBeGreaterThanOrEqual(1_200);
    expect(Number(clock?.['high_ms']) - Number(clock?.['low_ms'])).toBeLessThan(1_000);
  });

  it('answers the same after a second build from the same inputs', async () => {
    const again = await build('two');
    const other = await openWarehouse(again.file, { readOnly: true });
    const tables = await warehouse.query(`SELECT table_name AS name FROM duckdb_tables() ORDER BY 1`);
    expect(tables.length).toBeGreaterThan(30);
    for (const name of tables.map((row) => word(row['name']))) {
      const sql = `SELECT * FROM "${name}" ORDER BY ALL`;
      expect(await other.query(sql), name).toEqual(await warehouse.query(sql));
    }
    await other.close();
  });
});
