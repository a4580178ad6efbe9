/** Tables: the head repeats on every page, a row stands on one page, text wraps and is never cut. */
import type { ResultWord } from '../../model/evidence.js';
import { badge } from './badge.js';
import type { Element, Sheet } from './sheet.js';
import { CAPTION, CELL, INK, lineStep, RULE, type TextStyle, ZEBRA } from './style.js';

export interface Column {
  readonly head: string;
  /** Share of the table's width. */
  readonly share: number;
  readonly align?: 'left' | 'right';
}

export interface CellPart {
  readonly text: string;
  readonly style?: TextStyle;
}

/** Text, several texts beneath each other, or the badge of a result. */
export type Cell = string | CellPart | readonly CellPart[] | { readonly badge: ResultWord };

export interface TableOptions {
  /** `zebra` tints every second row, `rules` draws a thin line beneath each. */
  readonly look: 'zebra' | 'rules';
  readonly padding?: number;
  /** What stands in place of rows, where there are none. */
  readonly empty?: string;
}

interface Line {
  readonly text: string;
  readonly style: TextStyle;
}
type Laid = { readonly lines: readonly Line[] } | { readonly badge: ResultWord };

interface Box {
  readonly x: number;
  readonly width: number;
  readonly align: 'left' | 'right';
}

const GUTTER = 9;
const BADGE_STEP = 13;

const isParts = (cell: Cell): cell is readonly CellPart[] => Array.isArray(cell);

const lay = (sheet: Sheet, cell: Cell, width: number): Laid => {
  if (typeof cell !== 'string' && 'badge' in cell) return cell;
  const parts = typeof cell === 'string' ? [{ text: cell }] : isParts(cell) ? cell : [cell];
  const lines = parts.flatMap(({ text, style = CELL }: CellPart) =>
    sheet.lines(text, style, width).map((line) => ({ text: line, style })),
  );
  return { lines };
};

const heightOf = (laid: Laid): number =>
  'badge' in laid ? BADGE_STEP : laid.lines.reduce((sum, { style }) => sum + lineStep(style), 0);

/** As many of the first lines of each cell as fit, and what is left. */
const split = (row: readonly Laid[], height: number): readonly [readonly Laid[], readonly Laid[]] => {
  const halves = row.map((laid): readonly [Laid, Laid] => {
    if ('badge' in laid) return [laid, { lines: [] }];
    let used = 0;
    const count = laid.lines.findIndex(({ style }) => {
      used += lineStep(style);
      return used > height;
    });
    const at = count < 0 ? laid.lines.length : Math.max(count, 1);
    return [{ lines: laid.lines.slice(0, at) }, { lines: laid.lines.slice(at) }];
  });
  return [halves.map(([head]) => head), halves.map(([, tail]) => tail)];
};

class TableDrawing {
  private readonly sheet: Sheet;
  private readonly columns: readonly Column[];
  private readonly boxes: readonly Box[];
  private readonly options: TableOptions;
  private readonly element: Element;
  private readonly padding: number;
  private count = 0;

  constructor(sheet: Sheet, columns: readonly Column[], options: TableOptions) {
    this.sheet = sheet;
    this.columns = columns;
    this.options = options;
    this.padding = options.padding ?? 4.5;
    const whole = columns.reduce((sum, { share }) => sum + share, 0);
    let x: number = sheet.frame.margin;
    this.boxes = columns.map(({ share, align = 'left' }, i) => {
      const full = (share / whole) * sheet.frame.content;
      const box = { x, width: full - (i === columns.length - 1 ? 0 : GUTTER), align };
      x += full;
      return box;
    });
    this.element = sheet.doc.struct('Table');
    sheet.under(this.element);
  }

  head(): void {
    const { sheet } = this;
    const laid = this.columns.map(({ head }, i) =>
      lay(sheet, { text: head, style: CAPTION }, this.boxes[i]?.width ?? 0),
    );
    const height = Math.max(...laid.map(heightOf));
    this.cells(laid, 'TH', sheet.y);
    sheet.y += height + 3;
    sheet.rule(sheet.y, INK, 0.9);
    sheet.y += 1;
  }

  row(cells: readonly Cell[]): void {
    let rest: readonly Laid[] = cells.map((cell, i) => lay(this.sheet, cell, this.boxes[i]?.width ?? 0));
    for (let first = true; first || rest.some((laid) => 'lines' in laid && laid.lines.length > 0); first = false) {
      const need = Math.max(...rest.map(heightOf)) + 2 * this.padding;
      if (need > this.sheet.room && this.count > 0) this.turn();
      if (need <= this.sheet.room) {
        this.draw(rest, need);
        return;
      }
      // Only a row that is higher than a page gets here: its lines go on on the next page.
      const [now, later] = split(rest, this.sheet.room - 2 * this.padding);
      this.draw(now, Math.max(...now.map(heightOf)) + 2 * this.padding);
      rest = later;
    }
  }

  end(): void {
    this.element.end();
    if (this.options.look === 'zebra' && this.count > 0) this.sheet.rule(this.sheet.y + 1);
    this.sheet.y += 8;
  }

  private turn(): void {
    this.sheet.page();
    this.head();
  }

  private draw(row: readonly Laid[], height: number): void {
    const { sheet } = this;
    const top = sheet.y;
    if (this.options.look === 'zebra' && this.count % 2 === 0) {
      sheet.artifact(() =>
        sheet.doc
          .rect(sheet.frame.margin - 6, top, sheet.frame.content + 12, height)
          .fillColor(ZEBRA)
          .fill(),
      );
    }
    this.cells(row, 'TD', top + this.padding);
    if (this.options.look === 'rules') sheet.rule(top + height, RULE);
    sheet.y += height;
    this.count++;
  }

  private cells(row: readonly Laid[], tag: 'TH' | 'TD', top: number): void {
    const { sheet } = this;
    const line = sheet.doc.struct('TR');
    this.element.add(line);
    row.forEach((laid, i) => {
      const box = this.boxes[i];
      if (box) sheet.tag(tag, () => this.cell(laid, box, top), line);
    });
    line.end();
  }

  private cell(laid: Laid, { x, width, align }: Box, top: number): void {
    if ('badge' in laid) {
      badge(this.sheet, laid.badge, x, top, Math.min(width, 76));
      return;
    }
    let y = top;
    for (const { text, style } of laid.lines) {
      if (align === 'right') this.sheet.putRight(text, x + width, y, style);
      else this.sheet.put(text, x, y, style);
      y += lineStep(style);
    }
  }
}

/** Draws a table at the cursor, over as many pages as it needs. */
export const table = (
  sheet: Sheet,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): void => {
  if (rows.length === 0) {
    sheet.paragraph(options.empty ?? 'None.', CELL, { gap: 6 });
    return;
  }
  sheet.ensure(60);
  const drawing = new TableDrawing(sheet, columns, options);
  drawing.head();
  for (const row of rows) drawing.row(row);
  drawing.end();
};
