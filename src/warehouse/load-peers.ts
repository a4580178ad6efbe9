/** Loads the ledgers of other gateways, each under its origin. */
import { CountersignError } from '../base/errors.js';
import type { PeerLedger } from '../model/peer-ledger.js';
import type { ServerSettings } from '../model/settings.js';
import { createCallResources } from './call-resources.js';
import { type LedgerEntryLike, namedBy } from './load-records.js';
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
  {
    says: 'Their calls, as far as correlation needs them: an event that a call of another gateway explains is no bypass. Servers and tools are those of this configuration. Tests of control read `gw_call` alone.',
    sql: `CREATE TABLE peer_call (origin VARCHAR NOT NULL, seq BIGINT NOT NULL, call_id VARCHAR NOT NULL, session_id VARCHAR, principal VARCHAR NOT NULL,
     server VARCHAR NOT NULL, method VARCHAR NOT NULL, target VARCHAR, forwarded BOOLEAN NOT NULL, status VARCHAR, access_key_id VARCHAR, role_arn VARCHAR,
     start_ts TIMESTAMP NOT NULL, end_ts TIMESTAMP NOT NULL, aws_request_ids VARCHAR[] NOT NULL)`,
  },
  {
    says: 'What their calls name of AWS, as `call_resource` has it of the own ones.',
    sql: `CREATE TABLE peer_call_resource (origin VARCHAR NOT NULL, seq BIGINT NOT NULL, event_source VARCHAR NOT NULL, event_name VARCHAR NOT NULL,
     resource VARCHAR NOT NULL)`,
  },
  {
    says: 'Their AWS credentials, as `gw_credential` has the own ones.',
    sql: `CREATE TABLE peer_credential (origin VARCHAR NOT NULL, access_key_id VARCHAR NOT NULL, session_id VARCHAR NOT NULL, role_arn VARCHAR NOT NULL,
     first_seen TIMESTAMP NOT NULL, expires_ts TIMESTAMP NOT NULL)`,
  },
  {
    says: 'Their sessions. `opening_recorded`: whether the opening is in these records; else `opened_t` is the first call.',
    sql: `CREATE TABLE peer_session (origin VARCHAR NOT NULL, session_id VARCHAR NOT NULL, principal VARCHAR NOT NULL, server VARCHAR NOT NULL,
     opened_t TIMESTAMP NOT NULL, closed_t TIMESTAMP, role_session_name VARCHAR NOT NULL, source_identity VARCHAR NOT NULL, expires_ts TIMESTAMP,
     opening_recorded BOOLEAN NOT NULL)`,
  },
];

/**
 * Fills the tables of ledgers, their records, and what their calls name.
 * @param servers say what calls name of AWS
 * @throws CountersignError COUNTS_DIFFER where a ledger has other records than were collected, and what reading throws
 */
export const loadPeers = async (
  builder: Builder,
  peers: readonly PeerRecords[],
  servers: readonly ServerSettings[],
): Promise<void> => {
  const ledgers = await builder.appender('peer_ledger');
  for (const { peer } of peers) {
    const { origin, key, size, root, exit, source, taken } = peer;
    ledgers.add([origin, key, size, root, exit, source, Date.parse(taken)]);
  }
  ledgers.close();
  const resourcesOf = createCallResources(servers);
  const to = await builder.appender('peer_record');
  const named = await builder.appender('peer_call_resource');
  try {
    for (const { peer, records } of peers) {
      let read = 0;
      for await (const entry of records) {
        const { seq, t, m, type, leaf, boot, d } = entry;
        for (const { source, name, resource } of namedBy(entry, resourcesOf))
          named.add([peer.origin, seq, source, name, resource]);
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
    named.close();
  }
};
