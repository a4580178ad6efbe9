/** Loads the ledgers of other gateways, each under its origin. */
import { CountersignError } from '../base/errors.js';
import type { PeerLedger } from '../model/peer-ledger.js';
import type { LedgerEntryLike } from './load-records.js';
import type { Builder } from './open.js';
import type { TableDefinition } from './table.js';

export interface PeerRecords {
  readonly peer: PeerLedger;
  /** In order, to the end. */
  readonly records: AsyncIterable<LedgerEntryLike>;
}

export const PEER_TABLES: readonly TableDefinition[] = [
  {
    says: 'Ledgers of other gateways, as `collect ledgers` verified them last. `verified`: exit code of the verification: 0, 11 (gaps, or a tail that is not signed), 13 (consistent, and no anchor or named key says that it is the only history).',
    sql: `CREATE TABLE peer_ledger (origin VARCHAR NOT NULL, key VARCHAR NOT NULL, records BIGINT NOT NULL, root VARCHAR NOT NULL,
     verified BIGINT NOT NULL, source VARCHAR NOT NULL, taken TIMESTAMP NOT NULL)`,
  },
  {
    says: 'Their records, as `record` has those of the own ledger.',
    sql: `CREATE TABLE peer_record (origin VARCHAR NOT NULL, seq BIGINT NOT NULL, t TIMESTAMP NOT NULL, m BIGINT NOT NULL,
     type VARCHAR NOT NULL, leaf VARCHAR NOT NULL, boot VARCHAR NOT NULL, d JSON NOT NULL)`,
  },
];

/**
 * Fills the tables of peers.
 * @throws CountersignError COUNTS_DIFFER where a ledger has other records than were collected, and what reading throws
 */
export const loadPeers = async (builder: Builder, peers: readonly PeerRecords[]): Promise<void> => {
  const ledgers = await builder.appender('peer_ledger');
  for (const { peer } of peers) {
    const { origin, key, size, root, exit, source, taken } = peer;
    ledgers.add([origin, key, size, root, exit, source, Date.parse(taken)]);
  }
  ledgers.close();
  const to = await builder.appender('peer_record');
  try {
    for (const { peer, records } of peers) {
      let read = 0;
      for await (const { seq, t, m, type, leaf, boot, d } of records) {
        to.add([peer.origin, seq, Date.parse(t), m, type, leaf, boot, JSON.stringify(d)]);
        read = seq + 1;
      }
      if (read !== peer.size) {
        const problem = `${peer.size} records were collected, ${read} are there`;
        throw new CountersignError('COUNTS_DIFFER', { what: `the ledger of ${peer.origin}`, problem });
      }
    }
  } finally {
    to.close();
  }
};
