/** What the table of approvals says of who approved: signed by their own key, or on the gateway's word. */
import { createReadStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvRecords } from '../../src/base/csv-read.js';
import { openStaging } from '../../src/report/staging.js';
import { QUERY_TABLES, writeQuery } from '../../src/report/tables.js';
import { type TestWarehouse, t, testWarehouse } from '../controls/tables.js';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await testWarehouse();
  const ids = ['A1', 'A2', 'A3', 'A4'];
  await warehouse.add('approval', ...ids.map((approval_id, i) => ({ approval_id, requested_t: t(i) })));
  await warehouse.add(
    'approval_decision',
    { approval_id: 'A1', seq: 1, t: t(10) },
    { approval_id: 'A2', seq: 2, t: t(11), passkey: 'credential-1' },
    { approval_id: 'A3', seq: 3, t: t(12), verdict: 'deny' },
  );
});
afterAll(() => warehouse.close());

it('approver and enrolment are asserted by the gateway, save where a passkey signed', async () => {
  const table = QUERY_TABLES.find(({ file }) => file === 'approvals.csv');
  if (!table) throw new Error('there is no table of approvals');
  const staging = await openStaging(join(mkdtempSync(join(tmpdir(), 'countersign-csv-')), 'package'));
  const period = { label: 'all', from: Date.parse('2020-01-01T00:00:00Z'), to: Date.parse('2030-01-01T00:00:00Z') };
  expect(await writeQuery(staging, warehouse, table, period)).toBe(4);
  const records: (readonly string[])[] = [];
  const file = createReadStream(join(staging.dir, 'csv/approvals.csv'), 'utf8');
  for await (const record of csvRecords(file)) records.push(record);
  const [head = [], ...rows] = records;
  const of = (row: readonly string[], name: string): string => row[head.indexOf(name)] ?? '';
  const seen = rows.map((row) => ['approval_id', 'approver', 'passkey', 'enrolment'].map((name) => of(row, name)));
  expect(seen).toEqual([
    ['A1', 'asserted by the gateway', '', ''],
    ['A2', 'signed with a passkey', 'credential-1', 'asserted by the gateway'],
    ['A3', '', '', ''],
    ['A4', '', '', ''],
  ]);
});
