import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { takeRegister } from '../../src/collect/registers.js';
import type { RegisterKind } from '../../src/model/registers.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import { openWarehouse, type Row } from '../../src/warehouse/open.js';
import { streamOf } from '../warehouse/ledger.js';
import { SETTINGS } from '../warehouse/settings.js';

const NOON = Date.parse('2026-11-24T12:00:00Z');
let dir: string;
let dataDir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cs-registers-'));
  dataDir = join(dir, 'data');
});
afterEach(() => rm(dir, { recursive: true }));

const take = async (kind: RegisterKind, text: string, now = NOON) => {
  const file = join(dir, 'given.csv');
  await writeFile(file, text);
  return takeRegister({ dataDir, kind, file, now });
};

const ask = async (sql: string): Promise<readonly Row[]> => {
  const built = await buildWarehouse({ dataDir, records: streamOf([]), settings: SETTINGS });
  const warehouse = await openWarehouse(built.file, { readOnly: true });
  try {
    return await warehouse.query(sql);
  } finally {
    await warehouse.close();
  }
};

const FIRST = 'person,ended,ref\nada,2026-10-31T18:00:00Z,HR-1\nbob,2026-11-01T00:00:00Z,\n';
const SECOND = 'person,ended,ref\nbob,2026-11-01T00:00:00Z,\neve,2026-11-02T00:00:00Z,HR-3\n';

describe('taking a register', () => {
  it('keeps each as given, dated and hashed; the newest is in force', async () => {
    expect(await take('leavers', FIRST)).toMatchObject({ unchanged: false, added: 2, gone: 0, problems: [] });
    expect(await take('leavers', FIRST, NOON + 1)).toMatchObject({ unchanged: true, added: 0 });
    expect(await take('leavers', SECOND, NOON + 2)).toMatchObject({ unchanged: false, added: 1, gone: 1 });
    const name = `leavers-20261124T120000000Z-${sha256(FIRST).slice(0, 16)}.csv`;
    expect(await readFile(join(dataDir, 'snapshots', name), 'utf8')).toBe(FIRST);
    expect(await readdir(join(dataDir, 'snapshots'))).toHaveLength(3);
    expect(await ask('SELECT person, ended, ref FROM leaver ORDER BY 1')).toEqual([
      { person: 'bob', ended: '2026-11-01T00:00:00.000Z', ref: null },
      { person: 'eve', ended: '2026-11-02T00:00:00.000Z', ref: 'HR-3' },
    ]);
    expect(await ask('SELECT kind, file, rows, in_force FROM register ORDER BY taken')).toMatchObject([
      { kind: 'leavers', file: name, rows: 2, in_force: false },
      { kind: 'leavers', rows: 2, in_force: true },
    ]);
  });

  it('loads every kind into its table', async () => {
    const digest = 'a'.repeat(64);
    await take('reviews', `digest,author,reviewer,reviewed\n${digest},ada,bob,2026-11-01T00:00:00Z\n`);
    await take('changes', 'ref,title,author,approver,approved\nC-1,Open a port,ada,bob,2026-11-01T00:00:00Z\n');
    await take('disclosures', 'ref,disclosed,recipient,data,purpose\nD-1,2026-11-01T00:00:00Z,Bank,names,audit\n');
    expect(await ask('SELECT digest, reviewer FROM change_review')).toEqual([{ digest, reviewer: 'bob' }]);
    expect(await ask('SELECT ref, approved_t, closed_t FROM change_ticket')).toEqual([
      { ref: 'C-1', approved_t: '2026-11-01T00:00:00.000Z', closed_t: null },
    ]);
    expect(await ask('SELECT recipient, person FROM disclosure')).toEqual([{ recipient: 'Bank', person: null }]);
  });

  it('takes nothing of a file with a wrong line', async () => {
    const taken = await take('leavers', `${FIRST}eve,yesterday,\n`);
    expect(taken).toMatchObject({ snapshot: null, problems: [{ line: 4, column: 'ended' }] });
    await expect(readdir(join(dataDir, 'snapshots'))).rejects.toThrow('ENOENT');
  });

  it('refuses to build from a copy or an index that was changed', async () => {
    const { snapshot } = await take('leavers', FIRST);
    const [copy = ''] = (await readdir(join(dataDir, 'snapshots'))).filter((name) => name.endsWith('.csv'));
    expect(snapshot?.rows).toBe(2);
    await writeFile(join(dataDir, 'snapshots', copy), FIRST.replace('ada', 'eva'));
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'RAW_CHANGED' });
    await rm(join(dataDir, 'snapshots', copy));
    await expect(ask('SELECT 1')).rejects.toThrow('it is gone');
    await writeFile(join(dataDir, 'snapshots', 'index.ndjson'), '{}\n');
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'RAW_INDEX' });
    await expect(take('leavers', SECOND)).rejects.toMatchObject({ code: 'RAW_INDEX' });
  });

  it('names a file that is not there', async () => {
    const missing = takeRegister({ dataDir, kind: 'leavers', file: join(dir, 'none.csv'), now: NOON });
    await expect(missing).rejects.toMatchObject({ code: 'REGISTER_FILE' });
  });
});
