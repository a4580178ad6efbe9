/** Random worlds through the whole way: delivered late, twice and in any order, collected, built, and judged. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { collectCloudTrailFolder } from '../../src/collect/cloudtrail/files.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import { openWarehouse, type Row } from '../../src/warehouse/open.js';
import { entriesOf, type Happened, streamOf } from './ledger.js';
import { SETTINGS } from './settings.js';
import { type Conditions, makeWorld, type World, writeTrail } from './world.js';

const HOUR = 3_600_000;

export interface Draw {
  readonly seed: number;
  readonly conditions: Conditions;
  /** Parts of the log files, in the order in which they come: a file may come in several. */
  readonly deliveries: readonly number[];
  /** How many of four sessions another gateway served, whose ledger was collected. */
  readonly elsewhere: number;
}

export const draws = (sessions: number): fc.Arbitrary<Draw> =>
  fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
    conditions: fc.record({
      sessions: fc.integer({ min: 4, max: sessions }),
      offset: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: -1_500, max: 1_500 }) },
        // A clock that is wrong by an hour, either way.
        fc.constantFrom(-HOUR, HOUR),
      ),
      slowest: fc.integer({ min: 1_000, max: 40_000 }),
      misuse: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    deliveries: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    elsewhere: fc.integer({ min: 0, max: 3 }),
  });

const PEER = {
  origin: 'example.com/mcp/gw-2',
  key: 'k',
  root: 'a'.repeat(64),
  exit: 0,
  source: 'gw-2',
  taken: '2026-11-21T00:00:00.000Z',
};

const sessionOf = ({ draft: { type, d } }: Happened, calls: ReadonlyMap<string, string>): string => {
  if (type === 'result') return calls.get(d.call) ?? '';
  return (type === 'call' || type === 'session' ? d.session : null) ?? '';
};

/** What each of two gateways recorded. */
const divide = (happened: readonly Happened[], elsewhere: number) => {
  const calls = new Map(
    happened.flatMap(({ draft }) => (draft.type === 'call' ? [[draft.d.call, draft.d.session ?? ''] as const] : [])),
  );
  const there = (one: Happened): boolean => Number(sessionOf(one, calls).slice(-4)) % 4 < elsewhere;
  const peer = entriesOf(happened.filter(there));
  const theirs = new Set(
    [...calls].filter(([, session]) => Number(session.slice(-4)) % 4 < elsewhere).map(([call]) => call),
  );
  return { own: entriesOf(happened.filter((one) => !there(one))), peer, theirs };
};

const word = (row: Row): string => JSON.stringify([row['event_id'], row['kind'], row['tier'], row['person_ok']]);

/** What correlation says of a world and what was planted in it, each sorted, and what it has no right to say. */
const compare = async (world: World, file: string, theirs: ReadonlySet<string>) => {
  const warehouse = await openWarehouse(file, { readOnly: true });
  try {
    const said = await warehouse.query('SELECT event_id, kind, tier, person_ok FROM event_match');
    const missing = await warehouse.query('SELECT call_id FROM call_missing WHERE settled');
    const odd = await warehouse.query(`SELECT event_id FROM event_match WHERE (call_id IS NULL) <> (candidates IS NULL)
      OR candidates < 1 OR (tier = 'T3' AND candidates <> 1) OR (call_id IS NULL) <> (delta_s IS NULL)`);
    return {
      said: [...said.map(word), ...missing.map((row) => JSON.stringify(row['call_id']))].sort(),
      planted: [
        ...[...world.truth].map(([id, { kind, tier, personOk }]) => JSON.stringify([id, kind, tier, personOk])),
        ...[...world.missing].filter((call) => !theirs.has(call)).map((call) => JSON.stringify(call)),
      ].sort(),
      odd: odd.length,
    };
  } finally {
    await warehouse.close();
  }
};

/** @returns what was said and what was planted; equal where correlation is right */
export const judge = async ({ seed, conditions, deliveries, elsewhere }: Draw) => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-worlds-'));
  try {
    const world = makeWorld(seed, conditions);
    const trail = join(dir, 'trail');
    writeTrail(trail, world.events, seed, 12);
    const files = readdirSync(trail, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'));
    for (const part of deliveries) {
      const to = join(dir, `delivery-${part}`);
      // Every fourth file comes again with the next delivery.
      for (const [i, name] of files.sort().entries()) {
        if (i % 3 !== part && i % 4 !== part) continue;
        mkdirSync(dirname(join(to, name)), { recursive: true });
        cpSync(join(trail, name), join(to, name));
      }
      await collectCloudTrailFolder({ from: to, dataDir: dir });
    }
    const { own, peer, theirs } = divide(world.happened, elsewhere);
    const peers = [{ peer: { ...PEER, size: peer.length }, records: streamOf(peer) }];
    const built = await buildWarehouse({ dataDir: dir, records: streamOf(own), peers, settings: SETTINGS });
    return await compare(world, built.file, theirs);
  } finally {
    rmSync(dir, { recursive: true });
  }
};
