/** What stands above and below every page. */
import type { Sheet } from './sheet.js';
import { CAPTION, RULE, SUB, type TextStyle } from './style.js';

const FOOT: TextStyle = { ...SUB, size: 7.2 };

/** Texts of header and footer; the number of the page comes of itself. */
export interface Running {
  readonly left: string;
  readonly right: string;
  readonly foot: string;
}

/** Header and footer, once the number of pages is known. The cover has none. */
export const running = (sheet: Sheet, { left, right: title, foot }: Running): void => {
  const { count } = sheet.doc.bufferedPageRange();
  const { margin, width, height } = sheet.frame;
  const right = width - margin;
  for (let i = 1; i < count; i++) {
    sheet.doc.switchToPage(i);
    sheet.doc.markContent('Artifact', { type: 'Pagination' });
    sheet.put(sheet.lines(left, CAPTION, 220)[0] ?? '', margin, 34, CAPTION);
    sheet.putRight(title, right, 34, CAPTION);
    const line = (y: number) => sheet.doc.moveTo(margin, y).lineTo(right, y).lineWidth(0.6).strokeColor(RULE).stroke();
    line(48);
    line(height - 46);
    sheet.put(foot, margin, height - 38, FOOT);
    sheet.putRight(`${i + 1} / ${count}`, right, height - 38, CAPTION);
    sheet.doc.endMarkedContent();
  }
};
