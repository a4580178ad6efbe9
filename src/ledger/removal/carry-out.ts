/** Carries out a removal whose order is on record. Each step leaves a ledger that verifies; done again it goes on. */
import { join } from 'node:path';
import type { FilePort } from '../../base/durable.js';
import type { ErasedPayload } from '../../model/order.js';
import { segmentFirst } from '../format.js';
import { readPruned, writePruned } from '../pruned.js';
import type { Boundary } from './boundary.js';
import { removeFile, stripPayloads } from './strip.js';

/** The writer's own sum over segments, with the sizes that files had: the next start reads everything instead. */
const forgetSums = (dir: string, files: FilePort): Promise<void> => removeFile(join(dir, 'sealed.json'), files);

/** Keys of salts of days that are wholly before a time; the payloads that hold their commitments are gone. */
const removeVaultDays = async (dir: string, before: number, files: FilePort): Promise<number> => {
  const folder = join(dir, 'vault');
  if ((await files.facts(folder))?.kind !== 'folder') return 0;
  const day = new Date(before).toISOString().slice(0, 10);
  const old = (await files.list(folder)).filter(
    (name) => /^\d{4}-\d\d-\d\d\.key$/.test(name) && name.slice(0, 10) < day,
  );
  for (const name of old) await removeFile(join(folder, name), files);
  if (old.length > 0) await files.syncFolder(folder);
  return old.length;
};

/** What was removed. */
export interface Removed {
  readonly payloads: number;
  readonly segments: number;
  /** Days whose key of salts is gone. */
  readonly days: number;
}

/** Removes the payloads of every record before the boundary. */
export const prunePayloads = async (dir: string, { size, to }: Boundary, files: FilePort): Promise<Removed> => {
  await forgetSums(dir, files);
  const payloads = await stripPayloads(dir, size, (seq) => seq < size, files);
  return { payloads, segments: 0, days: await removeVaultDays(dir, to, files) };
};

const removeSegments = async (dir: string, size: number, files: FilePort): Promise<number> => {
  const log = join(dir, 'log');
  const old = (await files.list(log)).filter((name) => (segmentFirst(name) ?? size) < size);
  for (const name of old.sort()) await removeFile(join(log, name), files);
  if (old.length > 0) await files.syncFolder(log);
  return old.length;
};

/** Removes every segment before the boundary, with its payloads. */
export const pruneSegments = async (
  dir: string,
  origin: string,
  boundary: Boundary,
  files: FilePort,
): Promise<Removed> => {
  const removed = await prunePayloads(dir, boundary, files);
  const { size, prev, range } = boundary;
  // Only once it says where the ledger begins may files go.
  await writePruned(dir, { origin, size, prev, peaks: range.peaks() }, files);
  return { ...removed, segments: await removeSegments(dir, size, files) };
};

/** Goes on with the removal of segments that was cut off; the number of files that were left. */
export const finishPruning = async (dir: string, files: FilePort): Promise<number> => {
  const pruned = await readPruned(dir, files);
  return pruned ? removeSegments(dir, pruned.size, files) : 0;
};

/** Removes single payloads of records before `size`. */
export const erasePayloads = async (
  dir: string,
  size: number,
  list: readonly ErasedPayload[],
  files: FilePort,
): Promise<Removed> => {
  await forgetSums(dir, files);
  const going = new Set(list.map(([seq, name]) => `${seq} ${name}`));
  const payloads = await stripPayloads(dir, size, (seq, name) => going.has(`${seq} ${name}`), files);
  return { payloads, segments: 0, days: 0 };
};
