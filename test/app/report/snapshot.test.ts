import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { snapshotLedger } from '../../../src/app/report/snapshot.js';
import { systemClock } from '../../../src/base/clock.js';
import { openLedger } from '../../../src/ledger/append.js';
import { createSigningKey } from '../../../src/ledger/keys.js';
import { verifyPath } from '../../../src/verify/verify.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-snapshot-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('a copy holds the blobs that its records name, and no others', async () => {
  const from = join(dir, 'ledger');
  const key = await createSigningKey(join(dir, 'key'));
  const ledger = await openLedger({ dir: from, origin: 'example.com/gw', key, clock: systemClock(), heartbeat: 0 });
  const large = JSON.stringify('x'.repeat(1_100_000));
  const ends = JSON.stringify('"blob":true}');
  await ledger.append({ type: 'stop', d: { reason: 'one' }, payloads: { first: large, second: ends } });
  await ledger.append({
    type: 'stop',
    d: { reason: 'two' },
    payloads: { first: JSON.stringify('y'.repeat(1_200_000)) },
  });
  await ledger.close('signal');
  const named = readdirSync(join(from, 'blobs'));
  expect(named).toHaveLength(2);
  writeFileSync(join(from, 'blobs', 'f'.repeat(64)), 'of a record that is still to come');
  const { dir: copy } = await snapshotLedger(from, join(dir, 'copy'));
  expect(readdirSync(join(copy, 'blobs')).sort()).toEqual(named.sort());
  expect((await verifyPath(copy)).exit).toBe(13);
});
