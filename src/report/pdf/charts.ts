/** Charts of the coverage page: thin, labelled in place, with the figures beside them. */
import type { BucketState, Coverage } from '../content.js';
import { bucketLabel, CALL_SERIES, shadeOf, ticksOf, topOf } from '../outline/scales.js';
import { figure } from '../words.js';
import type { Sheet } from './sheet.js';
import { AMBER, CAPTION, CELL, GREEN, INK, PALE, RED, RULE, SOFT_GREEN } from './style.js';

const LABELS = 116;
const rightOf = ({ frame }: Sheet): number => frame.width - frame.margin;
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

/** Labels beneath or above the buckets, as many as have room. */
const axis = (sheet: Sheet, coverage: Coverage, left: number, y: number): void => {
  const { buckets, step } = coverage;
  const width = (rightOf(sheet) - left) / Math.max(buckets.length, 1);
  let free = left;
  buckets.forEach((bucket, i) => {
    const x = left + i * width;
    const text = bucketLabel(bucket, step);
    const wide = sheet.measure(text, CAPTION);
    if (x < free || x + wide > rightOf(sheet) + 4) return;
    sheet.tag('P', () => sheet.put(text, x, y, CAPTION));
    free = x + wide + 22;
  });
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
  const left = sheet.frame.margin + LABELS;
  const width = (rightOf(sheet) - left) / Math.max(coverage.buckets.length, 1);
  axis(sheet, coverage, left, sheet.y);
  sheet.y += 14;
  for (const { source, counts, states } of coverage.sources) {
    const { y } = sheet;
    const most = Math.max(0, ...counts);
    const name = sheet.lines(source, CELL, LABELS - 8)[0] ?? '';
    sheet.tag('P', () => sheet.put(name, sheet.frame.margin, y - 0.5, CELL));
    sheet.artifact(() =>
      states.forEach((state, i) =>
        cell(sheet, { x: left + i * width, y, w: width }, state, SHADES[shadeOf(counts[i] ?? 0, most)]),
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

/** Colours of the parts of a bar, from below. */
const COLORS = { allowed: SOFT_GREEN, held: AMBER, denied: RED } as const;

const scale = (sheet: Sheet, left: number, top: number, height: number, most: number): void => {
  for (const tick of ticksOf(most)) {
    const y = top + height - (tick / most) * height;
    sheet.rule(y, tick === 0 ? INK : RULE, tick === 0 ? 0.9 : 0.5, left);
    sheet.tag('P', () => sheet.putRight(figure(tick), left - 6, y - 5, CAPTION));
  }
};

/** Calls per bucket, stacked by decision. */
export const callBars = (sheet: Sheet, coverage: Coverage): void => {
  const left = sheet.frame.margin + 32;
  const height = 104;
  const top = sheet.y + 6;
  const most = topOf(coverage);
  scale(sheet, left, top, height, most);
  const width = (rightOf(sheet) - left) / Math.max(coverage.calls.length, 1);
  sheet.artifact(() =>
    coverage.calls.forEach((calls, i) => {
      let y = top + height;
      for (const { key } of CALL_SERIES) {
        const part = (calls[key] / most) * height;
        if (part === 0) continue;
        y -= part;
        sheet.doc
          .rect(left + i * width + width * 0.12, y, width * 0.76, part)
          .fillColor(COLORS[key])
          .fill();
      }
    }),
  );
  axis(sheet, coverage, left, top + height + 4);
  sheet.y = top + height + 22;
  legend(
    sheet,
    CALL_SERIES.map(({ key, text }) => ({ color: COLORS[key], text })),
    left,
  );
};
