import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askWarehouse, type SqlAnswer } from '../../src/app/sql.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import { streamOf } from '../warehouse/ledger.js';
import { SETTINGS } from '../warehouse/settings.js';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-sql-'));
  await buildWarehouse({ dataDir: dir, records: streamOf([]), settings: SETTINGS });
});
afterAll(() => rmSync(dir, { recursive: true }));

const ask = (sql: string, limit = 10): Promise<SqlAnswer> =>
  askWarehouse({ settings: { ...SETTINGS, gateway: { ...SETTINGS.gateway, dataDir: dir } }, sql, limit });

describe('the warehouse for analysts', () => {
  it('answers with plain values', async () => {
    const sql = "SELECT 1::BIGINT AS n, 'a' AS text, TIMESTAMP '2026-11-20 06:00:00' AS t, NULL AS nothing";
    expect(await ask(sql)).toEqual({
      rows: [{ n: 1, text: 'a', t: '2026-11-20T06:00:00.000Z', nothing: null }],
      more: false,
    });
  });

  it('says when there are more rows than asked for', async () => {
    const { rows, more } = await ask('SELECT * FROM range(11)');
    expect([rows.length, more]).toEqual([10, true]);
    expect((await ask('SELECT * FROM range(10)')).more).toBe(false);
  });

  it.each([
    ['writes', 'DELETE FROM ct_event'],
    ['makes tables', 'CREATE TABLE mine (a INTEGER)'],
    ['reads a file', "SELECT * FROM read_text('/etc/hostname')"],
    ['lists files', "SELECT * FROM glob('/etc/*')"],
    ['reads a file by its name', "SELECT * FROM '/etc/hostname'"],
    ['writes a file', "COPY (SELECT 1) TO '/tmp/countersign-sql-test.csv'"],
    ['opens another database', "ATTACH '/tmp/countersign-sql-test.duckdb'"],
    ['fetches', "SELECT * FROM read_csv('https://example.com/x.csv')"],
    ['installs', 'INSTALL httpfs'],
    ['unlocks', 'SET enable_external_access = true'],
    ['names no table', 'SELECT * FROM nowhere'],
    ['is not SQL', 'hello'],
    ['is empty', ''],
  ])('refuses what %s', async (_, sql) => {
    await expect(ask(sql)).rejects.toMatchObject({ code: 'SQL_FAILED', exit: 2 });
  });
});
