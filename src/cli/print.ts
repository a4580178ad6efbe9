import { printable, type terminal } from '../index.js';

type Terminal = ReturnType<typeof terminal>;

/** A state with its glyph, its word and its colour: never colour alone. */
export const STATES = {
  no_exceptions: { glyph: '●', word: 'no exceptions', style: 'green' },
  exceptions: { glyph: '▲', word: 'exceptions', style: 'red' },
  not_testable: { glyph: '◆', word: 'not testable', style: 'yellow' },
  no_occurrence: { glyph: '○', word: 'no occurrence', style: 'dim' },
  error: { glyph: '■', word: 'error', style: 'red' },
  pass: { glyph: '✓', word: 'holds', style: 'green' },
  fail: { glyph: '✗', word: 'fails', style: 'red' },
  open: { glyph: '◆', word: 'not established', style: 'yellow' },
  missing: { glyph: '▲', word: 'incomplete', style: 'yellow' },
  note: { glyph: '·', word: 'note', style: 'dim' },
} as const;

/** As wide as the longest word of these states, with its glyph. */
export const stateWidth = (names: readonly (keyof typeof STATES)[]): number =>
  Math.max(0, ...names.map((name) => STATES[name].word.length)) + 2;

/** @param width of the column it stands in */
export const state = (out: Terminal, name: keyof typeof STATES, width = 0): string => {
  const { glyph, word, style } = STATES[name];
  const text = `${glyph} ${word}`;
  return `${out.paint(style, text)}${' '.repeat(Math.max(0, width - text.length))}`;
};

/** Breaks text at spaces; a word longer than the room stays whole, so that keys and hashes can be copied. */
export const wrapped = (text: string, room: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

/** Lines behind a head of a given width; on a terminal they are broken to fit. */
export const behind = (out: Terminal, head: string, width: number, text: string): readonly string[] => {
  const lines = out.interactive ? wrapped(printable(text), Math.max(20, out.width - width)) : [printable(text)];
  return lines.map((line, i) => `${i === 0 ? head : ' '.repeat(width)}${line}`);
};

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Style of the whole padded cell, applied after measuring. */
  readonly paint?: (row: Row, text: string) => string;
}

const pad = (text: string, width: number, align: 'left' | 'right' = 'left'): string =>
  align === 'right' ? text.padStart(width) : text.padEnd(width);

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/**
 * An aligned table without lines. The last column takes what is left of the width and is cut with an
 * ellipsis where a terminal is too narrow; pipes get everything.
 */
export const table = <Row>(out: Terminal, columns: readonly Column<Row>[], rows: readonly Row[]): string[] => {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, i) => Math.max(column.head.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const used = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const last = widths.length - 1;
  const room = out.interactive ? Math.max(8, out.width - used) : Number.POSITIVE_INFINITY;
  const render = (texts: readonly string[], style: (text: string, i: number) => string): string =>
    texts
      .map((text, i) => {
        const width = i === last ? Math.min(widths[i] ?? 0, room) : (widths[i] ?? 0);
        const fitted = i === last ? cut(text, width) : text;
        return style(i === last && columns[i]?.align !== 'right' ? fitted : pad(fitted, width, columns[i]?.align), i);
      })
      .join('  ');
  const head = render(
    columns.map((column) => column.head),
    (text) => out.paint('dim', text),
  );
  const body = rows.map((row, r) => render(cells[r] ?? [], (text, i) => columns[i]?.paint?.(row, text) ?? text));
  return [head, ...body];
};
