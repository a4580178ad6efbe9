/** The parts of a data folder: which logs they hold, and those that are still to be made. */
import { join } from 'node:path';
import { CountersignError } from '../../base/errors.js';
import { trailKindOfKey } from '../../base/trail-log.js';
import type { RawObject } from '../../model/evidence.js';
import { rawPath } from '../../model/raw-index.js';
import type { LogFacts, LogSource } from './make.js';
import { makersFor, type PartMakers } from './threads.js';

/** Packed bytes of the logs of a part: some seven times that when unpacked, and a row group or two. */
const PART_BYTES = 12 * 1024 ** 2;
const PART_LOGS = 4_000;

/** A log that was read into a part. */
export interface ReadLog {
  readonly object: RawObject;
  readonly facts: LogFacts;
  /** Path of its part. */
  readonly part: string;
}

const sourceOf = (rawDir: string, { key, sha256, bytes }: RawObject): LogSource => {
  const kind = trailKindOfKey(key);
  const apart = kind === 'insight' || kind === 'network';
  return { path: join(rawDir, rawPath(sha256)), sha256, bytes, packed: key.endsWith('.gz'), apart };
};

const batches = (objects: readonly RawObject[]): readonly (readonly RawObject[])[] => {
  const all: RawObject[][] = [];
  let bytes = 0;
  for (const object of objects) {
    const last = all.at(-1);
    if (last && bytes < PART_BYTES && last.length < PART_LOGS) last.push(object);
    else {
      all.push([object]);
      bytes = 0;
    }
    bytes += object.bytes;
  }
  return all;
};

const makePart = async (
  objects: readonly RawObject[],
  rawDir: string,
  target: string,
  makers: PartMakers,
): Promise<readonly ReadLog[]> => {
  const made = await makers.make({ target, logs: objects.map((object) => sourceOf(rawDir, object)) });
  if (made.changed !== null) {
    const { log, problem } = made.changed;
    throw new CountersignError('RAW_CHANGED', { key: objects[log]?.key ?? '', problem });
  }
  return objects.flatMap((object, i) => {
    const facts = made.facts[i];
    return facts ? [{ object, facts, part: target }] : [];
  });
};

/**
 * Makes parts of logs of the raw evidence, in a folder that is there.
 * @throws CountersignError RAW_CHANGED
 */
export const makeParts = async (
  objects: readonly RawObject[],
  rawDir: string,
  dir: string,
): Promise<readonly ReadLog[]> => {
  const makers = makersFor(objects.reduce((sum, { bytes }) => sum + bytes, 0));
  try {
    const made = batches(objects).map((batch, i) => makePart(batch, rawDir, join(dir, `part-${i}.parquet`), makers));
    return (await Promise.all(made)).flat();
  } finally {
    await makers.close();
  }
};
