/** Removals cut off at every operation of the disk: what is left opens, and the same removal goes on to its end. */
import { expect, test } from 'vitest';
import type { FilePort } from '../../src/base/durable.js';
import { readPruned } from '../../src/ledger/pruned.js';
import { type Boundary, lastBoundary } from '../../src/ledger/removal/boundary.js';
import { erasePayloads, finishPruning, prunePayloads, pruneSegments } from '../../src/ledger/removal/carry-out.js';
import { findStanding } from '../../src/ledger/scan.js';
import type { ErasedPayload } from '../../src/model/order.js';
import { callDraft, newKey, ORIGIN, oneCall, openSample, resultDraft, testClock } from '../ledger/samples.js';
import { SimulatedDisk } from './simulated-disk.js';
import { comeBack, DIR, entries } from './stand.js';

type Kind = 'payloads' | 'segments' | 'erase';
const LIST: readonly ErasedPayload[] = [
  [1, 'args'],
  [2, 'result'],
  [5, 'person'],
];
const key = newKey();

/** Three segments, one payload in a file of its own, and the record of a removal of what is before the third. */
const recorded = async (kind: Kind): Promise<{ disk: SimulatedDisk; size: number }> => {
  const disk = new SimulatedDisk();
  const clock = testClock();
  const rotate = { bytes: 1e9, age: 1e12 };
  const ledger = await openSample({ dir: DIR, key, clock, files: disk, rotate });
  const { seq } = await ledger.append(callDraft(0, {}, { args: JSON.stringify('x'.repeat(1_100_000)) }));
  await ledger.append(resultDraft(0, seq));
  await ledger.rotate();
  await oneCall(ledger, clock, 1);
  await ledger.rotate();
  const size = ledger.size - 1;
  await oneCall(ledger, clock, 2);
  if (kind === 'erase') {
    await ledger.append({
      type: 'erase',
      d: { size, count: LIST.length, order: 'an order' },
      payloads: { list: JSON.stringify(LIST) },
    });
  } else await ledger.append({ type: 'prune', d: { what: kind, size, order: 'an order' } });
  await ledger.close('recorded');
  disk.put(`${DIR}/vault/2020-01-01.key`, Buffer.from('salts'));
  return { disk: disk.powerCut({ names: () => true, survive: (_path, unsynced) => unsynced }), size };
};

const boundaryAt = (size: number, files: FilePort): Promise<Boundary | null> =>
  lastBoundary(DIR, ({ seq }) => seq < size, files);

/** As the command does it, from whatever state it finds. */
const carryOut = async (kind: Kind, size: number, files: FilePort): Promise<void> => {
  if (((await readPruned(DIR, files))?.size ?? 0) >= size) return void (await finishPruning(DIR, files));
  const boundary = await boundaryAt(size, files);
  if (boundary?.size !== size) throw new Error('there is no such boundary');
  if (kind === 'payloads') await prunePayloads(DIR, boundary, files);
  else if (kind === 'segments') await pruneSegments(DIR, ORIGIN, boundary, files);
  else await erasePayloads(DIR, size, LIST, files);
};

const expectDone = async (kind: Kind, size: number, disk: SimulatedDisk, told: string): Promise<void> => {
  const list = await entries(disk);
  const old = list.filter(({ seq }) => seq < size);
  if (kind === 'segments') expect(old, told).toEqual([]);
  if (kind === 'payloads')
    expect(
      old.every(({ payloads }) => Object.keys(payloads).length === 0),
      told,
    ).toBe(true);
  if (kind === 'erase') for (const [seq, name] of LIST) expect(list[seq]?.payloads, told).not.toHaveProperty(name);
  expect(
    disk.paths().filter((path) => path.includes('/blobs/')),
    told,
  ).toEqual([]);
  expect(
    disk.paths().filter((path) => path.includes('.strip-')),
    told,
  ).toEqual([]);
  expect(disk.paths().filter((path) => path.includes('/log/')).length, told).toBe(kind === 'segments' ? 1 : 3);
};

test.each<[Kind]>([['payloads'], ['segments'], ['erase']])('%s', async (kind) => {
  let reached = true;
  let points = 0;
  for (let at = 1; reached; at++) {
    for (const names of [false, true]) {
      const { disk, size } = await recorded(kind);
      let operations = 0;
      disk.fault = () => {
        if (++operations >= at) throw new Error('the power is gone');
      };
      const done = await carryOut(kind, size, disk).then(
        () => true,
        () => false,
      );
      reached = !done;
      points++;
      const told = `${kind}, operation ${at}, names ${names}`;
      const back = comeBack(disk, { names: () => names });
      await expect(findStanding(DIR, back), told).resolves.toMatchObject({ problem: null });
      await entries(back);
      await carryOut(kind, size, back);
      await expectDone(kind, size, back, told);
      const ledger = await openSample({
        dir: DIR,
        key,
        clock: testClock(),
        files: back,
        rotate: { bytes: 1e9, age: 1e12 },
      });
      await ledger.close('and goes on');
      await entries(back);
    }
  }
  expect(points).toBeGreaterThan(10);
});
