import type { Cover } from '../outline/cover.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL, INK, lineStep, MUTED, RULE, STATES, type TextStyle } from './style.js';

const TITLE: TextStyle = { font: 'light', size: 36, color: INK };
const SUBTITLE: TextStyle = { font: 'regular', size: 16, color: MUTED };
const PERIOD: TextStyle = { font: 'semibold', size: 14, color: INK };
const SMALL: TextStyle = { font: 'regular', size: 9, color: MUTED };

const block = (sheet: Sheet, text: string, style: TextStyle, width = sheet.frame.content): void => {
  const step = style.size * 1.24;
  const lines = sheet.lines(text, style, width);
  sheet.tag('P', () => lines.forEach((line, i) => sheet.put(line, sheet.frame.margin, sheet.y + i * step, style)));
  sheet.y += lines.length * step;
};

const status = (sheet: Sheet, { status: label, final, reasons }: Cover): void => {
  const look = STATES[final ? 'no_exceptions' : 'not_testable'];
  const y = sheet.y;
  const style: TextStyle = { font: 'bold', size: 8.4, color: look.ink, spacing: 0.7 };
  const width = sheet.measure(label, style) + 22;
  sheet.artifact(() => sheet.doc.roundedRect(sheet.frame.margin, y, width, 17, 2.5).fillColor(look.tint).fill());
  sheet.tag('P', () => sheet.put(label, sheet.frame.margin + 11, y + 3.2, style));
  sheet.y = y + 25;
  for (const line of reasons) block(sheet, line, SMALL, 400);
};

const grid = (sheet: Sheet, { facts }: Cover): void => {
  const column = sheet.frame.content / 2;
  sheet.rule(sheet.y, RULE, 0.8);
  sheet.y += 16;
  for (let i = 0; i < facts.length; i += 2) {
    let height = 0;
    facts.slice(i, i + 2).forEach(({ label, text, code }, j) => {
      const x = sheet.frame.margin + j * column;
      const style: TextStyle = code ? { font: 'mono', size: 8.2, color: INK } : { ...CELL, size: 9.2 };
      const lines = sheet.lines(text, style, column - 20);
      sheet.tag('P', () => {
        sheet.put(label, x, sheet.y, CAPTION);
        lines.forEach((line, k) => sheet.put(line, x, sheet.y + 11 + k * lineStep(style), style));
      });
      height = Math.max(height, 11 + lines.length * lineStep(style));
    });
    sheet.y += height + 9;
  }
};

/** The first page: whose report, over what, of which standing. */
export const cover = (sheet: Sheet, said: Cover): void => {
  sheet.page();
  sheet.artifact(() => sheet.doc.rect(0, 0, 15, sheet.frame.height).fillColor(sheet.accent).fill());
  const name: TextStyle = { font: 'semibold', size: 9.4, color: MUTED, spacing: 1.6 };
  sheet.y = 74;
  block(sheet, said.organization.toUpperCase(), name);
  sheet.y = 250;
  block(sheet, said.title, TITLE);
  sheet.y += 2;
  block(sheet, said.subtitle, SUBTITLE);
  sheet.y += 34;
  block(sheet, said.period, PERIOD);
  sheet.y += 3;
  block(sheet, said.length, SMALL);
  sheet.y += 16;
  status(sheet, said);
  sheet.bookmark('Cover', 'cover');
  sheet.y = 572;
  grid(sheet, said);
  sheet.y = 776;
  block(sheet, said.note, { ...CAPTION, size: 8 });
};
