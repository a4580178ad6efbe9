import type { Distribution } from '../content.js';
import type { ResultCount } from '../outline/blocks.js';
import { figure } from '../words.js';
import type { Sheet } from './sheet.js';
import { CELL, PALE, SOFT_GREEN, STATES, type TextStyle } from './style.js';

const LABELS = 196;
const FIGURES = 58;
/** Height of one bar with its room, points. */
export const BAR_STEP = 15;
const COUNT: TextStyle = { ...CELL, font: 'semibold' };

/** Horizontal bars, one hue, each with its figure: the length says it in grey print too. */
export const bars = (sheet: Sheet, shown: Distribution['bars']): void => {
  const most = Math.max(1, ...shown.map(({ count }) => count));
  const left = sheet.frame.margin + LABELS + FIGURES;
  const width = sheet.frame.content - LABELS - FIGURES;
  for (const { label, count } of shown) {
    sheet.ensure(BAR_STEP);
    const { y } = sheet;
    const text = sheet.lines(label, CELL, LABELS - 6)[0] ?? '';
    sheet.tag('P', () => {
      sheet.put(text, sheet.frame.margin, y, CELL);
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
    sheet.y += BAR_STEP;
  }
};

/** One bar, in which each result has the share of its controls. */
export const resultsBar = (sheet: Sheet, counts: readonly ResultCount[]): void => {
  const gap = 1.6;
  const width = sheet.frame.content - gap * (counts.length - 1);
  const whole = counts.reduce((sum, { count }) => sum + count, 0);
  sheet.artifact(() => {
    let x = sheet.frame.margin;
    for (const { word, count } of counts) {
      const part = (count / whole) * width;
      sheet.doc.rect(x, sheet.y, part, 7).fillColor(STATES[word].bar).fill();
      x += part + gap;
    }
  });
  sheet.y += 24;
};
