import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectIdentity, type IdentitySummary } from '../../../src/app/collect-identity.js';
import { parseIdentity, parseIdentityIndex } from '../../../src/model/identity-snapshot.js';
import type { IdentitySourceSettings } from '../../../src/model/identity-source-settings.js';
import { openWarehouse } from '../../../src/warehouse/open.js';
import { SETTINGS } from '../../warehouse/settings.js';
import { startOkta, TOKEN } from './okta-double.js';

const ISSUER = 'https://login.example.com';

let dir: string;
let now: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-identity-'));
  now = Date.parse('2026-11-20T08:00:00Z');
});
afterEach(() => rmSync(dir, { recursive: true }));

const csvFile = (): string => join(dir, 'people.csv');
const csvSettings = (): IdentitySourceSettings => ({ csv: { file: csvFile(), issuer: ISSUER } });

const collect = (...identity: readonly IdentitySourceSettings[]): Promise<IdentitySummary> =>
  collectIdentity({
    settings: {
      ...SETTINGS,
      gateway: { ...SETTINGS.gateway, dataDir: join(dir, 'data') },
      collect: { cloudtrail: [], identity, ledgers: [] },
    },
    clock: { now: () => now, monotonic: () => 0, boot: 'test' },
    environment: { OKTA_TOKEN: TOKEN },
  });

const ask = async (sql: string): Promise<readonly object[]> => {
  const warehouse = await openWarehouse(join(dir, 'data/warehouse.duckdb'));
  const rows = await warehouse.query(sql);
  await warehouse.close();
  return rows;
};

const snapshots = (): string => join(dir, 'data/snapshots');

describe('snapshots of identities', () => {
  it('are dated, hashed, and say what differs from the last; the newest is in force', async () => {
    writeFileSync(csvFile(), 'user_id,status,groups\n1,active,eng\n2,active,\n');
    const first = await collect(csvSettings());
    expect(first).toMatchObject({
      exit: 0,
      problems: [],
      taken: [{ snapshot: { rows: 4, added: 4, changed: 0, gone: 0 } }],
    });
    now += 86_400_000;
    writeFileSync(csvFile(), 'user_id,status,groups\n1,inactive,\n3,active,\n');
    const second = await collect(csvSettings());
    expect(second.taken[0]?.changes).toEqual([
      { table: 'idp_user', how: 'changed', row: '1', columns: ['status', 'active'] },
      { table: 'idp_user', how: 'gone', row: '2', columns: [] },
      { table: 'idp_user', how: 'added', row: '3', columns: [] },
      { table: 'idp_group', how: 'gone', row: 'eng', columns: [] },
      { table: 'idp_member', how: 'gone', row: 'eng 1', columns: [] },
    ]);
    expect(await ask('SELECT user_id, principal, active FROM idp_user ORDER BY 1')).toEqual([
      { user_id: '1', principal: `${ISSUER}|1`, active: false },
      { user_id: '3', principal: `${ISSUER}|3`, active: true },
    ]);
    expect(await ask('SELECT taken, added, changed, gone, in_force FROM identity_snapshot ORDER BY taken')).toEqual([
      { taken: '2026-11-20T08:00:00.000Z', added: 4, changed: 0, gone: 0, in_force: false },
      { taken: '2026-11-21T08:00:00.000Z', added: 1, changed: 1, gone: 3, in_force: true },
    ]);
  });

  it('of the same state have the same hash, and each its date', async () => {
    writeFileSync(csvFile(), 'user_id,status\n1,active\n2,active\n');
    await collect(csvSettings());
    now += 86_400_000;
    writeFileSync(csvFile(), 'status,user_id\nactive,2\nactive,1\n');
    expect((await collect(csvSettings())).taken[0]?.changes).toEqual([]);
    const index = parseIdentityIndex(readFileSync(join(snapshots(), 'identity.ndjson')));
    expect(new Set(index.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(index.map(({ taken }) => taken.slice(0, 10))).toEqual(['2026-11-20', '2026-11-21']);
  });

  it('a source that cannot be read is named, nothing of it is taken, and the others are', async () => {
    const okta = await startOkta(() => now);
    okta.fault = () => ({ status: 401 });
    writeFileSync(csvFile(), 'user_id,status\n1,active\n');
    const summary = await collect(
      { okta: { origin: okta.origin, token: { env: 'OKTA_TOKEN' }, issuer: ISSUER, subject: 'id' } },
      csvSettings(),
    );
    await okta.close();
    expect(summary.exit).toBe(11);
    expect(summary.problems).toEqual([
      {
        source: `okta:${new URL(okta.origin).host}`,
        reason: '/api/v1/users: the token is not valid or has expired (E0000011)',
      },
    ]);
    expect(summary.taken).toHaveLength(1);
    expect(JSON.stringify(summary)).not.toContain(TOKEN);
  });

  it('a copy or an index that was changed is refused', async () => {
    writeFileSync(csvFile(), 'user_id,status\n1,active\n');
    await collect(csvSettings());
    const [copy = ''] = readdirSync(snapshots()).filter((name) => name.startsWith('identity-csv'));
    const bytes = readFileSync(join(snapshots(), copy));
    expect(parseIdentity(bytes).tables.idp_user).toHaveLength(1);
    writeFileSync(join(snapshots(), copy), bytes.toString().replace('active', 'gone'));
    await expect(collect(csvSettings())).rejects.toMatchObject({ code: 'RAW_CHANGED' });
    writeFileSync(join(snapshots(), 'identity.ndjson'), '{}\n');
    await expect(collect(csvSettings())).rejects.toMatchObject({ code: 'RAW_INDEX' });
  });

  it('a token that is not set ends it before anything is taken', async () => {
    writeFileSync(csvFile(), 'user_id,status\n1,active\n');
    const okta = {
      origin: 'https://example.okta.com',
      token: { env: 'NO_SUCH_TOKEN' },
      issuer: ISSUER,
      subject: 'id',
    } as const;
    await expect(collect(csvSettings(), { okta })).rejects.toMatchObject({ code: 'SECRET_MISSING' });
    expect(readdirSync(dir)).toEqual(['people.csv']);
  });

  it('no source is a usage error', async () => {
    await expect(collect()).rejects.toMatchObject({ code: 'IDENTITY_SOURCE', exit: 2 });
  });
});
