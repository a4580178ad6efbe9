import type { Period } from '../model/evidence.js';
import type { Dataset, Scope, Totals } from './content.js';
import { bounds, numberOf, only, type Reader, textOf } from './rows.js';

const TOTALS = `SELECT
  (SELECT count(*) FROM gw_call WHERE t >= $from::TIMESTAMP AND t < $to::TIMESTAMP) AS calls,
  (SELECT count(*) FROM gw_call WHERE forwarded AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP) AS forwarded,
  (SELECT count(*) FROM approval WHERE requested_t >= $from::TIMESTAMP AND requested_t < $to::TIMESTAMP) AS approvals,
  (SELECT count(*) FROM ct_event WHERE event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP) AS events,
  (SELECT count(DISTINCT principal) FROM gw_call WHERE t >= $from::TIMESTAMP AND t < $to::TIMESTAMP) AS principals`;

const SERVERS = `SELECT s.id, s.kind, s.aws, coalesce(s.personal, FALSE) AS personal,
  coalesce(s.classification, '') AS classification, array_to_string(s.purposes, ', ') AS purposes,
  (SELECT count(*) FROM gw_call AS c WHERE c.server = s.id AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP) AS calls
FROM server AS s ORDER BY s.id`;

const ACCOUNTS = `SELECT account_id, string_agg(DISTINCT coalesce(region, 'none'), ', ' ORDER BY coalesce(region, 'none')) AS regions,
  count(*) AS events
FROM ct_event WHERE event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP GROUP BY account_id ORDER BY account_id`;

const GATEWAYS = `SELECT host, version, count(*) AS runs FROM gateway_run GROUP BY host, version ORDER BY host, version`;

/** How much there was in the period. */
export const gatherTotals = async (reader: Reader, period: Period): Promise<Totals> => {
  const row = await only(reader, TOTALS, bounds(period));
  return {
    calls: numberOf(row.calls),
    forwarded: numberOf(row.forwarded),
    approvals: numberOf(row.approvals),
    events: numberOf(row.events),
    principals: numberOf(row.principals),
  };
};

/** Servers, roles, accounts and gateways, as configuration and logs name them. */
export const gatherScope = async (reader: Reader, period: Period): Promise<Scope> => {
  const at = bounds(period);
  const servers = await reader.query(SERVERS, at);
  const accounts = await reader.query(ACCOUNTS, at);
  const roles = await reader.query('SELECT arn FROM governed_role ORDER BY arn');
  const gateways = await reader.query(GATEWAYS);
  return {
    servers: servers.map((row) => ({
      id: textOf(row.id),
      kind: textOf(row.kind),
      aws: row.aws === true,
      personal: row.personal === true,
      classification: textOf(row.classification),
      purposes: textOf(row.purposes),
      calls: numberOf(row.calls),
    })),
    roles: roles.map((row) => textOf(row.arn)),
    accounts: accounts.map((row) => ({
      account: textOf(row.account_id),
      regions: textOf(row.regions),
      events: numberOf(row.events),
    })),
    gateways: gateways.map((row) => ({
      host: textOf(row.host),
      version: textOf(row.version),
      runs: numberOf(row.runs),
    })),
  };
};

/** The inputs with their counts and hashes, as the warehouse loaded them. */
export const gatherDatasets = async (reader: Reader): Promise<readonly Dataset[]> => {
  const rows = await reader.query(
    'SELECT name, source, locator, rows_read, out, rejected, duplicate, excluded, sha256 FROM dataset ORDER BY ALL',
  );
  return rows.map((row) => ({
    name: textOf(row.name),
    source: textOf(row.source),
    locator: textOf(row.locator),
    read: numberOf(row.rows_read),
    out: numberOf(row.out),
    rejected: numberOf(row.rejected),
    duplicate: numberOf(row.duplicate),
    excluded: numberOf(row.excluded),
    sha256: textOf(row.sha256),
  }));
};
