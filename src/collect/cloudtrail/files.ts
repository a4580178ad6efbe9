/** Collects a folder of CloudTrail files: each is named, hashed, checked, counted and kept as delivered. */

import { readBounded } from '../../base/durable.js';
import { CountersignError } from '../../base/errors.js';
import { JsonError } from '../../base/json.js';
import { eachOf } from '../../base/pool.js';
import type { RawObject } from '../../model/evidence.js';
import type { RawProblem } from '../../model/raw-index.js';
import { openRawStore, type RawStore } from '../raw-store.js';
import { type FileKind, type Inspection, signatureOfHead } from './inspect.js';
import { openIntake } from './intake/intake.js';
import { MAX_FILE_BYTES, type NotTaken, type Taken } from './intake/take.js';
import { type Listed, listFiles } from './walk.js';

/** One listed file. `rowsRead` is the sum of the four counts after it. */
export interface CollectedFile {
  readonly key: string;
  /** Empty where the file was not read. */
  readonly sha256: string;
  readonly bytes: number;
  readonly kind: FileKind;
  readonly rowsRead: number;
  readonly out: number;
  readonly rejected: number;
  readonly duplicate: number;
  readonly excluded: number;
  readonly reason: string | null;
  /** Whether it must be named to the user: not taken, or not taken whole. */
  readonly problem: boolean;
}

export interface Collection {
  /** Sorted by key. */
  readonly files: readonly CollectedFile[];
}

export interface CollectOptions {
  readonly from: string;
  readonly dataDir: string;
  readonly onProgress?: (done: number, total: number) => void;
}

const MAX_HEAD_BYTES = 64 * 1024;
const HEAD = '.head.json';

/** Files that a thread takes at once, and their bytes. */
const BATCH_FILES = 256;
const BATCH_BYTES = 8 * 1024 ** 2;
/** Batches under way. */
const AT_ONCE = 4;

interface Row {
  readonly row: CollectedFile;
  readonly object: RawObject | null;
}

const skipped = (file: Listed, kind: FileKind, why: string, problem: boolean, hash = ''): Row => ({
  row: {
    key: file.key,
    sha256: hash,
    bytes: file.bytes,
    kind,
    rowsRead: 0,
    out: 0,
    rejected: 0,
    duplicate: 0,
    excluded: 0,
    reason: why,
    problem,
  },
  object: null,
});

/**
 * The row of a file that was read.
 * @throws CountersignError COUNTS_DIFFER
 */
export const rowOf = (key: string, hash: string, bytes: number, found: Inspection): CollectedFile => {
  const { kind, rowsRead, out, rejected, duplicate, excluded, readable } = found;
  if (rowsRead !== out + rejected + duplicate + excluded) {
    throw new CountersignError('COUNTS_DIFFER', { what: key, problem: `${rowsRead} rows read` });
  }
  const problem = !readable || rejected > 0;
  return {
    key,
    sha256: hash,
    bytes,
    kind,
    rowsRead,
    out,
    rejected,
    duplicate,
    excluded,
    reason: found.reason,
    problem,
  };
};

