/** Reads collected evidence back, checking each object against its name. */
import { join } from 'node:path';
import { sha256 } from '../base/digest.js';
import { isSystemError, readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { RawObject } from '../model/evidence.js';
import {
  parseRawIndex,
  parseRawListing,
  parseRawProblems,
  type RawListing,
  type RawProblem,
  rawPath,
} from '../model/raw-index.js';

const MAX_INDEX_BYTES = 512 * 1024 ** 2;
const MAX_OBJECT_BYTES = 400 * 1024 ** 2;

export interface RawEvidence {
  /** Where its objects lie. */
  readonly dir: string;
  /** Sorted by key. */
  readonly objects: readonly RawObject[];
  readonly problems: readonly RawProblem[];
  readonly listing: readonly RawListing[];
  /**
   * The bytes of an object.
   * @throws CountersignError RAW_CHANGED
   */
  read(object: RawObject): Promise<Buffer>;
}

const readIndex = async <T>(file: string, parse: (bytes: Uint8Array) => readonly T[]): Promise<readonly T[]> => {
  try {
    return parse(await readBounded(file, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file, problem: reason(error) }, { cause: error });
  }
};

/** Opens `<dataDir>/raw`; empty where nothing was collected. */
export const openRawEvidence = async (dataDir: string): Promise<RawEvidence> => {
  const root = join(dataDir, 'raw');
  return {
    dir: root,
    objects: await readIndex(join(root, 'index.ndjson'), parseRawIndex),
    problems: await readIndex(join(root, 'problems.ndjson'), parseRawProblems),
    listing: await readIndex(join(root, 'listing.ndjson'), parseRawListing),
    read: async (object) => {
      const changed = (problem: string): CountersignError =>
        new CountersignError('RAW_CHANGED', { key: object.key, problem });
      const bytes = await readBounded(join(root, rawPath(object.sha256)), MAX_OBJECT_BYTES).catch((error: unknown) => {
        throw changed(isSystemError(error, 'ENOENT') ? 'it is gone' : reason(error));
      });
      if (sha256(bytes) !== object.sha256) throw changed('its bytes have another hash');
      return bytes;
    },
  };
};
