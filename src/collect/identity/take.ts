/** Takes a source of identities into `snapshots/`: checked, dated, hashed, compared with the one before. */
import { join } from 'node:path';
import { timestamp } from '../../base/clock.js';
import { sha256 } from '../../base/digest.js';
import { isSystemError, makeFolder, readBounded, writeAtomic } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import {
  checkRows,
  formatIdentity,
  formatIdentityIndex,
  type IdentityRows,
  type IdentitySnapshot,
  identityName,
  MAX_SNAPSHOT_BYTES,
  parseIdentity,
  parseIdentityIndex,
} from '../../model/identity-snapshot.js';
import { type IdentityChange, identityChanges } from './changes.js';
import { IdentityError, type IdentitySource } from './source.js';

const MAX_INDEX_BYTES = 64 * 1024 ** 2;

export interface TakenIdentity {
  readonly snapshot: IdentitySnapshot;
  /** Against the last snapshot of the source; all are `added` in the first. */
  readonly changes: readonly IdentityChange[];
  /** What had to be left out, in sentences. */
  readonly notes: readonly string[];
}

const readIndex = async (file: string): Promise<readonly IdentitySnapshot[]> => {
  try {
    return parseIdentityIndex(await readBounded(file, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file, problem: reason(error) }, { cause: error });
  }
};

const rowsBefore = async (root: string, before: IdentitySnapshot | undefined): Promise<IdentityRows> => {
  if (before === undefined) return {};
  const key = identityName(before);
  try {
    const bytes = await readBounded(join(root, key), MAX_SNAPSHOT_BYTES);
    if (sha256(bytes) !== before.sha256) throw new Error('its bytes have another hash');
    return parseIdentity(bytes).tables;
  } catch (error) {
    throw new CountersignError('RAW_CHANGED', { key, problem: reason(error) }, { cause: error });
  }
};

const checked = async (
  source: IdentitySource,
  onProgress: (step: string, done: number, total: number) => void,
  note: (reason: string) => void,
): Promise<IdentityRows> => {
  const rows = await source.read(onProgress, note);
  try {
    return checkRows(rows);
  } catch (error) {
    throw new IdentityError(reason(error));
  }
};

const countOf = (changes: readonly IdentityChange[], how: IdentityChange['how']): number =>
  changes.filter((change) => change.how === how).length;

/**
 * Takes one snapshot, whole or not at all. The newest of a source is in force; those before it are kept. Taking the same
 * state again adds a line with its date, since that nothing changed is evidence too.
 * @throws IdentityError, CountersignError RAW_INDEX, RAW_CHANGED
 */
export const takeIdentity = async (
  dataDir: string,
  source: IdentitySource,
  now: number,
  onProgress: (step: string, done: number, total: number) => void = () => undefined,
): Promise<TakenIdentity> => {
  const notes: string[] = [];
  const tables = await checked(source, onProgress, (why) => notes.push(why));
  const { kind, source: name } = source;
  const root = join(dataDir, 'snapshots');
  const index = join(root, 'identity.ndjson');
  await makeFolder(root);
  const known = await readIndex(index);
  const before = known.findLast((one) => one.source === name);
  const changes = identityChanges(await rowsBefore(root, before), tables);
  const bytes = formatIdentity({ kind, source: name, tables });
  if (bytes.length > MAX_SNAPSHOT_BYTES) throw new IdentityError(`it holds more than ${MAX_SNAPSHOT_BYTES} bytes`);
  const snapshot: IdentitySnapshot = {
    kind,
    source: name,
    sha256: sha256(bytes),
    bytes: bytes.length,
    rows: Object.values(tables).reduce((total, rows) => total + rows.length, 0),
    taken: timestamp(now),
    added: countOf(changes, 'added'),
    changed: countOf(changes, 'changed'),
    gone: countOf(changes, 'gone'),
  };
  await writeAtomic(join(root, identityName(snapshot)), bytes);
  await writeAtomic(index, Buffer.from(formatIdentityIndex([...known, snapshot])));
  return { snapshot, changes, notes };
};
