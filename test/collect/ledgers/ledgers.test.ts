import type { KeyObject } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectLedgers, type LedgersSummary } from '../../../src/app/collect-ledgers.js';
import type { LedgerSource } from '../../../src/model/peer-ledger.js';
import { openWarehouse } from '../../../src/warehouse/open.js';
import { withAwsKeys } from '../../aws/collect.js';
import { startS3Double } from '../../aws/s3-double.js';
import { newKey, ORIGIN, oneCall, openSample, testClock } from '../../ledger/samples.js';
import { SETTINGS } from '../../warehouse/settings.js';

let dir: string;
let key: KeyObject;

withAwsKeys();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-peers-'));
  key = newKey();
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A ledger of some calls; opened again it goes on. @returns its verifier key */
const write = async (name: string, calls: number, start = 1, root = key): Promise<string> => {
  const clock = testClock(Date.UTC(2026, 10, 24, 5 + start));
  const ledger = await openSample({ dir: join(dir, name), key: root, clock });
  for (let i = 0; i < calls; i++) await oneCall(ledger, clock, start * 1000 + i);
  await ledger.close('shutdown');
  return ledger.key;
};

const collect = (...ledgers: readonly LedgerSource[]): Promise<LedgersSummary> =>
  collectLedgers({
    settings: {
      ...SETTINGS,
      gateway: { ...SETTINGS.gateway, dataDir: join(dir, 'data') },
      ledger: { ...SETTINGS.ledger, origin: 'example.com/mcp/gw-own' },
      collect: { cloudtrail: [], identity: [], ledgers },
    },
    clock: { now: () => Date.parse('2026-11-25T08:00:00Z'), monotonic: () => 0, boot: 'test' },
  });
const folder = (name: string, expected: string | null = null): LedgerSource => ({
  key: expected,
  from: { dir: join(dir, name) },
});

const ask = async (sql: string): Promise<readonly object[]> => {
  const warehouse = await openWarehouse(join(dir, 'data/warehouse.duckdb'));
  const rows = await warehouse.query(sql);
  await warehouse.close();
  return rows;
};

const segment = (name: string): string => {
  const [file = ''] = readdirSync(join(dir, name, 'log')).sort();
  return join(dir, name, 'log', file);
};

