/** `raw/`: what outside systems delivered, byte for byte, named by its hash. */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../base/digest.js';
import {
  createAtOnce,
  isSystemError,
  makeFolder,
  readAtOnce,
  readBounded,
  realFiles,
  writeAtomic,
} from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { syncFiles } from '../base/sync-files.js';
import type { RawObject } from '../model/evidence.js';
import {
  parseRawIndex,
  parseRawListing,
  parseRawProblems,
  type RawListing,
  type RawProblem,
  rawPath,
} from '../model/raw-index.js';

/** A million lines of some 400 bytes. */
const MAX_INDEX_BYTES = 512 * 1024 ** 2;

export interface RawStore {
  /** Keeps the bytes under their hash, once. They are durable after the next `commit`. */
  put(hash: string, bytes: Buffer): void;
  /** Tells of an object that `keepRaw` kept below the root. */
  kept(hash: string): void;
  /** The folder of the objects. */
  readonly root: string;
  /** What is kept so far. */
  objects(): Promise<readonly RawObject[]>;
  /** The bytes of a kept object. */
  read(object: RawObject): Promise<Buffer>;
  /** What could not be read, or listed, and has not been since. */
  problems(): Promise<readonly RawProblem[]>;
  /** Merges one collection into the index files; each is replaced at once. */
  commit(objects: readonly RawObject[], problems: readonly RawProblem[], listed?: Listed): Promise<void>;
}

/** What listing a bucket told. */
export interface Listed {
  readonly lines: readonly RawListing[];
  /** Prefixes that could be listed: no problem any more where they were one. */
  readonly prefixes: readonly string[];
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

/** A later delivery without the signature does not unlearn it; what a bucket told first stays. */
const mergeObjects = (before: readonly RawObject[], now: readonly RawObject[]): readonly RawObject[] => {
  const merged = new Map(before.map((row) => [identity(row), row]));
  for (const row of now) {
    const known = merged.get(identity(row));
    const delivery = known?.delivery ?? row.delivery;
    const signature = row.signature ?? known?.signature ?? null;
    const { sha256: hash, bytes, kind, key } = row;
    merged.set(identity(row), { sha256: hash, bytes, kind, key, signature, ...(delivery && { delivery }) });
  }
  return [...merged.values()].sort(byKey);
};

/** A file that was collected whole since is a problem no more, nor is a prefix that could be listed. */
const mergeProblems = (
  before: readonly RawProblem[],
  now: readonly RawProblem[],
  settled: ReadonlySet<string>,
): readonly RawProblem[] => {
  const merged = new Map([...before, ...now].map((row) => [row.key, row]));
  return [...merged.values()].filter((row) => !settled.has(row.key)).sort(byKey);
};

const placeOf = (row: RawListing): string =>
  row.kind === 'chain' ? `0 ${row.source} ${row.account} ${row.region}` : `1 ${row.source} ${row.key} ${row.at}`;

/** The window of an expected chain grows with each collection. */
const mergeListing = (before: readonly RawListing[], now: readonly RawListing[]): readonly RawListing[] => {
  const merged = new Map(before.map((row) => [placeOf(row), row]));
  for (const row of now) {
    const known = merged.get(placeOf(row));
    const both = row.kind === 'chain' && known?.kind === 'chain' ? known : undefined;
    const from = both && row.kind === 'chain' && both.from < row.from ? { from: both.from } : {};
    const to = both && row.kind === 'chain' && both.to > row.to ? { to: both.to } : {};
    merged.set(placeOf(row), { ...row, ...from, ...to });
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
};

/** Whether the object is there unharmed: collecting again mends one that is not. */
const holds = (path: string, hash: string, length: number): boolean => {
  try {
    return sha256(readAtOnce(path, length)) === hash;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

const isThere = (path: string, bytes: Buffer): boolean => {
  try {
    return !createAtOnce(path, bytes);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    mkdirSync(dirname(path), { mode: 0o700, recursive: true });
    return !createAtOnce(path, bytes);
  }
};

/**
 * Keeps the bytes under their hash below `root`, once, in this thread. One that was harmed is put right.
 * It is durable after the next `commit` of a store that was told of it.
 */
export const keepRaw = (root: string, hash: string, bytes: Buffer): void => {
  const path = join(root, rawPath(hash));
  if (!isThere(path, bytes) || holds(path, hash, bytes.length)) return;
  rmSync(path, { force: true });
  createAtOnce(path, bytes);
};

/** Opens `<dataDir>/raw`, making it where there is none. */
export const openRawStore = async (dataDir: string): Promise<RawStore> => {
  const root = join(dataDir, 'raw');
  const indexFile = join(root, 'index.ndjson');
  const problemsFile = join(root, 'problems.ndjson');
  const listingFile = join(root, 'listing.ndjson');
  await makeFolder(root);
  let written = new Set<string>();
  const syncWritten = async (): Promise<void> => {
    const paths = [...written].map((hash) => join(root, rawPath(hash)));
    if (paths.length === 0) return;
    written = new Set();
    await syncFiles(paths);
    await realFiles.syncFolder(root);
  };
  return {
    root,
    put: (hash, bytes) => {
      keepRaw(root, hash, bytes);
      written.add(hash);
    },
    kept: (hash) => void written.add(hash),
    objects: () => readLines(indexFile, parseRawIndex),
    read: ({ sha256: hash, bytes }) => readBounded(join(root, rawPath(hash)), bytes),
    problems: () => readLines(problemsFile, parseRawProblems),
    commit: async (objects, problems, { lines, prefixes } = { lines: [], prefixes: [] }) => {
      await syncWritten();
      const index = mergeObjects(await readLines(indexFile, parseRawIndex), objects);
      const settled = new Set([...objects.map(({ key }) => key), ...prefixes]);
      const open = mergeProblems(await readLines(problemsFile, parseRawProblems), problems, settled);
      await writeAtomic(indexFile, ndjson(index));
      await writeAtomic(problemsFile, ndjson(open));
      if (lines.length === 0) return;
      await writeAtomic(listingFile, ndjson(mergeListing(await readLines(listingFile, parseRawListing), lines)));
    },
  };
};
