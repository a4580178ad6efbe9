/** The tamper matrix of removals: exit, code and sentence of each row, also line by line, and Python's exit. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erase, prepareErase } from '../../src/app/removal/erase.js';
import { preparePrune, prune } from '../../src/app/removal/prune.js';
import { timestamp } from '../../src/base/clock.js';
import { realFiles } from '../../src/base/durable.js';
import { createNoteSigner, type NoteSigner, signNote } from '../../src/base/note.js';
import { loadSigningKey } from '../../src/ledger/keys.js';
import { writePruned } from '../../src/ledger/pruned.js';
import { lastBoundary } from '../../src/ledger/removal/boundary.js';
import { stripPayloads } from '../../src/ledger/removal/strip.js';
import type { Verification } from '../../src/model/evidence.js';
import { type Order, orderText } from '../../src/model/order.js';
import { verifyPath } from '../../src/verify/verify.js';
import { ALICE, DAY, type RemovalWorld, removalWorld } from '../app/removal-world.js';
import { ORIGIN, openSample, testClock } from '../ledger/samples.js';
import { verifyBothWays } from './both-ways.js';
import { exits, verdicts } from './python.js';
import { trustFile } from './sample.js';
import { REMOVAL_TAMPERINGS, type RemovedState, segmentsOf } from './tampering-removals.js';

interface State {
  readonly dir: string;
  readonly kept: { readonly origin: string; readonly size: number; readonly root: string };
}

let world: RemovalWorld;
const states = new Map<RemovedState, State>();
const rows = new Map<string, { readonly dir: string; readonly trust: string; readonly given: string }>();

const keptOf = async (dir: string): Promise<State['kept']> => {
  const { established } = await verifyPath(dir);
  const [, last = '', root = ''] =
    /records \d+ to (\d+) give the signed root ([0-9a-f]{64})/.exec(established.join('\n')) ?? [];
  return { origin: ORIGIN, size: Number(last) + 1, root };
};

const keep = async (state: RemovedState): Promise<void> => {
  const dir = mkdtempSync(join(world.folder, 'state-'));
  cpSync(world.dir, dir, { recursive: true });
  states.set(state, { dir, kept: await keptOf(dir) });
};

const givenOf = (keys: readonly string[], kept: State['kept'] | null): string =>
  [`${world.rootKey}${kept ? `@${kept.size}:${kept.root}` : ''}`, ...keys].join('!');

const ago = (days: number): string => timestamp(Date.now() - days * DAY);
const order = (name: string): string => join(world.folder, name);
const back = (): void => {
  rmSync(world.dir, { recursive: true });
  cpSync(states.get('whole')?.dir ?? '', world.dir, { recursive: true });
};

beforeAll(async () => {
  world = await removalWorld();
  const { config } = world;
  await keep('whole');
  for (const what of ['payloads', 'segments'] as const) {
    await preparePrune({ config, before: ago(480), what, file: order(what) });
    await world.sign(order(what), 0, 1);
    await prune({ config, order: order(what) });
    await keep(what);
    back();
  }
  await prepareErase({ config, person: ALICE, records: [], file: order('erased') });
  await world.sign(order('erased'), 0, 1);
  await erase({ config, person: ALICE, records: [], order: order('erased') });
  await keep('erased');
  for (const row of REMOVAL_TAMPERINGS) {
    const { dir, kept } = states.get(row.of) ?? { dir: '', kept: world.kept };
    const copy = mkdtempSync(join(world.folder, 'row-'));
    cpSync(dir, copy, { recursive: true });
    row.change(copy, states.get('whole')?.dir ?? '');
    const custodians = world.custodians.slice(0, row.custodians ?? 3).map(({ key }) => key);
    const checkpoints = row.anchored === false ? [] : [kept];
    const trust = await trustFile({ ledgers: [world.rootKey], checkpoints, custodians });
    rows.set(row.name, { dir: copy, trust, given: givenOf(custodians, checkpoints[0] ?? null) });
  }
}, 60_000);
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));

const codes = ({ findings }: Verification): string[] =>
  findings.filter(({ severity, code }) => severity !== 'note' && code !== 'NOT_ANCHORED').map(({ code }) => code);

describe('after a removal', () => {
  test.each(REMOVAL_TAMPERINGS)('$name', async ({ name, exit, code }) => {
    const { dir = '', trust = '' } = rows.get(name) ?? {};
    const found = await verifyBothWays(dir, trust, name);
    expect(codes(found)).toEqual(code === null ? [] : expect.arrayContaining([code]));
    expect(found.exit).toBe(exit);
  });

  test('the verifier in Python comes to the same exits', () => {
    const givens = new Set([...rows.values()].map(({ given }) => given));
    const theirs = [...givens].flatMap((given) => {
      const some = [...rows].filter(([, row]) => row.given === given);
      const found = exits(
        verdicts(
          given,
          some.map(([, { dir }]) => dir),
        ),
      );
      return some.map(([name], index) => `${name} ${found[index]}`);
    });
    expect(theirs.toSorted()).toEqual(REMOVAL_TAMPERINGS.map(({ name, exit }) => `${name} ${exit}`).toSorted());
  });
});

/** What somebody with the key of the ledger, and one custodian's, could put on record alone. */
describe('an order that somebody with the live key wrote alone', () => {
  const good = async (dir: string): Promise<{ order: Order; signers: NoteSigner[] }> => {
    const boundary = await lastBoundary(dir, () => true, realFiles);
    const root = boundary?.range.root().toString('hex') ?? '';
    const signers = await Promise.all(
      world.custodians.map(async ({ name, file }) => createNoteSigner(name, await loadSigningKey(file))),
    );
    return {
      order: { kind: 'prune', origin: ORIGIN, what: 'payloads', size: boundary?.size ?? 0, root, time: ago(1) },
      signers,
    };
  };

  test.each<[string, (order: Order, signers: NoteSigner[]) => [Order, NoteSigner[], object]]>([
    ['by one custodian', (one, [alice]) => [one, alice ? [alice] : [], {}]],
    ['by strangers', (one) => [one, ['x', 'y'].map((name) => createNoteSigner(name, world.key)), {}]],
    ['for another root', (one, all) => [{ ...one, root: 'ab'.repeat(32) }, all, {}]],
    ['for another ledger', (one, all) => [{ ...one, origin: 'example.com/else' }, all, {}]],
    ['for fewer records than the record says', (one, all) => [{ ...one, size: one.size - 1 }, all, {}]],
    ['for segments where the record says payloads', (one, all) => [{ ...one, what: 'segments' }, all, {}]],
    ['that is no order', (one, all) => [{ ...one, time: 'now' }, all, {}]],
  ])('%s authorises nothing', async (_name, forge) => {
    const dir = mkdtempSync(join(world.folder, 'live-'));
    cpSync(states.get('whole')?.dir ?? '', dir, { recursive: true });
    const { order: right, signers } = await good(dir);
    const [forged, by] = forge(right, signers);
    const ledger = await openSample({ dir, key: world.key, clock: testClock(), rotate: { bytes: 1e9, age: 1e12 } });
    await ledger.append({
      type: 'prune',
      d: { what: 'payloads', size: right.size, order: signNote(orderText(forged), by) },
    });
    await ledger.close('recorded');
    await stripPayloads(dir, right.size, () => true, realFiles);
    const custodians = world.custodians.map(({ key }) => key);
    const trust = await trustFile({ ledgers: [world.rootKey], custodians });
    const found = await verifyBothWays(dir, trust, _name);
    expect(codes(found)).toEqual(expect.arrayContaining(['PRUNE_UNAUTHORISED', 'PAYLOAD_MISSING']));
    expect(found.exit).toBe(12);
    expect(exits(verdicts(givenOf(custodians, null), [dir]))).toEqual([12]);
  });

  test('segments removed without any order', async () => {
    const dir = mkdtempSync(join(world.folder, 'live-'));
    cpSync(states.get('whole')?.dir ?? '', dir, { recursive: true });
    const boundary = await lastBoundary(dir, ({ seq }) => seq < 10, realFiles);
    if (!boundary) throw new Error('no boundary');
    const { size, prev, range } = boundary;
    await writePruned(dir, { origin: ORIGIN, size, prev, peaks: range.peaks() }, realFiles);
    for (const path of segmentsOf(dir).filter((name) => Number(name.slice(-22, -6)) < size)) rmSync(path);
    const custodians = world.custodians.map(({ key }) => key);
    const found = await verifyBothWays(
      dir,
      await trustFile({ ledgers: [world.rootKey], custodians, checkpoints: [world.kept] }),
      'live',
    );
    expect([found.exit, codes(found)]).toEqual([12, ['PRUNE_UNAUTHORISED']]);
    expect(exits(verdicts(givenOf(custodians, world.kept), [dir]))).toEqual([12]);
  });
});
