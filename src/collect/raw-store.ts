/** `raw/`: what outside systems delivered, byte for byte, named by its hash. */
import { join } from 'node:path';
import { sha256 } from '../base/digest.js';
import { isSystemError, makeFolder, readBounded, realFiles, writeAtomic } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { RawObject } from '../model/evidence.js';
import { parseRawIndex, parseRawProblems, type RawProblem, rawPath } from '../model/raw-index.js';

/** A million lines of some 400 bytes. */
const MAX_INDEX_BYTES = 512 * 1024 ** 2;

export interface RawStore {
  /** Keeps the bytes under their hash, once. */
  put(hash: string, bytes: Buffer): Promise<void>;
  /** Merges one collection into the two index files; each is replaced at once. */
  commit(objects: readonly RawObject[], problems: readonly RawProblem[]): Promise<void>;
}

const readLines = async <T>(path: string, parse: (bytes: Uint8Array) => readonly T[]): Promise<readonly T[]> => {
  try {
    return parse(await readBounded(path, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file: path, problem: reason(error) }, { cause: error });
  }
};

const ndjson = (rows: readonly object[]): Buffer => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

const byKey = (a: { key: string; sha256: string }, b: { key: string; sha256: string }): number =>
  a.key < b.key || (a.key === b.key && a.sha256 < b.sha256) ? -1 : 1;

const identity = (row: { readonly key: string; readonly sha256: string }): string => `${row.sha256} ${row.key}`;

/** A later delivery without the signature does not unlearn it. */
const mergeObjects = (before: readonly RawObject[], now: readonly RawObject[]): readonly RawObject[] => {
  const merged = new Map(before.map((row) => [identity(row), row]));
  for (const row of now) {
    const signature = row.signature ?? merged.get(identity(row))?.signature ?? null;
    merged.set(identity(row), { ...row, signature });
  }
  return [...merged.values()].sort(byKey);
};

/** A file that was collected whole since is a problem no more. */
const mergeProblems = (
  before: readonly RawProblem[],
  now: readonly RawProblem[],
  objects: readonly RawObject[],
): readonly RawProblem[] => {
  const collected = new Set(objects.map((row) => row.key));
  const merged = new Map([...before, ...now].map((row) => [row.key, row]));
  return [...merged.values()].filter((row) => !collected.has(row.key)).sort(byKey);
};

/** Whether the object is there unharmed: collecting again mends one that is not. */
const holds = async (path: string, hash: string, length: number): Promise<boolean> =>
  (await realFiles.facts(path))?.size === length && sha256(await readBounded(path, length)) === hash;

/** Opens `<dataDir>/raw`, making it where there is none. */
export const openRawStore = async (dataDir: string): Promise<RawStore> => {
  const root = join(dataDir, 'raw');
  const indexFile = join(root, 'index.ndjson');
  const problemsFile = join(root, 'problems.ndjson');
  await makeFolder(root);
  return {
    put: async (hash, bytes) => {
      const path = join(root, rawPath(hash));
      if (await holds(path, hash, bytes.length)) return;
      await makeFolder(join(root, hash.slice(0, 2)));
      await writeAtomic(path, bytes);
    },
    commit: async (objects, problems) => {
      const index = mergeObjects(await readLines(indexFile, parseRawIndex), objects);
      const open = mergeProblems(await readLines(problemsFile, parseRawProblems), problems, objects);
      await writeAtomic(indexFile, ndjson(index));
      await writeAtomic(problemsFile, ndjson(open));
    },
  };
};
