import type { Coverage, ReportContent } from '../content.js';
import { duration, figure, plural, shortTime } from '../words.js';
import { bars } from './bars.js';
import { callBars, callTotals, heatMap } from './charts.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL_MUTED } from './style.js';
import { table } from './table.js';

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

/** Section 3: for which parts of the period there is evidence, and for which there is none. */
export const coverageSection = (sheet: Sheet, content: ReportContent): void => {
  const { coverage } = content;
  sheet.section('3', 'Coverage of the period', lead(coverage));
  heatMap(sheet, coverage);
  sheet.subheading('Time without evidence');
  table(
    sheet,
    [
      { head: 'Source', share: 92 },
      { head: 'From (UTC)', share: 96 },
      { head: 'To (UTC)', share: 96 },
      { head: 'Length', share: 54 },
      { head: 'Cause', share: 150 },
    ],
    coverage.gaps.map((gap) => [gap.source, shortTime(gap.from), shortTime(gap.to), duration(gap.seconds), gap.cause]),
    { look: 'rules', empty: 'Every source covers the whole period.' },
  );
  sheet.subheading('Calls by decision', 170);
  sheet.paragraph(callTotals(coverage), CELL_MUTED, { gap: 4 });
  callBars(sheet, coverage);
  figures(sheet, coverage);
  for (const distribution of content.distributions) bars(sheet, distribution);
};

/** The figures behind both charts, where they are few enough to read; all of them are in coverage.csv. */
const figures = (sheet: Sheet, coverage: Coverage): void => {
  const busy = coverage.buckets
    .map((bucket, i) => ({ bucket, calls: coverage.calls[i] ?? { allowed: 0, held: 0, denied: 0 } }))
    .filter(({ calls }) => calls.allowed + calls.held + calls.denied > 0);
  if (busy.length > 0 && busy.length <= 12) {
    sheet.subheading('The figures');
    table(
      sheet,
      [
        { head: 'From (UTC)', share: 160 },
        { head: 'Allowed', share: 80, align: 'right' },
        { head: 'Held for approval', share: 80, align: 'right' },
        { head: 'Denied', share: 80, align: 'right' },
      ],
      busy.map(({ bucket, calls }) => [
        shortTime(new Date(bucket).toISOString()),
        figure(calls.allowed),
        figure(calls.held),
        figure(calls.denied),
      ]),
      { look: 'rules', padding: 3 },
    );
  }
  sheet.paragraph('The counts of every source and bucket are in csv/coverage.csv.', CAPTION);
};