describe('ledgers of other gateways', () => {
  it('are verified, copied and loaded under their origin', async () => {
    const verifier = await write('gw', 3);
    const summary = await collect(folder('gw', verifier));
    expect(summary).toMatchObject({ refused: [], taken: [{ origin: ORIGIN, key: verifier }] });
    const [taken] = summary.taken;
    expect(await ask('SELECT origin, count(*) AS n FROM peer_record GROUP BY 1')).toEqual([
      { origin: ORIGIN, n: taken?.size },
    ]);
    expect(await ask("SELECT count(*) AS n FROM peer_record WHERE type = 'call'")).toEqual([{ n: 3 }]);
    expect(await ask('SELECT origin, key, records, root FROM peer_ledger')).toEqual([
      { origin: ORIGIN, key: verifier, records: taken?.size, root: taken?.root },
    ]);
  });

  it('grow: what is new is added, and what was collected before must still be there', async () => {
    await write('gw', 2);
    const first = await collect(folder('gw'));
    await write('gw', 2, 2);
    const second = await collect(folder('gw'));
    expect(second.refused).toEqual([]);
    expect(second.taken[0]?.added).toBeGreaterThanOrEqual(4);
    expect(second.taken[0]?.size).toBe((first.taken[0]?.size ?? 0) + (second.taken[0]?.added ?? 0));
    expect(await ask("SELECT count(*) AS n FROM peer_record WHERE type = 'call'")).toEqual([{ n: 4 }]);
  });

  it('one that was changed is refused with its place, and what was collected before stays', async () => {
    await write('gw', 2);
    await collect(folder('gw'));
    writeFileSync(segment('gw'), readFileSync(segment('gw'), 'utf8').replace('engineers-read', 'engineers-rea1'));
    const summary = await collect(folder('gw'));
    expect(summary).toMatchObject({ taken: [], exit: 12 });
    expect(summary.refused[0]?.reason).toMatch(/log\/0+\.jsonl/);
    expect(await ask("SELECT count(*) AS n FROM peer_record WHERE type = 'call'")).toEqual([{ n: 2 }]);
  });

  it('one that tells another history under the same key is refused', async () => {
    await write('gw', 2);
    await collect(folder('gw'));
    rmSync(join(dir, 'gw'), { recursive: true });
    await write('gw', 4, 3);
    const summary = await collect(folder('gw'));
    expect(summary).toMatchObject({ taken: [], exit: 12 });
    expect(summary.refused).toHaveLength(1);
  });

  it('one that ends earlier than before is refused', async () => {
    await write('gw', 1);
    cpSync(join(dir, 'gw'), join(dir, 'old'), { recursive: true });
    await write('gw', 1, 2);
    await collect(folder('gw'));
    const summary = await collect(folder('old'));
    expect(summary.exit).toBe(12);
    expect(summary.refused[0]?.reason).toMatch(/^it ends after \d+ records; \d+ were collected before/);
  });

  it('two of one origin with different keys conflict', async () => {
    await write('gw', 1);
    await write('other', 1, 1, newKey());
    const summary = await collect(folder('gw'), folder('other'));
    expect(summary).toMatchObject({ exit: 12, taken: [{ source: join(dir, 'gw') }] });
    expect(summary.refused).toEqual([
      {
        source: join(dir, 'other'),
        reason: `two ledgers say that they are ${ORIGIN}: the one of ${join(dir, 'gw')} has another root key`,
      },
    ]);
  });

  it('a key that is not the one of the configuration is refused', async () => {
    await write('gw', 1);
    const expected = await write('other', 1, 1, newKey());
    const summary = await collect(folder('gw', expected));
    expect(summary).toMatchObject({ exit: 12, taken: [] });
    expect(summary.refused[0]?.reason).toMatch(/not the one of the configuration$/);
  });

  it('the own ledger, and a folder that holds none, are named', async () => {
    const own = { ...SETTINGS.ledger, origin: ORIGIN };
    await write('gw', 1);
    const settings = { ...SETTINGS, gateway: { ...SETTINGS.gateway, dataDir: join(dir, 'data') }, ledger: own };
    const summary = await collectLedgers({ settings, from: join(dir, 'gw') });
    expect(summary).toMatchObject({
      exit: 11,
      refused: [{ reason: `it has the origin of the own ledger, ${ORIGIN}` }],
    });
    const none = await collectLedgers({ settings, from: join(dir, 'nothing') });
    expect(none).toMatchObject({ exit: 11, refused: [{ source: join(dir, 'nothing') }] });
  });

  it('a copy that was changed after it was collected stops the build', async () => {
    await write('gw', 1);
    await collect(folder('gw'));
    const [name = ''] = readdirSync(join(dir, 'data/ledgers')).filter((entry) => entry !== 'index.ndjson');
    rmSync(join(dir, 'data/ledgers', name), { recursive: true });
    await expect(collect(folder('nothing'))).rejects.toMatchObject({ code: 'RAW_CHANGED' });
  });

  it('are fetched from a bucket, in the newest version of each file', async () => {
    const s3 = await startS3Double();
    await write('gw', 2);
    for (const name of readdirSync(join(dir, 'gw/log'))) {
      s3.put(`copies/gw-2/log/${name}`, 'an older version');
      s3.put(`copies/gw-2/log/${name}`, readFileSync(join(dir, 'gw/log', name)));
    }
    s3.put('copies/gw-2/readme.txt', 'of other people');
    const bucket = { bucket: 'trail', prefix: 'copies/gw-2/', region: 'eu-central-1', requestPayer: false };
    const access = { profile: null, roleArn: null, externalId: null, endpoint: s3.endpoint };
    const source: LedgerSource = { key: null, from: { s3: { ...bucket, ...access } } };
    expect(await collect(source)).toMatchObject({
      refused: [],
      taken: [{ origin: ORIGIN, source: 's3://trail/copies/gw-2/' }],
    });
    s3.fault = () => ({ status: 403, code: 'AccessDenied' });
    expect(await collect(source)).toMatchObject({ taken: [], refused: [{ reason: 'access denied' }], exit: 11 });
    await s3.close();
  });
});
