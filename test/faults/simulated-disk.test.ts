/** The disk of these tests forgets what a real one may forget, and nothing else. */
import { expect, test } from 'vitest';
import { SimulatedDisk } from './simulated-disk.js';

const PATH = '/data/file';

/** 600 bytes of `a` that are synced and 900 of `b` that are not; the name is durable. */
const sample = async (): Promise<SimulatedDisk> => {
  const disk = new SimulatedDisk();
  disk.put('/data/other', Buffer.alloc(0));
  const file = await disk.create(PATH);
  await file.write(Buffer.alloc(600, 'a'));
  await file.sync();
  await disk.syncFolder('/data');
  await file.write(Buffer.alloc(900, 'b'));
  return disk;
};

test('a sector that survives alone stands behind zeros; what was synced stands in any case', async () => {
  const disk = await sample();
  const keep = (_path: string, sector: number): boolean => sector === 2;
  const bytes = disk.powerCut({ sectors: { keep, size: () => false } }).bytes(PATH);
  expect(bytes).toEqual(Buffer.concat([Buffer.alloc(600, 'a'), Buffer.alloc(424), Buffer.alloc(476, 'b')]));
});

test.each([
  [true, Buffer.concat([Buffer.alloc(600, 'a'), Buffer.alloc(900)])],
  [false, Buffer.alloc(600, 'a')],
])('no sector survives, the size does: %s', async (size, expected) => {
  const disk = await sample();
  expect(disk.powerCut({ sectors: { keep: () => false, size: () => size } }).bytes(PATH)).toEqual(expected);
});

test('names that were not synced survive each for itself', async () => {
  const disk = await sample();
  await disk.create('/data/new');
  await disk.unlink('/data/other');
  expect(disk.powerCut().paths()).toEqual([PATH, '/data/other']);
  expect(disk.powerCut({ names: (path) => path === '/data/new' }).paths()).toEqual([PATH, '/data/new', '/data/other']);
  expect(disk.powerCut({ names: () => true }).paths()).toEqual([PATH, '/data/new']);
});