/** The signature beside a digest, by the digest's key. */
const readHead = async (file: Listed): Promise<string | undefined> => {
  try {
    return signatureOfHead(await readBounded(file.path, MAX_HEAD_BYTES));
  } catch (error) {
    if (error instanceof JsonError || error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Why a listed file is not opened; null where it is to be taken. */
const passedOver = (file: Listed, heads: ReadonlyMap<string, string | null>): Row | null => {
  if (file.refused !== null) return skipped(file, 'other', file.refused, true);
  if (file.key.endsWith(HEAD)) {
    const missing = (heads.get(file.key.slice(0, -HEAD.length)) ?? null) === null;
    return skipped(file, 'signature', missing ? 'it holds no signature' : 'signature of a digest', missing);
  }
  if (!/\.json(?:\.gz)?$/.test(file.key)) return skipped(file, 'other', 'not a .json or .json.gz file', false);
  return file.bytes > MAX_FILE_BYTES ? skipped(file, 'other', `more than ${MAX_FILE_BYTES} bytes`, true) : null;
};

const rowFor = (file: Listed, taken: Taken | NotTaken, signature: string | null): Row => {
  if ('problem' in taken) return skipped(file, 'other', `it could not be read: ${taken.problem}`, true);
  const { sha256: hash, bytes, found, kind } = taken;
  const row = rowOf(file.key, hash, bytes, found);
  if (kind === null) return { row, object: null };
  const own = kind === 'cloudtrail-digest' ? signature : null;
  return { row, object: { sha256: hash, bytes, kind, key: file.key, signature: own } };
};

const batchesOf = (files: readonly Listed[]): readonly (readonly Listed[])[] => {
  const all: Listed[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = all.at(-1);
    if (last && last.length < BATCH_FILES && bytes < BATCH_BYTES) last.push(file);
    else {
      all.push([file]);
      bytes = 0;
    }
    bytes += file.bytes;
  }
  return all;
};

/** Takes files by the batch; what came of them, by key. */
const takeAll = async (
  files: readonly Listed[],
  store: RawStore,
  onTaken: (count: number) => void,
): Promise<ReadonlyMap<string, Taken | NotTaken>> => {
  const intake = openIntake(store.root, files);
  const found = new Map<string, Taken | NotTaken>();
  try {
    await eachOf(batchesOf(files), AT_ONCE, async (batch) => {
      const taken = await intake.take(batch.map(({ key, path }) => ({ key, from: path })));
      for (const [i, one] of taken.entries()) {
        found.set(batch[i]?.key ?? '', one);
        if (!('problem' in one) && one.kind !== null) store.kept(one.sha256);
      }
      onTaken(found.size);
    });
  } finally {
    await intake.close();
  }
  return found;
};

const toProblem = ({ key, sha256: hash, bytes, reason: why }: CollectedFile): RawProblem => ({
  key,
  sha256: hash,
  bytes,
  reason: why ?? '',
});

/**
 * Reads every file below `from` and keeps CloudTrail logs, digests with their signatures, and public keys under
 * `<dataDir>/raw`. A file that cannot be taken is named in its row and does not stop the rest. Collecting
 * the same folder again changes nothing.
 *
 * A digest's signature is object metadata in S3; in a folder it is the sidecar `<digest file>.head.json`, the
 * output of `aws s3api head-object`. Public keys are `public-keys/<region>.json`, the output of
 * `aws cloudtrail list-public-keys`.
 * @throws CountersignError COLLECT_FOLDER, RAW_INDEX
 */
export const collectCloudTrailFolder = async (options: CollectOptions): Promise<Collection> => {
  const listed = await listFiles(options.from);
  const store = await openRawStore(options.dataDir);
  const heads = new Map<string, string | null>();
  for (const file of listed) {
    if (file.key.endsWith(HEAD) && file.refused === null) {
      heads.set(file.key.slice(0, -HEAD.length), (await readHead(file)) ?? null);
    }
  }
  const passed = listed.map((file) => passedOver(file, heads));
  const open = listed.filter((_, i) => passed[i] === null);
  const found = await takeAll(open, store, (count) =>
    options.onProgress?.(listed.length - open.length + count, listed.length),
  );
  const taken = listed.map((file, i) => {
    const nothing: NotTaken = { problem: 'nothing came of it' };
    return passed[i] ?? rowFor(file, found.get(file.key) ?? nothing, heads.get(file.key) ?? null);
  });
  options.onProgress?.(listed.length, listed.length);
  const objects = taken.flatMap(({ object }) => (object === null ? [] : [object]));
  const problems = taken.filter(({ row, object }) => row.problem && object === null).map(({ row }) => toProblem(row));
  await store.commit(objects, problems);
  return { files: taken.map(({ row }) => row) };
};
