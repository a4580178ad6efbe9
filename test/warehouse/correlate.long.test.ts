import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { collectCloudTrailFolder } from '../../src/collect/cloudtrail/files.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import { openWarehouse } from '../../src/warehouse/open.js';
import { entriesOf, streamOf } from './ledger.js';
import { SETTINGS } from './settings.js';
import { makeWorld, writeTrail } from './world.js';

const sessions = Math.ceil(4_000 * Number(process.env['COUNTERSIGN_LONG'] ?? 1));

it(`every class of ${sessions} sessions is what was planted, for three seeds`, async () => {
  for (const seed of [1, 2, 3]) {
    const dir = mkdtempSync(join(tmpdir(), 'cs-correlate-long-'));
    const world = makeWorld(seed, { sessions });
    writeTrail(join(dir, 'trail'), world.events, seed, 24);
    await collectCloudTrailFolder({ from: join(dir, 'trail'), dataDir: dir });
    const built = await buildWarehouse({
      dataDir: dir,
      records: streamOf(entriesOf(world.happened)),
      settings: SETTINGS,
    });
    const warehouse = await openWarehouse(built.file);
    let wrong = 0;
    let seen = 0;
    for await (const row of warehouse.stream('SELECT event_id, kind, tier, person_ok FROM event_match')) {
      const planted = world.truth.get(typeof row['event_id'] === 'string' ? row['event_id'] : '');
      const same =
        planted?.kind === row['kind'] && planted?.tier === row['tier'] && planted?.personOk === row['person_ok'];
      if (!same) wrong++;
      seen++;
    }
    const missing = await warehouse.query('SELECT call_id FROM call_missing WHERE settled');
    expect({ seed, wrong, seen }).toEqual({ seed, wrong: 0, seen: world.truth.size });
    expect(new Set(missing.map((row) => row['call_id']))).toEqual(world.missing);
    await warehouse.close();
    rmSync(dir, { recursive: true });
  }
});
