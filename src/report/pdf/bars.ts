import type { Distribution } from '../content.js';
import { figure, plural } from '../words.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL, CONTENT_WIDTH, PAGE, PALE, SOFT_GREEN, type TextStyle } from './style.js';

/** Bars that fit a page beside other things; the rest are counted, and stand in distributions.csv. */
const MAX_BARS = 12;
const LABELS = 196;
const FIGURES = 58;
const STEP = 15;
const COUNT: TextStyle = { ...CELL, font: 'semibold' };

const folded = ({ bars }: Distribution): Distribution['bars'] => {
  const rest = bars.slice(MAX_BARS);
  if (rest.length === 0) return bars;
  const count = rest.reduce((sum, bar) => sum + bar.count, 0);
  return [
    ...bars.slice(0, MAX_BARS),
    { label: `${plural(rest.length, 'further kind')}, see distributions.csv`, count },
  ];
};

/** Horizontal bars, one hue, each with its figure: the length says it in grey print too. */
export const bars = (sheet: Sheet, distribution: Distribution): void => {
  const shown = folded(distribution);
  sheet.subheading(distribution.title, Math.min(shown.length, MAX_BARS + 1) * STEP + 14);
  if (shown.length === 0) {
    sheet.paragraph(distribution.empty, CELL, { gap: 6 });
    return;
  }
  const most = Math.max(1, ...shown.map(({ count }) => count));
  const left = PAGE.margin + LABELS + FIGURES;
  const width = CONTENT_WIDTH - LABELS - FIGURES;
  for (const { label, count } of shown) {
    sheet.ensure(STEP);
    const { y } = sheet;
    const text = sheet.lines(label, CELL, LABELS - 6)[0] ?? '';
    sheet.tag('P', () => {
      sheet.put(text, PAGE.margin, y, CELL);
      sheet.putRight(figure(count), left - 10, y, COUNT);
    });
    sheet.artifact(() => {
      sheet.doc
        .rect(left, y + 1.5, width, 8.5)
        .fillColor(PALE)
        .fill();
      if (count > 0)
        sheet.doc
          .rect(left, y + 1.5, Math.max((count / most) * width, 1), 8.5)
          .fillColor(SOFT_GREEN)
          .fill();
    });
    sheet.y += STEP;
  }
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  sheet.paragraph(`${figure(total)} in all. The figures are those of csv/distributions.csv.`, CAPTION, { gap: 2 });
};
