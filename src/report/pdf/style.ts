/** Type, colour and measure of the page. Points. */
import type { ResultWord } from '../../model/evidence.js';

/** Where on a sheet of paper what may stand. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Left and right. */
  readonly margin: number;
  readonly top: number;
  readonly bottom: number;
  /** Between the margins. */
  readonly content: number;
}

export type Paper = 'a4' | 'letter';

const frame = (width: number, height: number): Frame => {
  const margin = 54;
  return { width, height, margin, top: 78, bottom: 64, content: width - 2 * margin };
};

/** ISO 216 A4, and US Letter of 8.5 by 11 inches. */
export const PAPERS: Readonly<Record<Paper, Frame>> = { a4: frame(595.28, 841.89), letter: frame(612, 792) };

export const INK = '#1b1f23';
export const MUTED = '#5b6570';
export const RULE = '#d8dee4';
export const ZEBRA = '#f6f8fa';
export const GREEN = '#2f8058';
export const SOFT_GREEN = '#6aab86';
export const AMBER = '#d9a01f';
export const RED = '#b3261e';
const GREY = '#b4bcc6';
export const PALE = '#eceff2';

export type FontName = 'light' | 'regular' | 'semibold' | 'bold' | 'mono';

export interface TextStyle {
  readonly font: FontName;
  readonly size: number;
  readonly color: string;
  /** Extra space between characters, points. */
  readonly spacing?: number;
}

export const TEXT: TextStyle = { font: 'regular', size: 9.4, color: INK };
export const LEAD: TextStyle = { font: 'regular', size: 10, color: MUTED };
export const LABEL: TextStyle = { font: 'semibold', size: 8.7, color: INK };
export const CELL: TextStyle = { font: 'regular', size: 8.7, color: INK };
export const CELL_MUTED: TextStyle = { font: 'regular', size: 8.2, color: MUTED };
export const CAPTION: TextStyle = { font: 'regular', size: 7.5, color: MUTED };
export const ID: TextStyle = { font: 'mono', size: 7.6, color: MUTED };
export const SUB: TextStyle = { font: 'mono', size: 6.4, color: MUTED };
export const H1: TextStyle = { font: 'bold', size: 20, color: INK };
export const H2: TextStyle = { font: 'bold', size: 11.5, color: INK };

/** Distance between two lines of this style. */
export const lineStep = ({ size }: TextStyle): number => size * 1.26 + (size < 9 ? 1.2 : 2.4);

export interface StateLook {
  readonly ink: string;
  readonly tint: string;
  readonly bar: string;
  readonly glyph: 'disc' | 'triangle' | 'diamond' | 'ring' | 'square';
}

/** States by glyph, word and tint together: they must read in grey print as well. */
export const STATES: Readonly<Record<ResultWord, StateLook>> = {
  no_exceptions: { ink: '#1f6b45', tint: '#e5f4eb', bar: GREEN, glyph: 'disc' },
  exceptions: { ink: RED, tint: '#fdeaea', bar: RED, glyph: 'triangle' },
  not_testable: { ink: '#7a5600', tint: '#fff3d4', bar: AMBER, glyph: 'diamond' },
  no_occurrence: { ink: MUTED, tint: '#eceff2', bar: GREY, glyph: 'ring' },
  error: { ink: RED, tint: '#fdeaea', bar: '#7a1a14', glyph: 'square' },
};
