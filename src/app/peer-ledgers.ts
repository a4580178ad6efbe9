/** The ledgers of other gateways as they were collected: their folders, their index, and their records. */
import { join } from 'node:path';
import { isSystemError, readBounded, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { ledgerFolder } from '../ledger/format.js';
import { readLedger } from '../ledger/read.js';
import { type PeerLedger, parsePeers } from '../model/peer-ledger.js';
import type { Settings } from '../model/settings.js';
import type { PeerRecords } from '../warehouse/load-peers.js';

const MAX_INDEX_BYTES = 64 * 1024 ** 2;

export const peersFolder = (dataDir: string): string => join(dataDir, 'ledgers');
export const peersIndex = (dataDir: string): string => join(peersFolder(dataDir), 'index.ndjson');
export const peerFolder = (dataDir: string, origin: string): string => join(peersFolder(dataDir), ledgerFolder(origin));

/**
 * Every collection of every ledger, oldest first.
 * @throws CountersignError RAW_INDEX
 */
export const readPeers = async (dataDir: string): Promise<readonly PeerLedger[]> => {
  const file = peersIndex(dataDir);
  try {
    return parsePeers(await readBounded(file, MAX_INDEX_BYTES));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw new CountersignError('RAW_INDEX', { file, problem: reason(error) }, { cause: error });
  }
};

/** Records of the folder, each checked while it is read: what was collected must be there still. */
async function* recordsOf(dataDir: string, peer: PeerLedger) {
  const dir = peerFolder(dataDir, peer.origin);
  const changed = (problem: string): CountersignError =>
    new CountersignError('RAW_CHANGED', { key: `ledgers/${ledgerFolder(peer.origin)}`, problem });
  if ((await realFiles.facts(dir)) === undefined) throw changed('it is gone');
  try {
    for await (const entry of readLedger(dir, { verify: true })) {
      if (entry.seq < peer.size) yield entry;
    }
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'LEDGER_DAMAGED') throw error;
    throw changed(error.message);
  }
}

/** What the warehouse is given: of each origin the ledger that was collected last. */
export const peerRecords = async ({ gateway }: Pick<Settings, 'gateway'>): Promise<readonly PeerRecords[]> => {
  const newest = new Map((await readPeers(gateway.dataDir)).map((peer) => [peer.origin, peer]));
  return [...newest.values()].map((peer) => ({ peer, records: recordsOf(gateway.dataDir, peer) }));
};
