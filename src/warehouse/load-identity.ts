/** Loads the snapshots of identities in force: of each source the one taken last. */
import { join } from 'node:path';
import { sha256 } from '../base/digest.js';
import { isSystemError, readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import {
  type IdentityDocument,
  type IdentitySnapshot,
  identityName,
  identityTables,
  MAX_SNAPSHOT_BYTES,
  parseIdentity,
  parseIdentityIndex,
} from '../model/identity-snapshot.js';
import type { Builder } from './open.js';

const MAX_INDEX_BYTES = 64 * 1024 ** 2;

/**
 * The snapshots that were taken, oldest first, and none where there are none.
 * @throws CountersignError RAW_INDEX
 */
export const identitySnapshots = async (dataDir: string): Promise<readonly IdentitySnapshot[]> => {
  const file = join(dataDir, 'snapshots', 'identity.ndjson');
  try {
    return parseIdentityIndex(await readBounded(file, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file, problem: reason(error) }, { cause: error });
  }
};

const readDocument = async (dataDir: string, snapshot: IdentitySnapshot): Promise<IdentityDocument> => {
  const key = identityName(snapshot);
  const changed = (problem: string): CountersignError => new CountersignError('RAW_CHANGED', { key, problem });
  const bytes = await readBounded(join(dataDir, 'snapshots', key), MAX_SNAPSHOT_BYTES).catch((error: unknown) => {
    throw changed(isSystemError(error, 'ENOENT') ? 'it is gone' : reason(error));
  });
  if (sha256(bytes) !== snapshot.sha256) throw changed('its bytes have another hash');
  try {
    return parseIdentity(bytes);
  } catch (error) {
    throw changed(reason(error));
  }
};

/**
 * Fills the identity tables.
 * @throws CountersignError RAW_INDEX, RAW_CHANGED
 */
export const loadIdentity = async (builder: Builder, dataDir: string): Promise<void> => {
  const snapshots = await identitySnapshots(dataDir);
  const newest = new Map(snapshots.map((one) => [one.source, one]));
  const to = await builder.appender('identity_snapshot');
  for (const one of snapshots) {
    const { kind, source, sha256: hash, taken, rows, added, changed, gone } = one;
    const row = [kind, source, identityName(one), hash, Date.parse(taken), rows, added, changed, gone];
    to.add([...row, newest.get(source) === one]);
  }
  to.close();
  const documents: IdentityDocument[] = [];
  for (const one of newest.values()) documents.push(await readDocument(dataDir, one));
  for (const name of identityTables()) {
    const table = await builder.appender(name);
    for (const { source, tables } of documents) for (const row of tables[name] ?? []) table.add([source, ...row]);
    table.close();
  }
};
