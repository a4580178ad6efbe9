/** Charts of the coverage page: thin, labelled in place, with the figures beside them. */
import type { BucketState, Coverage } from '../content.js';
import { clock, figure, shortDay } from '../words.js';
import type { Sheet } from './sheet.js';
import { AMBER, CAPTION, CELL, GREEN, INK, PAGE, PALE, RED, RULE, SOFT_GREEN } from './style.js';

const LABELS = 116;
const RIGHT = PAGE.width - PAGE.margin;
const DAY = 86_400_000;
/** Few, more, most events of a source. */
const SHADES = ['#b9dcc7', SOFT_GREEN, GREEN] as const;

interface Swatch {
  readonly color: string;
  readonly text: string;
  readonly outlined?: boolean;
}

const legend = (sheet: Sheet, swatches: readonly Swatch[], left: number): void => {
  let x = left;
  const { y } = sheet;
  for (const { color, text, outlined } of swatches) {
    const at = x;
    sheet.artifact(() => {
      sheet.doc.rect(at, y, 8, 8).fillColor(color).fill();
      if (outlined)
        sheet.doc
          .rect(at + 0.3, y + 0.3, 7.4, 7.4)
          .lineWidth(0.6)
          .strokeColor(RULE)
          .stroke();
    });
    sheet.tag('P', () => sheet.put(text, at + 12, y - 1, CAPTION));
    x += 12 + sheet.measure(text, CAPTION) + 22;
  }
  sheet.y += 18;
};

const bucketLabel = (ms: number, step: number): string => (step < DAY ? clock(ms) : shortDay(ms));

/** Labels beneath or above the buckets, as many as have room. */
const axis = (sheet: Sheet, coverage: Coverage, left: number, y: number): void => {
  const { buckets, step } = coverage;
  const width = (RIGHT - left) / Math.max(buckets.length, 1);
  let free = left;
  buckets.forEach((bucket, i) => {
    const x = left + i * width;
    const text = bucketLabel(bucket, step);
    const wide = sheet.measure(text, CAPTION);
    if (x < free || x + wide > RIGHT + 4) return;
    sheet.tag('P', () => sheet.put(text, x, y, CAPTION));
    free = x + wide + 22;
  });
};

const shade = (count: number, most: number): string => {
  const share = most === 0 ? 0 : count / most;
  return share > 0.66 ? SHADES[2] : share > 0.33 ? SHADES[1] : SHADES[0];
};

const cell = (sheet: Sheet, box: { x: number; y: number; w: number }, state: BucketState, color: string): void => {
  const { doc } = sheet;
  const { x, y, w } = box;
  const inner = Math.max(w - (w > 4 ? 1 : 0.4), 0.4);
  if (state === 'none') {
    doc
      .rect(x + 0.3, y + 0.3, Math.max(inner - 0.6, 0.2), 10.4)
      .lineWidth(0.5)
      .strokeColor(RULE)
      .stroke();
    return;
  }
  doc
    .rect(x, y, inner, 11)
    .fillColor(state === 'gap' ? RED : state === 'not_connected' ? PALE : color)
    .fill();
};

/** One row per source, one square per bucket. */
export const heatMap = (sheet: Sheet, coverage: Coverage): void => {
  const left = PAGE.margin + LABELS;
  const width = (RIGHT - left) / Math.max(coverage.buckets.length, 1);
  axis(sheet, coverage, left, sheet.y);
  sheet.y += 14;
  for (const { source, counts, states } of coverage.sources) {
    const { y } = sheet;
    const most = Math.max(0, ...counts);
    const name = sheet.lines(source, CELL, LABELS - 8)[0] ?? '';
    sheet.tag('P', () => sheet.put(name, PAGE.margin, y - 0.5, CELL));
    sheet.artifact(() =>
      states.forEach((state, i) =>
        cell(sheet, { x: left + i * width, y, w: width }, state, shade(counts[i] ?? 0, most)),
      ),
    );
    sheet.y += 16;
  }
  sheet.y += 5;
  legend(
    sheet,
    [
      { color: SHADES[0], text: 'fewer' },
      { color: SHADES[2], text: 'more' },
      { color: '#ffffff', text: 'nothing recorded', outlined: true },
      { color: RED, text: 'gap' },
      { color: PALE, text: 'source not connected' },
    ],
    left,
  );
};

/** A round figure at or above `value`, for the top of a scale. */
const niceTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const step = [1, 2, 3, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(step * power, 1);
};

const SERIES = [
  { key: 'allowed', color: SOFT_GREEN, text: 'allowed' },
  { key: 'held', color: AMBER, text: 'held for approval' },
  { key: 'denied', color: RED, text: 'denied' },
] as const;

const scale = (sheet: Sheet, left: number, top: number, height: number, most: number): void => {
  const ticks = most < 3 ? [0, most] : [0, Math.round(most / 2), most];
  for (const tick of ticks) {
    const y = top + height - (tick / most) * height;
    sheet.rule(y, tick === 0 ? INK : RULE, tick === 0 ? 0.9 : 0.5, left);
    sheet.tag('P', () => sheet.putRight(figure(tick), left - 6, y - 5, CAPTION));
  }
};

/** Calls per bucket, stacked by decision. */
export const callBars = (sheet: Sheet, coverage: Coverage): void => {
  const left = PAGE.margin + 32;
  const height = 104;
  const top = sheet.y + 6;
  const most = niceTop(Math.max(0, ...coverage.calls.map((c) => c.allowed + c.held + c.denied)));
  scale(sheet, left, top, height, most);
  const width = (RIGHT - left) / Math.max(coverage.calls.length, 1);
  sheet.artifact(() =>
    coverage.calls.forEach((calls, i) => {
      let y = top + height;
      for (const { key, color } of SERIES) {
        const part = (calls[key] / most) * height;
        if (part === 0) continue;
        y -= part;
        sheet.doc
          .rect(left + i * width + width * 0.12, y, width * 0.76, part)
          .fillColor(color)
          .fill();
      }
    }),
  );
  axis(sheet, coverage, left, top + height + 4);
  sheet.y = top + height + 22;
  legend(sheet, SERIES, left);
};

/** The sums of the chart in words, right of its heading. */
export const callTotals = (coverage: Coverage): string =>
  SERIES.map(({ key, text }) => `${figure(coverage.calls.reduce((sum, calls) => sum + calls[key], 0))} ${text}`).join(
    '   ',
  );
