import type { ResultWord } from '../../model/evidence.js';
import { RESULT_WORDS } from '../words.js';
import type { Sheet } from './sheet.js';
import { STATES, type StateLook, type TextStyle } from './style.js';

const HEIGHT = 14;
export const BADGE_WIDTH = 76;

const glyph = (sheet: Sheet, { glyph: shape, ink }: StateLook, x: number, y: number): void => {
  const { doc } = sheet;
  doc.fillColor(ink).strokeColor(ink).lineWidth(1.1);
  if (shape === 'disc') doc.circle(x, y, 2.5).fill();
  else if (shape === 'ring') doc.circle(x, y, 2.2).stroke();
  else if (shape === 'square') doc.rect(x - 2.4, y - 2.4, 4.8, 4.8).fill();
  else if (shape === 'diamond') doc.polygon([x, y - 3.3], [x + 3.3, y], [x, y + 3.3], [x - 3.3, y]).fill();
  else doc.polygon([x, y - 3.2], [x + 3.5, y + 2.8], [x - 3.5, y + 2.8]).fill();
};

/** Glyph, word and tint of a result. `y` is the top of the line of text beside it. */
export const badge = (sheet: Sheet, word: ResultWord, x: number, y: number, width = BADGE_WIDTH): void => {
  const look = STATES[word];
  const top = y - 1.6;
  sheet.doc.roundedRect(x, top, width, HEIGHT, 2).fillColor(look.tint).fill();
  glyph(sheet, look, x + 9, top + HEIGHT / 2);
  const style: TextStyle = { font: 'semibold', size: 8, color: look.ink };
  sheet.put(RESULT_WORDS[word], x + 16.5, top + 2.2, style);
};
