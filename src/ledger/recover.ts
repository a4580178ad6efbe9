/**
 * What a ledger holds when it is opened: the last checkpoint that verifies is where writing goes on; what
 * follows it was never acknowledged and is set aside. Damage before it is for people, never mended here.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type FilePort, makeFolder, readBounded, syncAbove, writeAtomic } from '../base/durable.js';
import type { RecoverRecord, ResultRecord } from '../model/record.js';
import type { Account } from './account.js';
import type { ChainState } from './chain.js';
import type { Draft } from './encode.js';
import { findStanding, MAX_TAIL, readTornTail, type Standing, type StandingAsk } from './scan.js';

/** The ledger’s own folder, `ledger/`, the data folder and the one that holds it: those a start may have made. */
const FOLDERS_ABOVE = 4;

export interface Recovered {
  readonly state: ChainState;
  readonly account: Account;
  /** The segment file to write on; null for a new ledger. */
  readonly segment: string | null;
  /** Bytes of it that are acknowledged. */
  readonly end: number;
  readonly sealed: Standing['sealed'];
  /** Whether there are segments beside those. */
  readonly unsealed: boolean;
  readonly kept: Standing['kept'];
  /** Set-aside bytes that no record names yet. */
  readonly setAside: readonly RecoverRecord[];
}

/**
 * Copies what follows the acknowledged bytes of the last file into `quarantine/`, durably, and only then cuts it off.
 * @returns what a record is to say of it; null where nothing follows
 * @throws CountersignError LEDGER_DAMAGED where the bytes cannot be one batch that did not reach the disk whole
 */
export const setAside = async (
  standing: Pick<Standing, 'dir' | 'last' | 'end' | 'problem'>,
  files: FilePort,
): Promise<RecoverRecord | null> => {
  const { dir, last, end } = standing;
  const tail = await readTornTail(standing, files);
  if (!last || tail.length === 0) return null;
  const sha256 = createHash('sha256').update(tail).digest('hex');
  const name = `${String(last.first).padStart(16, '0')}-${end}-${sha256.slice(0, 16)}.bin`;
  await writeAtomic(join(dir, 'quarantine', name), tail, files);
  const file = await files.append(last.path);
  try {
    await file.truncate(end);
  } finally {
    await file.close();
  }
  return { bytes: tail.length, sha256, file: `quarantine/${name}` };
};

/**
 * What was read may stand in memory alone, written by a process whose sync failed. It is made durable before anything
 * follows it.
 */
const makeDurable = async ({ dir, last, end }: Standing, files: FilePort): Promise<void> => {
  if (!last || end === 0) return;
  const file = await files.append(last.path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await files.syncFolder(join(dir, 'log'));
};

/** Names in `quarantine/` of bytes that no record names yet. */
export const unrecorded = async (
  { dir, account }: Pick<Standing, 'dir' | 'account'>,
  files: FilePort,
): Promise<readonly string[]> => {
  const names = [...(await files.list(join(dir, 'quarantine')))].sort();
  return names.filter((name) => name.endsWith('.bin') && !account.named.has(`quarantine/${name}`));
};

const recoverRecord = async (dir: string, name: string, files: FilePort): Promise<RecoverRecord> => {
  const bytes = await readBounded(join(dir, 'quarantine', name), MAX_TAIL, files);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes: bytes.length, sha256, file: `quarantine/${name}` };
};

/**
 * Reads the ledger, sets aside what follows the last checkpoint that verifies, and says where to go on.
 * Makes the folders of a new ledger.
 * @throws CountersignError LEDGER_DAMAGED
 */
export const recoverLedger = async (dir: string, files: FilePort, ask: StandingAsk): Promise<Recovered> => {
  for (const name of ['log', 'blobs', 'quarantine']) await makeFolder(join(dir, name), files);
  await syncAbove(join(dir, 'log'), FOLDERS_ABOVE, files);
  const standing = await findStanding(dir, files, ask);
  await setAside(standing, files);
  await makeDurable(standing, files);
  const found: RecoverRecord[] = [];
  for (const name of await unrecorded(standing, files)) found.push(await recoverRecord(dir, name, files));
  const { segments, state, account, sealed, kept, last, end } = standing;
  const unsealed = segments.length > sealed.length;
  return { state, account, sealed, unsealed, kept, segment: last?.path ?? null, end, setAside: found };
};

const UNKNOWN: Pick<ResultRecord, 'status' | 'ms' | 'bytes' | 'redactions' | 'aws_request_ids'> = {
  status: 'unknown',
  ms: 0,
  bytes: 0,
  redactions: {},
  aws_request_ids: [],
};

/** What goes on record before anything else: what was set aside, and the outcomes nobody saw. */
export const recoveryDrafts = (
  setAside: readonly RecoverRecord[],
  open: ReadonlyMap<number, string>,
): readonly Draft[] => [
  ...setAside.map((d): Draft => ({ type: 'recover', d })),
  ...[...open].map(([intent, call]): Draft => ({ type: 'result', d: { call, intent, ...UNKNOWN } })),
];
