/** Labelled texts and the box at the end of a control's page. */
import type { Sheet } from './sheet.js';
import { LABEL, lineStep, SUB, TEXT, type TextStyle } from './style.js';

const LABEL_WIDTH = 104;
const BOX = '#f3f6f5';
const FILES: TextStyle = { ...SUB, size: 7.4 };

/** A text beside its label, with the files it comes from beneath. */
export const field = (sheet: Sheet, label: string, text: string, files: readonly string[]): void => {
  const style: TextStyle = { ...LABEL, color: sheet.accent };
  sheet.ensure(lineStep(TEXT) * 2);
  const top = sheet.y;
  sheet.tag('P', () => sheet.put(label, sheet.frame.margin, top + 0.4, style));
  const at = { x: sheet.frame.margin + LABEL_WIDTH, width: sheet.frame.content - LABEL_WIDTH };
  sheet.paragraph(text, TEXT, { ...at, gap: files.length === 0 ? 9 : 1 });
  if (files.length > 0) sheet.paragraph(files.join('\n'), FILES, { ...at, gap: 9 });
};

/** A text in a tinted box, whole on one page. */
export const callout = (sheet: Sheet, title: string, text: string): void => {
  const inner = sheet.frame.content - 28;
  const lines = sheet.lines(text, TEXT, inner);
  const height = lines.length * lineStep(TEXT) + 36;
  sheet.y += 10;
  sheet.ensure(height);
  const top = sheet.y;
  sheet.artifact(() => {
    sheet.doc.roundedRect(sheet.frame.margin, top, sheet.frame.content, height, 3).fillColor(BOX).fill();
    sheet.doc.rect(sheet.frame.margin, top, 2.6, height).fillColor(sheet.accent).fill();
  });
  sheet.tag('P', () => {
    sheet.put(title, sheet.frame.margin + 15, top + 10, { ...LABEL, font: 'bold', size: 9 });
    lines.forEach((line, i) => sheet.put(line, sheet.frame.margin + 15, top + 24 + i * lineStep(TEXT), TEXT));
  });
  sheet.y += height + 8;
};
