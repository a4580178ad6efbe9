/** A witness in a second process: it cosigns what extends what it has seen, and refuses a fork and a rollback. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkCosignature, parseCosigner } from '../../../src/base/cosignature.js';
import { realFiles } from '../../../src/base/durable.js';
import { checkpointText, parseSignatureLine } from '../../../src/base/note.js';
import { compareAnchors, refuseRollback } from '../../../src/ledger/anchors/start.js';
import type { OpenedLedger } from '../../../src/ledger/opening.js';
import { lastBoundary } from '../../../src/ledger/removal/boundary.js';
import { pruneSegments } from '../../../src/ledger/removal/carry-out.js';
import { newKey, ORIGIN, oneCall, openSample, testClock } from '../samples.js';
import { headOf, never, startWitness, temporaryFolder, type WitnessProcess, witnessAnchor } from './world.js';

const key = newKey();
let folder: string;
let clock: ReturnType<typeof testClock>;
let ledger: OpenedLedger;
let witness: WitnessProcess;

const open = (dir: string): Promise<OpenedLedger> => {
  clock = testClock();
  return openSample({ dir, key, clock, rotate: { bytes: 1e9, age: 1e9 } });
};

beforeEach(async () => {
  folder = temporaryFolder();
  ledger = await open(join(folder, 'ledger'));
  witness = await startWitness(join(folder, 'witness.json'), ledger.key);
});
afterEach(async () => {
  await ledger.close('the test ends');
  await witness.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a witness', () => {
  it('cosigns one checkpoint after the other, over segments, and its cosignatures verify', async () => {
    const anchor = witnessAnchor(ledger, witness);
    for (let n = 0; n < 40; n++) {
      if (n % 10 === 9) await ledger.rotate();
      await oneCall(ledger, clock, n);
      const head = headOf(ledger);
      const receipt = await anchor.put(head, never);
      if (receipt.kind !== 'witness') throw new Error('not a receipt of a witness');
      const time = checkCosignature(
        checkpointText(head),
        parseSignatureLine(receipt.cosignature),
        parseCosigner(witness.key),
      );
      expect(receipt).toMatchObject({ size: head.size, root: head.root.toString('hex'), origin: ORIGIN });
      expect(receipt.at).toBe(new Date(time ?? 0).toISOString());
    }
    expect(JSON.parse(readFileSync(join(folder, 'witness.json'), 'utf8'))).toMatchObject({ size: headOf(ledger).size });
  });

  it('cosigns what it has cosigned before, and goes on from its own size where ours is not known', async () => {
    await oneCall(ledger, clock, 1);
    await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    await oneCall(ledger, clock, 2);
    rmSync(join(ledger.dir, 'anchors', 'team.json'));
    expect((await witnessAnchor(ledger, witness).put(headOf(ledger), never)).size).toBe(headOf(ledger).size);
  });

  it('goes on after both were started again', async () => {
    await oneCall(ledger, clock, 1);
    await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    await witness.close();
    await ledger.close('stopped');
    ledger = await open(join(folder, 'ledger'));
    witness = await startWitness(join(folder, 'witness.json'), ledger.key);
    expect((await witnessAnchor(ledger, witness).put(headOf(ledger), never)).size).toBe(headOf(ledger).size);
  });

  it('refuses a fork, and the start refuses with it', async () => {
    await oneCall(ledger, clock, 1);
    await ledger.close('copied');
    const copy = join(folder, 'copy');
    cpSync(ledger.dir, copy, { recursive: true });
    ledger = await open(ledger.dir);
    await oneCall(ledger, clock, 2);
    await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    const fork = await open(copy);
    for (let n = 0; n < 5; n++) await oneCall(fork, clock, n);
    const anchor = witnessAnchor(fork, witness);
    await expect(anchor.put(headOf(fork), never)).rejects.toMatchObject({
      message: expect.stringContaining('another history'),
    });
    const standings = await compareAnchors({ dir: copy, origin: ORIGIN }, [anchor], never);
    expect(standings).toContainEqual(expect.objectContaining({ name: 'team', state: 'differs' }));
    expect(() => refuseRollback(copy, standings)).toThrow('is not the history that was anchored');
    await fork.close('the test ends');
  });

  it('refuses a rollback, and the start refuses with it', async () => {
    await oneCall(ledger, clock, 1);
    await ledger.close('copied');
    const copy = join(folder, 'copy');
    cpSync(ledger.dir, copy, { recursive: true });
    ledger = await open(ledger.dir);
    await oneCall(ledger, clock, 2);
    const { size } = await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    const standings = await compareAnchors(
      { dir: copy, origin: ORIGIN },
      [witnessAnchor({ ...ledger, dir: copy, signRoot: (text) => ledger.signRoot(text) }, witness)],
      never,
    );
    expect(standings).toContainEqual({
      name: 'team',
      state: 'differs',
      problem: expect.stringContaining(`confirms ${size} records`),
    });
  });

  it('does not cosign for another root key, or for another origin', async () => {
    const other = await openSample({
      dir: join(folder, 'other'),
      key: newKey(),
      rotate: { bytes: 1e9, age: 1e9 },
    });
    await expect(witnessAnchor(other, witness).put(headOf(other), never)).rejects.toThrow('does not know the root key');
    await expect(
      witnessAnchor(ledger, witness).put({ ...headOf(ledger), origin: 'example.com/else' }, never),
    ).rejects.toThrow('does not know this origin');
    await other.close('the test ends');
  });

  it('is not believed where the cosignature is not of the configured key', async () => {
    const other = await startWitness(join(folder, 'other.json'), ledger.key);
    await expect(witnessAnchor(ledger, { ...witness, key: other.key }).put(headOf(ledger), never)).rejects.toThrow(
      'the cosignature of its key',
    );
    await other.close();
  });

  it('goes on with a ledger whose oldest segments were removed', async () => {
    await oneCall(ledger, clock, 1);
    await ledger.rotate();
    await oneCall(ledger, clock, 2);
    const boundary = await lastBoundary(ledger.dir, () => true, realFiles);
    if (!boundary) throw new Error('no boundary');
    await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    await pruneSegments(ledger.dir, ORIGIN, boundary, realFiles);
    rmSync(join(ledger.dir, 'anchors', 'team.json'));
    await oneCall(ledger, clock, 3);
    expect((await witnessAnchor(ledger, witness).put(headOf(ledger), never)).size).toBe(headOf(ledger).size);
    const other = await startWitness(join(folder, 'new.json'), ledger.key);
    expect((await witnessAnchor(ledger, other).put(headOf(ledger), never)).size).toBe(headOf(ledger).size);
    await other.close();
  });

  it('is told nothing where the state kept of it is damaged', async () => {
    for (let n = 0; n < 3; n++) await oneCall(ledger, clock, n);
    await witnessAnchor(ledger, witness).put(headOf(ledger), never);
    const state = join(ledger.dir, 'anchors', 'team.json');
    writeFileSync(state, readFileSync(state, 'utf8').replaceAll(/[0-9a-f]{64}/g, 'ab'.repeat(32)));
    await oneCall(ledger, clock, 9);
    const anchor = witnessAnchor(ledger, witness);
    await expect(anchor.put(headOf(ledger), never)).rejects.toThrow('do not give the root');
    rmSync(state);
    expect((await anchor.put(headOf(ledger), never)).size).toBe(headOf(ledger).size);
  });
});
