import { timestamp } from '../base/clock.js';
import type { Period } from '../model/evidence.js';
import type { BucketState, CallsInBucket, Coverage, Gap, SourceCoverage } from './content.js';
import { bounds, numberOf, type Parameters, type Reader, textOf } from './rows.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Width of a bucket: such that a page shows every one, and none is narrower than a hair. */
const bucketStep = ({ from, to }: Period): number => {
  const length = to - from;
  if (length <= 3 * HOUR) return 5 * MINUTE;
  if (length <= 3 * DAY) return HOUR;
  return length <= 130 * DAY ? DAY : 7 * DAY;
};

const bucketStarts = ({ from, to }: Period, step: number): readonly number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

/** Number of the bucket in which a time lies. */
const bucketOf = (column: string, step: number): string =>
  `CAST(floor((epoch_ms(${column}) - epoch_ms($from::TIMESTAMP)) / ${step}) AS BIGINT)`;

const inPeriod = (column: string): string => `${column} >= $from::TIMESTAMP AND ${column} < $to::TIMESTAMP`;

const counted = async (
  reader: Reader,
  at: Parameters,
  table: string,
  column: string,
  name: string,
  step: number,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> => {
  const rows = await reader.query(
    `SELECT ${name} AS name, ${bucketOf(column, step)} AS bucket, count(*) AS n FROM ${table}
     WHERE ${inPeriod(column)} GROUP BY 1, 2 ORDER BY 1, 2`,
    at,
  );
  const found = new Map<string, Map<number, number>>();
  for (const row of rows) {
    const counts = found.get(textOf(row.name)) ?? new Map<number, number>();
    found.set(textOf(row.name), counts.set(numberOf(row.bucket), numberOf(row.n)));
  }
  return found;
};

const CAUSE: Readonly<Record<string, string>> = {
  silence: 'Nothing was recorded for over three heartbeats.',
  unclean_restart: 'The gateway ended without closing the ledger, and started again.',
  stopped: 'The gateway was stopped: nothing was served.',
  sequence: 'Record numbers are missing.',
  clock_back: 'The clock went back.',
};

const GAPS = `SELECT from_t, to_t, seconds, kind FROM recording_gap
WHERE from_t < $to::TIMESTAMP AND to_t > $from::TIMESTAMP ORDER BY ALL`;
const ENDS = 'SELECT min(t) AS first, max(t) AS last FROM record';
const DIGEST_ENDS = `SELECT account_id, region, min(start_t) AS first, max(end_t) AS last FROM ct_digest
WHERE account_id IS NOT NULL AND region IS NOT NULL AND start_t IS NOT NULL AND end_t IS NOT NULL
GROUP BY account_id, region ORDER BY ALL`;
const DIGEST_GAPS = `SELECT account_id, region, from_t, to_t FROM ct_edge WHERE kind = 'gap'
AND from_t < $to::TIMESTAMP AND to_t > $from::TIMESTAMP ORDER BY ALL`;

const gap = (source: string, from: number, to: number, kind: string, cause: string): Gap => ({
  source,
  from: timestamp(from),
  to: timestamp(to),
  seconds: (to - from) / 1000,
  kind,
  cause,
});

/** Parts of the period before the first and after the last of something. */
const outside = (
  source: string,
  period: Period,
  first: unknown,
  last: unknown,
  [before, after]: readonly [string, string],
): readonly Gap[] => {
  const from = Date.parse(textOf(first));
  const to = Date.parse(textOf(last));
  if (Number.isNaN(from) || Number.isNaN(to) || to < period.from || from >= period.to) {
    return [gap(source, period.from, period.to, 'outside', before)];
  }
  const gaps: Gap[] = [];
  if (from > period.from) gaps.push(gap(source, period.from, from, 'outside', before));
  if (to < period.to) gaps.push(gap(source, to, period.to, 'outside', after));
  return gaps;
};

const gatewayGaps = async (reader: Reader, period: Period): Promise<readonly Gap[]> => {
  const rows = await reader.query(GAPS, bounds(period));
  const inner = rows.map((row) => {
    const kind = textOf(row.kind);
    return gap('Gateway', Date.parse(textOf(row.from_t)), Date.parse(textOf(row.to_t)), kind, CAUSE[kind] ?? kind);
  });
  const [ends] = await reader.query(ENDS);
  const edges = outside('Gateway', period, ends?.first, ends?.last, [
    'Before the first record of the ledger.',
    'After the last record of the ledger.',
  ]);
  return [...inner, ...edges];
};

const trailGaps = async (reader: Reader, period: Period): Promise<readonly Gap[]> => {
  const gaps: Gap[] = [];
  for (const row of await reader.query(DIGEST_ENDS)) {
    const source = `Digests ${textOf(row.account_id)} ${textOf(row.region)}`;
    gaps.push(
      ...outside(source, period, row.first, row.last, [
        'Before the first digest that was collected.',
        'After the last digest that was collected.',
      ]),
    );
  }
  for (const row of await reader.query(DIGEST_GAPS, bounds(period))) {
    const source = `Digests ${textOf(row.account_id)} ${textOf(row.region)}`;
    const cause = 'No digest covers this time.';
    gaps.push(gap(source, Date.parse(textOf(row.from_t)), Date.parse(textOf(row.to_t)), 'digest', cause));
  }
  return gaps;
};

/** A bucket that a gap touches is red, whatever else it holds. */
const states = (
  buckets: readonly number[],
  step: number,
  counts: readonly number[],
  gaps: readonly Gap[],
): readonly BucketState[] =>
  buckets.map((start, i) => {
    const touched = gaps.some(
      ({ from, to, kind }) =>
        kind !== 'outside' && kind !== 'stopped' && Date.parse(from) < start + step && Date.parse(to) > start,
    );
    if (touched) return 'gap';
    return (counts[i] ?? 0) > 0 ? 'data' : 'none';
  });

const spread = (buckets: readonly number[], counts: ReadonlyMap<number, number> | undefined): readonly number[] =>
  buckets.map((_, i) => counts?.get(i) ?? 0);

const CALLS = (step: number): string => `SELECT ${bucketOf('t', step)} AS bucket,
  count(*) FILTER (decision = 'allow') AS allowed, count(*) FILTER (decision = 'require_approval') AS held,
  count(*) FILTER (decision = 'deny') AS denied
FROM gw_call WHERE ${inPeriod('t')} GROUP BY 1 ORDER BY 1`;

const callsPerBucket = async (
  reader: Reader,
  period: Period,
  buckets: readonly number[],
  step: number,
): Promise<readonly CallsInBucket[]> => {
  const rows = await reader.query(CALLS(step), bounds(period));
  const found = new Map(
    rows.map((row) => [
      numberOf(row.bucket),
      { allowed: numberOf(row.allowed), held: numberOf(row.held), denied: numberOf(row.denied) },
    ]),
  );
  return buckets.map((_, i) => found.get(i) ?? { allowed: 0, held: 0, denied: 0 });
};

/** Sources this release cannot connect: they are shown as such, never left out. */
const NOT_CONNECTED = ['Identity snapshots'] as const;

/** Reviews per bucket; undefined where no register of reviews was taken. */
const reviewsPerBucket = async (
  reader: Reader,
  period: Period,
  step: number,
): Promise<ReadonlyMap<number, number> | undefined> => {
  const [taken] = await reader.query("SELECT count(*) AS n FROM register WHERE kind = 'reviews'");
  if (numberOf(taken?.['n'] ?? 0) === 0) return undefined;
  const found = await counted(reader, bounds(period), 'change_review', 'reviewed_t', "'Change register'", step);
  return found.get('Change register') ?? new Map();
};

/** Which source says something about which part of the period. */
export const gatherCoverage = async (reader: Reader, period: Period): Promise<Coverage> => {
  const step = bucketStep(period);
  const buckets = bucketStarts(period, step);
  const at = bounds(period);
  const records = await counted(reader, at, 'record', 't', "'Gateway'", step);
  const events = await counted(reader, at, 'ct_event', 'event_time', 'account_id', step);
  const own = await gatewayGaps(reader, period);
  const sources: SourceCoverage[] = [];
  const gatewayCounts = spread(buckets, records.get('Gateway'));
  sources.push({ source: 'Gateway', counts: gatewayCounts, states: states(buckets, step, gatewayCounts, own) });
  for (const [account, counts] of events) {
    const row = spread(buckets, counts);
    sources.push({ source: `CloudTrail ${account}`, counts: row, states: states(buckets, step, row, []) });
  }
  const reviews = await reviewsPerBucket(reader, period, step);
  if (reviews !== undefined) {
    const row = spread(buckets, reviews);
    sources.push({ source: 'Change register', counts: row, states: states(buckets, step, row, []) });
  }
  const absent: string[] = [...NOT_CONNECTED];
  if (events.size === 0) absent.unshift('CloudTrail');
  if (reviews === undefined) absent.push('Change register');
  const zero = buckets.map(() => 0);
  for (const source of absent) sources.push({ source, counts: zero, states: buckets.map(() => 'not_connected') });
  const gaps = [...own, ...(await trailGaps(reader, period))].sort((a, b) =>
    a.from === b.from ? (a.source < b.source ? -1 : 1) : a.from < b.from ? -1 : 1,
  );
  return { step, buckets, sources, gaps, calls: await callsPerBucket(reader, period, buckets, step) };
};
