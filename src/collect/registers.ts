/** Takes a register of the organisation into `snapshots/`: checked, dated, hashed, as given. */
import { join } from 'node:path';
import { timestamp } from '../base/clock.js';
import { sha256 } from '../base/digest.js';
import { isSystemError, makeFolder, readBounded, writeAtomic } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import {
  formatSnapshots,
  MAX_REGISTER_BYTES,
  parseSnapshots,
  type RegisterCell,
  type RegisterKind,
  type RegisterProblem,
  type RegisterSnapshot,
  readRegister,
  snapshotName,
} from '../model/registers.js';

const MAX_INDEX_BYTES = 64 * 1024 ** 2;

export interface TakeRegister {
  readonly dataDir: string;
  readonly kind: RegisterKind;
  /** The CSV file. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface TakenRegister {
  /** Null where the file has problems: then nothing was taken. */
  readonly snapshot: RegisterSnapshot | null;
  /** Where the newest register of the kind has these very bytes: then nothing is added. */
  readonly unchanged: boolean;
  /** Against the register of the kind that was taken before; rows. */
  readonly added: number;
  readonly gone: number;
  readonly problems: readonly RegisterProblem[];
}

const readIndex = async (file: string): Promise<readonly RegisterSnapshot[]> => {
  try {
    return parseSnapshots(await readBounded(file, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file, problem: reason(error) }, { cause: error });
  }
};

const keysOf = (rows: readonly (readonly RegisterCell[])[]): ReadonlySet<string> =>
  new Set(rows.map((row) => JSON.stringify(row)));

const rowsBefore = async (root: string, before: RegisterSnapshot | undefined): Promise<ReadonlySet<string>> => {
  if (before === undefined) return new Set();
  const key = snapshotName(before);
  const bytes = await readBounded(join(root, key), before.bytes).catch((error: unknown) => {
    throw new CountersignError('RAW_CHANGED', { key, problem: reason(error) }, { cause: error });
  });
  return keysOf((await readRegister(before.kind, bytes)).rows);
};

const readFile = async (file: string): Promise<Buffer> => {
  try {
    return await readBounded(file, MAX_REGISTER_BYTES);
  } catch (error) {
    throw new CountersignError('REGISTER_FILE', { file, problem: reason(error) }, { cause: error });
  }
};

/**
 * Takes a register whole or not at all. The newest of a kind is in force; those before it are kept.
 * @throws CountersignError REGISTER_FILE, RAW_INDEX, RAW_CHANGED
 */
export const takeRegister = async ({ dataDir, kind, file, now }: TakeRegister): Promise<TakenRegister> => {
  const bytes = await readFile(file);
  const { rows, problems } = await readRegister(kind, bytes);
  if (problems.length > 0) return { snapshot: null, unchanged: false, added: 0, gone: 0, problems };
  const root = join(dataDir, 'snapshots');
  const index = join(root, 'index.ndjson');
  await makeFolder(root);
  const known = await readIndex(index);
  const before = known.findLast((one) => one.kind === kind);
  const hash = sha256(bytes);
  if (before?.sha256 === hash) return { snapshot: before, unchanged: true, added: 0, gone: 0, problems };
  const [was, is] = [await rowsBefore(root, before), keysOf(rows)];
  const snapshot = { kind, sha256: hash, bytes: bytes.length, rows: rows.length, taken: timestamp(now) };
  await writeAtomic(join(root, snapshotName(snapshot)), bytes);
  await writeAtomic(index, Buffer.from(formatSnapshots([...known, snapshot])));
  const without = (some: ReadonlySet<string>, others: ReadonlySet<string>): number =>
    [...some].filter((key) => !others.has(key)).length;
  return { snapshot, unchanged: false, added: without(is, was), gone: without(was, is), problems };
};
