/** Sections of the outline on the page: their heads, then block after block. */
import type { Block, Cell, Part, Section, TableBlock, Tone } from '../outline/blocks.js';
import { CONTROLS } from '../outline/outline.js';
import { BADGE_WIDTH, badge } from './badge.js';
import { BAR_STEP, bars, resultsBar } from './bars.js';
import { callout, field } from './boxes.js';
import { callBars, heatMap } from './charts.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL, CELL_MUTED, H1, ID, INK, RED, STATES, SUB, TEXT, type TextStyle } from './style.js';
import { type CellPart, type Cell as DrawnCell, table } from './table.js';

const CODE: TextStyle = { font: 'mono', size: 8.4, color: INK };

/** Looks of a text within a table. */
const IN_CELL: Readonly<Record<Tone, TextStyle>> = {
  text: CELL,
  strong: { ...CELL, font: 'semibold' },
  muted: CELL_MUTED,
  caption: CAPTION,
  alert: { ...CELL, font: 'bold', color: RED },
  id: ID,
  hash: SUB,
  code: CODE,
};

/** Looks of a text that stands alone, and the room beneath it, points. */
const ALONE: Readonly<Partial<Record<Tone, readonly [style: TextStyle, gap: number]>>> = {
  text: [TEXT, 5],
  muted: [CELL_MUTED, 4],
  caption: [CAPTION, 4],
  code: [CODE, 6],
};

const ROOM: Readonly<Record<TableBlock['room'], number>> = { tight: 3, usual: 4.5, wide: 5 };

const partOf = ({ text, tone = 'text', state }: Part): CellPart => {
  const style = IN_CELL[tone];
  return { text, style: state === undefined ? style : { ...style, color: STATES[state].ink } };
};

const isParts = (cell: Cell): cell is readonly Part[] => Array.isArray(cell);

const cellOf = (cell: Cell): DrawnCell => {
  if (typeof cell === 'string' || 'badge' in cell) return cell;
  return isParts(cell) ? cell.map(partOf) : partOf(cell);
};

/** What must stand on the page of a heading: a chart whole, of other things a few lines. */
const follow = (next: readonly Block[]): number => {
  const chart = next.slice(0, 2).find(({ kind }) => kind === 'bars' || kind === 'call-bars');
  if (chart?.kind === 'bars') return chart.bars.length * BAR_STEP + 14;
  return chart === undefined ? 60 : 170;
};

const paragraph = (sheet: Sheet, text: string, tone: Tone, next: Block | undefined): void => {
  const [style, gap] = ALONE[tone] ?? [IN_CELL[tone], 4];
  const leads = next?.kind === 'text' && next.tone === 'code' && tone !== 'code';
  sheet.paragraph(text, style, { gap: leads ? 1 : gap });
};

const drawTable = (sheet: Sheet, { columns, rows, look, room, empty }: TableBlock): void =>
  table(
    sheet,
    columns,
    rows.map((row) => row.map(cellOf)),
    { look, padding: ROOM[room], empty },
  );

const drawBlock = (sheet: Sheet, block: Block, next: readonly Block[]): void => {
  switch (block.kind) {
    case 'heading':
      return sheet.subheading(block.text, follow(next));
    case 'text':
      return paragraph(sheet, block.text, block.tone, next[0]);
    case 'list':
      return block.items.forEach((item) => sheet.paragraph(`–  ${item}`, TEXT, { gap: 2 }));
    case 'field':
      return field(sheet, block.label, block.text, block.files);
    case 'callout':
      return callout(sheet, block.title, block.text);
    case 'table':
      return drawTable(sheet, block);
    case 'results':
      return resultsBar(sheet, block.counts);
    case 'heat-map':
      return heatMap(sheet, block.coverage);
    case 'call-bars':
      return callBars(sheet, block.coverage);
    case 'bars':
      return bars(sheet, block.bars);
  }
};

/** Its number, title and badge, and what it speaks to. */
const controlHead = (sheet: Sheet, { number, title, control }: Section & Required<Pick<Section, 'control'>>): void => {
  sheet.page();
  if (number === `${CONTROLS.number}.1`) sheet.bookmark(`${CONTROLS.number}  ${CONTROLS.title}`, CONTROLS.number);
  sheet.tag('P', () =>
    sheet.put(number, sheet.frame.margin, sheet.y - 5, { font: 'semibold', size: 9.4, color: sheet.accent }),
  );
  sheet.y += 12;
  const top = sheet.y;
  sheet.heading(title, H1, 'H1', sheet.frame.content - BADGE_WIDTH - 16);
  sheet.tag('P', () => badge(sheet, control.result, sheet.frame.width - sheet.frame.margin - BADGE_WIDTH, top + 8));
  sheet.bookmark(`${number}  ${title}`, number);
  const id = sheet.safe(control.id, ID);
  const offset = sheet.measure(id, ID) + 16;
  sheet.tag('P', () => sheet.put(id, sheet.frame.margin, sheet.y + 0.6, { ...ID, size: 8.4 }));
  sheet.paragraph(control.about, CELL_MUTED, {
    x: sheet.frame.margin + offset + 4,
    width: sheet.frame.content - offset - 4,
    gap: 14,
  });
};

/** Draws a section, from a page of its own on. */
export const drawSection = (sheet: Sheet, section: Section): void => {
  const { control } = section;
  if (control) controlHead(sheet, { ...section, control });
  else sheet.section(section.number, section.title, section.lead);
  section.blocks.forEach((block, i) => drawBlock(sheet, block, section.blocks.slice(i + 1, i + 3)));
};
