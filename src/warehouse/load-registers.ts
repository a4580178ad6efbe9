/** Loads the registers in force: of each kind the one taken last. */
import { join } from 'node:path';
import { sha256 } from '../base/digest.js';
import { isSystemError, readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import {
  MAX_REGISTER_BYTES,
  parseSnapshots,
  type RegisterKind,
  type RegisterSnapshot,
  readRegister,
  snapshotName,
} from '../model/registers.js';
import type { Builder } from './open.js';

const MAX_INDEX_BYTES = 64 * 1024 ** 2;

const REGISTER_TABLES: Readonly<Record<RegisterKind, string>> = {
  leavers: 'leaver',
  reviews: 'change_review',
  changes: 'change_ticket',
  cases: 'finding_case',
  disclosures: 'disclosure',
};

/**
 * The registers that were taken, oldest first, and none where there are none.
 * @throws CountersignError RAW_INDEX
 */
export const registerSnapshots = async (dataDir: string): Promise<readonly RegisterSnapshot[]> => {
  const file = join(dataDir, 'snapshots', 'index.ndjson');
  try {
    return parseSnapshots(await readBounded(file, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file, problem: reason(error) }, { cause: error });
  }
};

const loadOne = async (builder: Builder, dataDir: string, snapshot: RegisterSnapshot): Promise<void> => {
  const key = snapshotName(snapshot);
  const changed = (problem: string): CountersignError => new CountersignError('RAW_CHANGED', { key, problem });
  const bytes = await readBounded(join(dataDir, 'snapshots', key), MAX_REGISTER_BYTES).catch((error: unknown) => {
    throw changed(isSystemError(error, 'ENOENT') ? 'it is gone' : reason(error));
  });
  if (sha256(bytes) !== snapshot.sha256) throw changed('its bytes have another hash');
  const { rows, problems } = await readRegister(snapshot.kind, bytes);
  if (problems.length > 0 || rows.length !== snapshot.rows) throw changed('it has other rows than were taken');
  const to = await builder.appender(REGISTER_TABLES[snapshot.kind]);
  for (const row of rows) to.add(row);
  to.close();
};

/**
 * Fills the register tables.
 * @throws CountersignError RAW_INDEX, RAW_CHANGED
 */
export const loadRegisters = async (builder: Builder, dataDir: string): Promise<void> => {
  const snapshots = await registerSnapshots(dataDir);
  const newest = new Map(snapshots.map((one) => [one.kind, one]));
  const to = await builder.appender('register');
  for (const one of snapshots) {
    const inForce = newest.get(one.kind) === one;
    to.add([one.kind, snapshotName(one), one.sha256, Date.parse(one.taken), one.rows, inForce]);
  }
  to.close();
  for (const one of newest.values()) await loadOne(builder, dataDir, one);
};
