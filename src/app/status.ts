/** What was collected so far, and what a report made now would miss. */
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { EXIT, type ExitCode } from '../base/errors.js';
import type { Verification } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { warehouseFile } from '../warehouse/build.js';
import { coverageDays, type DayState, type SourceDays } from '../warehouse/coverage.js';
import { cellText, openWarehouse } from '../warehouse/open.js';
import { sourceFacts } from './report/sources.js';

export interface StatusAsk {
  readonly settings: Settings;
  /** Whole days up to today, UTC. */
  readonly days: number;
  /** The machine's, where absent. */
  readonly clock?: Clock;
}

export interface Status {
  /** First day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly calendar: readonly SourceDays[];
  /** Events of these days by what correlation says. */
  readonly matches: readonly { readonly kind: string; readonly tier: string; readonly count: number }[];
  /** Collected files that were not read whole. */
  readonly unread: number;
  /** In sentences: why a report of these days would not be complete. The ledger is not verified for this. */
  readonly missing: readonly string[];
  /** In sentences: effects of calls that no collected trail records, so that nothing can be said of them. */
  readonly unrecorded: readonly string[];
  readonly exit: ExitCode;
}

const DAY = 86_400_000;
const MAX_FINDINGS = 20;

const NOT_VERIFIED: Verification = { target: '', kind: 'ledger', established: [], findings: [], ledgers: [], exit: 0 };

const MATCHES = `SELECT kind, coalesce(tier, '') AS tier, count(*) AS n FROM event_match
WHERE event_time >= $from::TIMESTAMP AND event_time < $to::TIMESTAMP GROUP BY ALL ORDER BY ALL`;
const UNREAD = `SELECT count(*) AS n FROM ct_file WHERE reason IS NOT NULL AND kind IN ('log', 'digest', 'other')`;
const UNRECORDED = `SELECT u.event_source, count(*) AS n FROM call_unrecorded u JOIN gw_call c USING (call_id)
WHERE c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP GROUP BY 1 ORDER BY 1`;
const FINDINGS = `SELECT message FROM ct_finding WHERE severity IN ('integrity', 'incomplete') ORDER BY severity DESC, message`;

const counted = (n: number, how: string): string => (n === 1 ? `1 day ${how}` : `${n} days ${how}`);

/** The days of each source that are not whole. */
const gapsOf = (calendar: readonly SourceDays[]): readonly string[] =>
  calendar.flatMap(({ source, days }) => {
    const count = (state: DayState): number => days.filter((day) => day === state).length;
    const parts = [
      ...(count('none') > 0 ? [counted(count('none'), 'with nothing')] : []),
      ...(count('partial') > 0 ? [counted(count('partial'), 'in part')] : []),
    ];
    return parts.length === 0 ? [] : [`${source}: ${parts.join(', ')}.`];
  });

/**
 * Looks at the warehouse as it was built last.
 * The exit is 11 where a day is not covered or a report would miss something.
 * @throws CountersignError WAREHOUSE_NOT_FOUND, WAREHOUSE_FAILED
 */
export const status = async ({ settings, days, clock = systemClock() }: StatusAsk): Promise<Status> => {
  const now = clock.now();
  const to = Math.floor(now / DAY) * DAY + DAY;
  const from = to - days * DAY;
  const window = { from: timestamp(from), to: timestamp(to), now: timestamp(now) };
  const warehouse = await openWarehouse(warehouseFile(settings.gateway.dataDir), { readOnly: true });
  try {
    const calendar = await coverageDays(warehouse, window);
    const matches = (await warehouse.query(MATCHES, window)).map((row) => ({
      kind: cellText(row['kind']),
      tier: cellText(row['tier']),
      count: Number(row['n']),
    }));
    const [unread] = await warehouse.query(UNREAD);
    // Empty days are told by source.
    const facts = await sourceFacts(warehouse, settings, { from, to, label: 'status' }, NOT_VERIFIED, from);
    const findings = (await warehouse.query(FINDINGS)).map((row) => cellText(row['message']));
    const more = findings.length - MAX_FINDINGS;
    const missing = [
      ...gapsOf(calendar),
      ...facts.incomplete,
      ...findings.slice(0, MAX_FINDINGS),
      ...(more > 0 ? [`${more} more findings: ask ct_finding.`] : []),
    ];
    const unrecorded = (await warehouse.query(UNRECORDED, window)).map((row) => {
      const n = Number(row['n']);
      const calls = n === 1 ? '1 call' : `${n} calls`;
      return `The effect of ${calls} is a data event of ${cellText(row['event_source'])}, which the collected trails do not record.`;
    });
    const covered = calendar.every((source) => source.days.every((state) => state === 'full'));
    const exit = covered && missing.length === 0 ? EXIT.ok : EXIT.incomplete;
    return {
      from: window.from.slice(0, 10),
      calendar,
      matches,
      unread: Number(unread?.['n']),
      missing,
      unrecorded,
      exit,
    };
  } finally {
    await warehouse.close();
  }
};
