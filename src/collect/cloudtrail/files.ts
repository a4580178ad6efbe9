/** Collects a folder of CloudTrail files: each is named, hashed, checked, counted and kept as delivered. */

import { sha256 } from '../../base/digest.js';
import { readAtOnce, readBounded } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import { JsonError } from '../../base/json.js';
import { trailKindOfKey } from '../../base/trail-log.js';
import type { RawObject } from '../../model/evidence.js';
import type { RawProblem } from '../../model/raw-index.js';
import { openRawStore, type RawStore } from '../raw-store.js';
import { type FileKind, type Inspection, inspectFile, signatureOfHead } from './inspect.js';
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

/** AWS delivers at most 50 MB; room for plain files. */
const MAX_FILE_BYTES = 400 * 1024 ** 2;
const MAX_HEAD_BYTES = 64 * 1024;
const HEAD = '.head.json';

const RAW_KIND: Readonly<Partial<Record<FileKind, RawObject['kind']>>> = {
  log: 'cloudtrail-log',
  lookup: 'cloudtrail-log',
  insight: 'cloudtrail-log',
  network: 'cloudtrail-log',
  digest: 'cloudtrail-digest',
  public_keys: 'cloudtrail-public-keys',
};

interface Taken {
  readonly row: CollectedFile;
  readonly object: RawObject | null;
}

const skipped = (file: Listed, kind: FileKind, why: string, problem: boolean, hash = ''): Taken => ({
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

/** A damaged file that AWS's name says is a log or digest is evidence; anything else is not ours to keep. */
export const rawKindOf = (key: string, { readable, kind }: Inspection): RawObject['kind'] | undefined =>
  readable ? RAW_KIND[kind] : RAW_KIND[trailKindOfKey(key) ?? 'other'];

/** The signature beside a digest, by the digest's key. */
const readHead = async (file: Listed): Promise<string | undefined> => {
  try {
    return signatureOfHead(await readBounded(file.path, MAX_HEAD_BYTES));
  } catch (error) {
    if (error instanceof JsonError || error instanceof RangeError) return undefined;
    throw error;
  }
};

const takeFile = async (file: Listed, signature: string | null, store: RawStore): Promise<Taken> => {
  if (file.bytes > MAX_FILE_BYTES) return skipped(file, 'other', `more than ${MAX_FILE_BYTES} bytes`, true);
  const bytes = readAtOnce(file.path, MAX_FILE_BYTES);
  const hash = sha256(bytes);
  const found = inspectFile(file.key, bytes);
  const row = rowOf(file.key, hash, bytes.length, found);
  const kind = rawKindOf(file.key, found);
  if (kind === undefined) return { row, object: null };
  await store.put(hash, bytes);
  const object: RawObject = { sha256: hash, bytes: bytes.length, kind, key: file.key, signature };
  return { row, object: kind === 'cloudtrail-digest' ? object : { ...object, signature: null } };
};

const takeAny = async (file: Listed, heads: ReadonlyMap<string, string | null>, store: RawStore): Promise<Taken> => {
  if (file.refused !== null) return skipped(file, 'other', file.refused, true);
  if (file.key.endsWith(HEAD)) {
    const found = heads.get(file.key.slice(0, -HEAD.length)) ?? null;
    return skipped(
      file,
      'signature',
      found === null ? 'it holds no signature' : 'signature of a digest',
      found === null,
    );
  }
  if (!/\.json(?:\.gz)?$/.test(file.key)) return skipped(file, 'other', 'not a .json or .json.gz file', false);
  try {
    return await takeFile(file, heads.get(file.key) ?? null, store);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    return skipped(file, 'other', `it could not be read: ${reason(error)}`, true);
  }
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
  const taken: Taken[] = [];
  for (const file of listed) {
    options.onProgress?.(taken.length, listed.length);
    taken.push(await takeAny(file, heads, store));
  }
  options.onProgress?.(listed.length, listed.length);
  const objects = taken.flatMap(({ object }) => (object === null ? [] : [object]));
  const problems = taken.filter(({ row, object }) => row.problem && object === null).map(({ row }) => toProblem(row));
  await store.commit(objects, problems);
  return { files: taken.map(({ row }) => row) };
};
