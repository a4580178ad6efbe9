import type { Coverage, Distribution, ReportContent } from '../content.js';
import { duration, figure, plural, shortTime } from '../words.js';
import { type Block, count, folded, heading, type Section, table, text } from './blocks.js';
import { CALL_SERIES, callsOf } from './scales.js';

/** Rows of the heat map that a page takes. */
const MAX_SOURCES = 36;
/** Bars that fit a page beside other things; the rest are counted. */
const MAX_BARS = 12;
/** Buckets whose figures are few enough to read. */
const MAX_FIGURES = 12;

const unit = ({ step }: Coverage): string => {
  if (step < 3_600_000) return `${step / 60_000} minutes`;
  if (step < 86_400_000) return 'one hour';
  return step === 86_400_000 ? 'one day' : 'one week';
};

const lead = (coverage: Coverage): string => {
  const real = coverage.gaps.filter(({ kind }) => kind !== 'outside').length;
  const said =
    real === 0
      ? 'No gap was found while the gateway ran'
      : `${plural(real, 'gap')} ${real === 1 ? 'is' : 'are'} listed below`;
  return `Each square is ${unit(coverage)} of one source. ${said}. Time without data is never counted as time without events.`;
};

const heatMap = (coverage: Coverage): readonly Block[] => {
  const { shown, rest } = folded(coverage.sources, 'sources', 'csv/coverage.csv', MAX_SOURCES);
  return [{ kind: 'heat-map', coverage: { ...coverage, sources: shown } }, ...rest];
};

const gaps = (coverage: Coverage): readonly Block[] => {
  const { shown, rest } = folded(coverage.gaps, 'stretches of time', 'csv/gaps.csv');
  return [
    heading('Time without evidence'),
    table(
      [
        { head: 'Source', share: 92 },
        { head: 'From (UTC)', share: 96 },
        { head: 'To (UTC)', share: 96 },
        { head: 'Length', share: 54 },
        { head: 'Cause', share: 150 },
      ],
      shown.map((gap) => [
        gap.source,
        { text: shortTime(gap.from), order: gap.from },
        { text: shortTime(gap.to), order: gap.to },
        { text: duration(gap.seconds), order: gap.seconds },
        gap.cause,
      ]),
      { empty: 'Every source covers the whole period.' },
    ),
    ...rest,
  ];
};

/** The sums of the chart in words. */
const callTotals = (coverage: Coverage): string =>
  CALL_SERIES.map(
    ({ key, text: word }) => `${figure(coverage.calls.reduce((sum, calls) => sum + calls[key], 0))} ${word}`,
  ).join('   ');

/** The figures behind the chart, where they are few enough to read; all of them are in coverage.csv. */
const figures = (coverage: Coverage): readonly Block[] => {
  const busy = coverage.buckets
    .map((bucket, i) => ({ bucket, calls: coverage.calls[i] ?? { allowed: 0, held: 0, denied: 0 } }))
    .filter(({ calls }) => callsOf(calls) > 0);
  if (busy.length === 0 || busy.length > MAX_FIGURES) return [];
  return [
    heading('The figures'),
    table(
      [
        { head: 'From (UTC)', share: 160 },
        { head: 'Allowed', share: 80, align: 'right' },
        { head: 'Held for approval', share: 80, align: 'right' },
        { head: 'Denied', share: 80, align: 'right' },
      ],
      busy.map(({ bucket, calls }) => {
        const iso = new Date(bucket).toISOString();
        return [{ text: shortTime(iso), order: iso }, count(calls.allowed), count(calls.held), count(calls.denied)];
      }),
      { room: 'tight' },
    ),
  ];
};

const foldedBars = ({ bars }: Distribution): Distribution['bars'] => {
  const rest = bars.slice(MAX_BARS);
  if (rest.length === 0) return bars;
  const sum = rest.reduce((total, bar) => total + bar.count, 0);
  return [
    ...bars.slice(0, MAX_BARS),
    { label: `${plural(rest.length, 'further kind')}, see distributions.csv`, count: sum },
  ];
};

const distribution = (one: Distribution): readonly Block[] => {
  if (one.bars.length === 0) return [heading(one.title), text(one.empty)];
  const total = one.bars.reduce((sum, bar) => sum + bar.count, 0);
  return [
    heading(one.title),
    { kind: 'bars', bars: foldedBars(one) },
    text(`${figure(total)} in all. The figures are those of csv/distributions.csv.`, 'caption'),
  ];
};

/** Section 3: for which parts of the period there is evidence, and for which there is none. */
export const coverageSection = ({ coverage, distributions }: ReportContent): Section => ({
  number: '3',
  title: 'Coverage of the period',
  id: 'coverage',
  lead: lead(coverage),
  blocks: [
    ...heatMap(coverage),
    ...gaps(coverage),
    heading('Calls by decision'),
    text(callTotals(coverage), 'muted'),
    { kind: 'call-bars', coverage },
    ...figures(coverage),
    text('The counts of every source and bucket are in csv/coverage.csv.', 'caption'),
    ...distributions.flatMap(distribution),
  ],
});
