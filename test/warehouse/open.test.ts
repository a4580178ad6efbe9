import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBuilder, openWarehouse, type Warehouse } from '../../src/warehouse/open.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-open-'));
const file = join(dir, 'w.duckdb');
let warehouse: Warehouse;

beforeAll(async () => {
  mkdirSync(join(dir, 'stage'));
  const builder = await openBuilder(file, join(dir, 'stage'), { memoryLimit: '64MB' });
  await builder.run(
    'CREATE TABLE t (n BIGINT, t TIMESTAMP, day DATE, l VARCHAR[], j JSON, f DOUBLE, b BOOLEAN, s VARCHAR)',
  );
  const to = await builder.appender('t');
  to.add([1, Date.parse('2026-11-20T06:00:00.123Z'), null, ['a', "b'"], '{"x":[1]}', 0.5, true, 'é']);
  to.add([2, null, null, null, null, null, null, null]);
  to.close();
  await builder.run(`UPDATE t SET day = DATE '2026-11-20' WHERE n = 1`);
  // More than memory holds: sorting spills into the folder that the lock-down leaves open.
  await builder.run(
    'CREATE TABLE big AS SELECT range AS n, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) AS s FROM range(1000000)',
  );
  await builder.run('CREATE TABLE sorted AS SELECT * FROM big ORDER BY s');
  await builder.run('DROP TABLE big');
  await builder.run('CHECKPOINT');
  await builder.close();
  warehouse = await openWarehouse(file, { readOnly: true });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(dir, { recursive: true });
});

describe('the warehouse', () => {
  it('gives plain values', async () => {
    expect(await warehouse.query('SELECT *, count(*) OVER () AS c FROM t ORDER BY n')).toEqual([
      {
        n: 1,
        t: '2026-11-20T06:00:00.123Z',
        day: '2026-11-20',
        l: ['a', "b'"],
        j: '{"x":[1]}',
        f: 0.5,
        b: true,
        s: 'é',
        c: 2,
      },
      { n: 2, t: null, day: null, l: null, j: null, f: null, b: null, s: null, c: 2 },
    ]);
  });

  it('binds parameters by name, ignores others, and names the one that is missing', async () => {
    const sql = 'SELECT $a::BIGINT AS a, $b::VARCHAR AS b, $t::TIMESTAMP AS t, $n::VARCHAR AS n, $f::DOUBLE AS f';
    const values = { a: 5, b: "x'; DROP TABLE t; --", t: '2026-11-20 06:00:00', n: null, f: 1.5, other: 'unused' };
    const { other: _, ...expected } = values;
    expect(await warehouse.query(sql, values)).toEqual([{ ...expected, t: '2026-11-20T06:00:00.000Z' }]);
    await expect(warehouse.query('SELECT $gone')).rejects.toThrow('$gone');
  });

  it('streams, while other statements run', async () => {
    let rows = 0;
    for await (const row of warehouse.stream('SELECT n FROM sorted WHERE n < 10000 ORDER BY n')) {
      if (rows % 5000 === 0) expect(await warehouse.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(row['n']).toBe(rows++);
    }
    expect(rows).toBe(10_000);
  });

  it('answers each of several statements asked at once, whole', async () => {
    const asked = Array.from({ length: 8 }, (_, i) =>
      warehouse.query('SELECT n FROM sorted WHERE n < $limit::BIGINT ORDER BY n', { limit: (i + 1) * 3000 }),
    );
    const failing = expect(warehouse.query('SELEC 1')).rejects.toMatchObject({ code: 'WAREHOUSE_FAILED' });
    expect((await Promise.all(asked)).map(({ length }) => length)).toEqual(asked.map((_, i) => (i + 1) * 3000));
    await failing;
    expect(await warehouse.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each([
    ['a file', `SELECT * FROM read_text('/etc/passwd')`],
    ['a folder', `SELECT * FROM glob('/etc/*')`],
    ['the network', `SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')`],
    ['an extension', 'INSTALL httpfs'],
    ['a copy', `COPY t TO '/tmp/countersign-copy.csv'`],
    ['another database', `ATTACH '/tmp/other.duckdb'`],
    ['settings', 'SET enable_external_access = true'],
    ['more memory', `SET memory_limit = '64GB'`],
    ['a write', 'DELETE FROM t'],
    ['no SQL', 'SELEC 1'],
  ])('refuses %s', async (_, sql) => {
    await expect(warehouse.query(sql)).rejects.toMatchObject({ code: 'WAREHOUSE_FAILED', exit: 1 });
  });

  it('names what is not there, or is no warehouse', async () => {
    await expect(openWarehouse(join(dir, 'none.duckdb'))).rejects.toMatchObject({
      code: 'WAREHOUSE_NOT_FOUND',
      exit: 2,
    });
    writeFileSync(join(dir, 'text.duckdb'), 'not a database');
    await expect(openWarehouse(join(dir, 'text.duckdb'))).rejects.toMatchObject({ code: 'WAREHOUSE_FAILED' });
  });
});
