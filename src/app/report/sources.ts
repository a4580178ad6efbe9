/** Which sources a period has, and what of them is not complete. */
import { timestamp } from '../../base/clock.js';
import type { Source } from '../../controls/definition.js';
import type { Period, Verification } from '../../model/evidence.js';
import type { Settings } from '../../model/settings.js';
import type { Warehouse } from '../../warehouse/open.js';
import { emptyDays } from './empty-days.js';
import { STAMP } from './stamp.js';

const FACTS = `SELECT
  (SELECT count(*) FROM record WHERE t >= $from::TIMESTAMP AND t < $to::TIMESTAMP) AS records,
  (SELECT count(*) FROM approval) AS approvals,
  (SELECT count(*) FROM ct_event WHERE event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP
      AND file NOT IN (SELECT sha256 FROM ct_file WHERE kind = 'lookup'))
    + (SELECT count(*) FROM ct_file WHERE kind = 'log' AND ${STAMP} >= $from::TIMESTAMP
      AND ${STAMP} < $to::TIMESTAMP + INTERVAL 1 DAY) AS trail,
  (SELECT count(*) FROM ct_file WHERE kind = 'lookup' AND reason IS NULL) AS looked_up,
  (SELECT count(*) FROM ct_digest WHERE start_t < $to::TIMESTAMP AND end_t > $from::TIMESTAMP) AS digests,
  (SELECT count(*) FROM server WHERE personal) AS personal,
  (SELECT count(*) FROM ledger_check) AS checked,
  (SELECT count(*) FROM register WHERE kind = 'reviews') AS reviews,
  (SELECT count(*) FROM register WHERE kind = 'leavers') AS leavers,
  (SELECT count(*) FROM register WHERE kind = 'cases') AS cases,
  (SELECT count(*) FROM register WHERE kind = 'disclosures') AS disclosures,
  (SELECT count(*) FROM service_hours) AS hours,
  (SELECT count(*) FROM retention) AS retention,
  (SELECT count(*) FROM identity_snapshot WHERE in_force AND kind IN ('okta', 'scim', 'csv')) AS people,
  (SELECT count(*) FROM ct_file WHERE kind IN ('log', 'digest') AND reason IS NOT NULL) AS unread,
  (SELECT count(*) FROM ct_file WHERE kind = 'other') AS other,
  (SELECT coalesce(sum(rejected), 0)::BIGINT FROM ct_file) AS rejected,
  (SELECT count(*) FROM ct_log_integrity WHERE state = 'missing') AS missing,
  (SELECT count(*) FROM ct_edge WHERE kind = 'gap' AND from_t < $to::TIMESTAMP AND to_t > $from::TIMESTAMP) AS holes,
  (SELECT count(*) FROM ct_finding WHERE code IN ('CHAIN_ABSENT', 'CHAIN_CUT', 'CHAIN_ENDS_EARLY')) AS chains,
  (SELECT count(*) FROM ct_finding WHERE code IN ('OBJECT_DELETED', 'OBJECT_REPLACED')) AS touched`;

export interface SourceFacts {
  readonly sources: ReadonlySet<Source>;
  /** In sentences; empty where everything is complete. */
  readonly incomplete: readonly string[];
}

const counted = (count: number, one: string, many: string): string => (count === 1 ? `1 ${one}` : `${count} ${many}`);

const trailGaps = (n: (name: string) => number, settings: Settings): readonly string[] => {
  if (n('trail') > 0) return [];
  const lookedUp = 'CloudTrail events were only looked up: nothing shows that they are complete.';
  return [
    ...(settings.collect.cloudtrail.length > 0 ? ['No CloudTrail log of the period was collected.'] : []),
    ...(n('looked_up') > 0 ? [lookedUp] : []),
  ];
};

const gapsOf = (n: (name: string) => number, settings: Settings): readonly string[] => {
  const reasons = n('records') === 0 ? ['No record of the gateway lies in the period.'] : [];
  reasons.push(...trailGaps(n, settings));
  if (n('unread') > 0)
    reasons.push(`${counted(n('unread'), 'CloudTrail file was', 'CloudTrail files were')} not read whole.`);
  if (n('other') > 0) reasons.push(`${counted(n('other'), 'collected file was', 'collected files were')} of no use.`);
  if (n('rejected') > 0)
    reasons.push(`${counted(n('rejected'), 'CloudTrail row was', 'CloudTrail rows were')} rejected.`);
  if (n('missing') > 0)
    reasons.push(`${counted(n('missing'), 'log file', 'log files')} that a digest names were not collected.`);
  if (n('holes') > 0) reasons.push('Digests are missing within the period.');
  if (n('chains') > 0)
    reasons.push(
      `Digests of ${counted(n('chains'), 'account and region are', 'accounts and regions are')} absent or end early.`,
    );
  if (n('touched') > 0)
    reasons.push(`${counted(n('touched'), 'object', 'objects')} of the trail's bucket deleted or written again.`);
  return reasons;
};

/** What the verification of the ledger adds: change is worse than a hole, and both keep a report from being final. */
const ledgerReasons = ({ findings }: Verification): readonly string[] => {
  const has = (severity: 'integrity' | 'incomplete'): boolean => findings.some((f) => f.severity === severity);
  return [
    ...(has('integrity') ? ['The ledger does not verify.'] : []),
    ...(has('incomplete') ? ['The ledger has gaps or no clean end; see Integrity.'] : []),
  ];
};

/**
 * Looks at the warehouse once for what is there and what is not.
 * @param now milliseconds since 1970
 */
export const sourceFacts = async (
  warehouse: Warehouse,
  settings: Settings,
  period: Period,
  verification: Verification,
  now: number,
): Promise<SourceFacts> => {
  const [row] = await warehouse.query(FACTS, { from: timestamp(period.from), to: timestamp(period.to) });
  const n = (name: string): number => Number(row?.[name] ?? 0);
  const present: readonly (readonly [Source, boolean])[] = [
    ['gateway', n('records') > 0],
    ['approvals', settings.approvals.length > 0 || n('approvals') > 0],
    ['cloudtrail', n('trail') > 0],
    ['cloudtrail_digests', n('digests') > 0],
    ['purposes', n('personal') > 0],
    ['ledger_check', n('checked') > 0],
    ['rescan', true],
    ['change_register', n('reviews') > 0],
    ['leavers', n('leavers') > 0],
    ['cases', n('cases') > 0],
    ['disclosures', n('disclosures') > 0],
    ['hours', n('hours') > 0],
    ['retention', n('retention') > 0],
    ['idp_snapshot', n('people') > 0],
  ];
  const sources = new Set(present.filter(([, there]) => there).map(([source]) => source));
  const days = await emptyDays(warehouse, period, now);
  return { sources, incomplete: [...ledgerReasons(verification), ...gapsOf(n, settings), ...days] };
};
