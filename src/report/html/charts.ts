/** The charts as SVG: the scales of the outline, colours by class, every figure as text where the pointer rests. */
import type { BucketState, Coverage, Distribution } from '../content.js';
import type { ResultCount } from '../outline/blocks.js';
import { bucketLabel, CALL_SERIES, shadeOf, ticksOf, topOf } from '../outline/scales.js';
import { figure, RESULT_WORDS, shortTime } from '../words.js';
import { element, escaped, shape } from './markup.js';

const WIDTH = 900;
/** Names of sources, left of the heat map. */
const LABELS = 190;
const ROW = 22;
/** Labels of an axis stand at least this far apart. */
const APART = 84;
const STATE_WORDS: Readonly<Record<BucketState, string>> = {
  data: '',
  gap: ', with a gap',
  none: 'nothing recorded',
  not_connected: 'source not connected',
};

const title = (text: string): string => element('title', {}, escaped(text));

const text = (words: string, x: number, y: number, anchor?: 'end'): string =>
  element('text', { x, y, 'text-anchor': anchor }, escaped(words));

/** Lengths with two decimals: enough for any screen, and the same everywhere. */
const short = (value: number): number => Math.round(value * 100) / 100;

const figureOf = (label: string, height: number, inner: string, legend: string): string =>
  element(
    'figure',
    {},
    element(
      'div',
      { class: 'chart', tabindex: 0, role: 'group', 'aria-label': label },
      element('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label }, inner),
    ),
    legend,
  );

const legendOf = (swatches: readonly (readonly [look: string, words: string])[]): string =>
  element(
    'figcaption',
    {},
    ...swatches.map(([look, words]) =>
      element(
        'span',
        {},
        element(
          'svg',
          { class: 'swatch', viewBox: '0 0 12 12', 'aria-hidden': 'true' },
          shape('rect', { class: look, width: 12, height: 12 }),
        ),
        escaped(words),
      ),
    ),
  );

/** Labels of the buckets, as many as have room. */
const axis = ({ buckets, step }: Coverage, left: number, y: number): string => {
  const width = (WIDTH - left) / Math.max(buckets.length, 1);
  const every = Math.ceil(APART / width);
  return buckets
    .map((bucket, i) => {
      const x = left + i * width;
      return i % every === 0 && x + APART / 2 < WIDTH ? text(bucketLabel(bucket, step), short(x), y) : '';
    })
    .join('');
};

const when = (coverage: Coverage, i: number): string =>
  shortTime(new Date(coverage.buckets[i] ?? 0).toISOString()).replace(' 00:00:00', '');

const squareLook = (state: BucketState, count: number, most: number): string =>
  state === 'data' ? `shade-${shadeOf(count, most)}` : state;

/** One row per source, one square per bucket. */
export const heatMap = (coverage: Coverage): string => {
  const { sources, buckets } = coverage;
  const width = (WIDTH - LABELS) / Math.max(buckets.length, 1);
  const rows = sources.map(({ source, counts, states }, row) => {
    const y = 24 + row * ROW;
    const most = counts.reduce((high, count) => Math.max(high, count), 0);
    const squares = states.map((state, i) => {
      const count = counts[i] ?? 0;
      const figures =
        state === 'data' || state === 'gap' ? `${figure(count)}${STATE_WORDS[state]}` : STATE_WORDS[state];
      const box = { x: short(LABELS + i * width), y, width: short(width * 0.9), height: 15 };
      const look = squareLook(state, count, most);
      return element('rect', { class: look, ...box }, title(`${source}, ${when(coverage, i)}: ${figures}`));
    });
    return text(source, 0, y + 12) + squares.join('');
  });
  const label = `Coverage of ${figure(sources.length)} sources over ${figure(buckets.length)} stretches of time; the figures are in csv/coverage.csv`;
  const legend = legendOf([
    ['shade-0', 'fewer'],
    ['shade-2', 'more'],
    ['none', 'nothing recorded'],
    ['gap', 'gap'],
    ['not_connected', 'source not connected'],
  ]);
  return figureOf(label, 24 + sources.length * ROW, axis(coverage, LABELS, 14) + rows.join(''), legend);
};

const CHART = { left: 56, top: 10, height: 190 } as const;

const scale = (top: number): string =>
  ticksOf(top)
    .map((tick) => {
      const y = short(CHART.top + CHART.height - (tick / top) * CHART.height);
      const line = { class: tick === 0 ? 'base' : 'rule', x1: CHART.left, y1: y, x2: WIDTH, y2: y };
      return shape('line', line) + text(figure(tick), CHART.left - 8, y + 4, 'end');
    })
    .join('');

/** Calls per bucket, stacked by decision. */
export const callBars = (coverage: Coverage): string => {
  const top = topOf(coverage);
  const width = (WIDTH - CHART.left) / Math.max(coverage.calls.length, 1);
  const stacks = coverage.calls.map((calls, i) => {
    let y = CHART.top + CHART.height;
    const parts = CALL_SERIES.map(({ key }) => {
      const height = (calls[key] / top) * CHART.height;
      y -= height;
      const box = { x: short(CHART.left + i * width + width * 0.1), y: short(y), width: short(width * 0.8) };
      return calls[key] === 0 ? '' : shape('rect', { class: key, ...box, height: short(height) });
    }).join('');
    const said = CALL_SERIES.map(({ key, text: word }) => `${figure(calls[key])} ${word}`).join(', ');
    return parts === '' ? '' : element('g', {}, title(`${when(coverage, i)}: ${said}`), parts);
  });
  return figureOf(
    'Calls by decision over the period; the figures are in csv/coverage.csv',
    CHART.top + CHART.height + 28,
    scale(top) + stacks.join('') + axis(coverage, CHART.left, CHART.top + CHART.height + 20),
    legendOf(CALL_SERIES.map(({ key, text: word }) => [key, word])),
  );
};

/** Horizontal bars with their figures, as a table whose last column is drawn. */
export const bars = (shown: Distribution['bars']): string => {
  const most = shown.reduce((high, { count }) => Math.max(high, count), 1);
  const rows = shown.map(({ label, count }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, escaped(label)),
      element('td', { class: 'right' }, figure(count)),
      element(
        'td',
        { class: 'bar' },
        element(
          'svg',
          { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
          shape('rect', { class: 'track', width: 100, height: 10 }),
          count === 0
            ? ''
            : shape('rect', { class: 'allowed', width: short(Math.max((count / most) * 100, 0.3)), height: 10 }),
        ),
      ),
    ),
  );
  return element('table', { class: 'bars' }, element('tbody', {}, ...rows));
};

/** One bar, in which each result has the share of its controls. */
export const resultsBar = (counts: readonly ResultCount[]): string => {
  const whole = counts.reduce((sum, { count }) => sum + count, 0);
  let x = 0;
  const parts = counts.map(({ word, count }) => {
    const width = (count / whole) * 100;
    const part = { class: `result-${word}`, x: short(x), width: short(Math.max(width - 0.3, 0.2)), height: 8 };
    x += width;
    return element('rect', part, title(`${RESULT_WORDS[word]}: ${figure(count)}`));
  });
  const label = counts.map(({ word, count }) => `${RESULT_WORDS[word]}: ${figure(count)}`).join(', ');
  const view = {
    class: 'results',
    viewBox: '0 0 100 8',
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': label,
  };
  return element('svg', view, ...parts);
};
