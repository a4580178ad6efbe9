/** Blocks of the outline as markup. */
import type { ResultWord } from '../../model/evidence.js';
import type { Block, Cell, Part, TableBlock, Tone } from '../outline/blocks.js';
import { RESULT_WORDS } from '../words.js';
import { bars, callBars, heatMap, resultsBar } from './charts.js';
import { element, escaped, shape } from './markup.js';

/** A form for each result, so that they differ without colour too. */
const GLYPHS: Readonly<Record<ResultWord, string>> = {
  no_exceptions: shape('circle', { cx: 6, cy: 6, r: 4 }),
  exceptions: shape('path', { d: 'M6 1 11 10.5H1Z' }),
  not_testable: shape('path', { d: 'M6 .8 11.2 6 6 11.2 .8 6Z' }),
  no_occurrence: shape('circle', { class: 'ring', cx: 6, cy: 6, r: 3.6 }),
  error: shape('rect', { x: 2, y: 2, width: 8, height: 8 }),
};

/** The form alone, for lists. */
export const glyph = (word: ResultWord): string =>
  element('svg', { class: `glyph ${word}`, viewBox: '0 0 12 12', 'aria-hidden': 'true' }, GLYPHS[word]);

/** Form, word and tint of a result. */
export const badge = (word: ResultWord): string =>
  element('span', { class: `badge ${word}` }, glyph(word), RESULT_WORDS[word]);

const isParts = (cell: Cell): cell is readonly Part[] => Array.isArray(cell);

const partMarkup = ({ text, tone = 'text', state, link }: Part): string => {
  const words = link === undefined ? escaped(text) : element('a', { href: `#${link}` }, escaped(text));
  const looks = [...(tone === 'text' ? [] : [tone]), ...(state === undefined ? [] : [state])];
  return element('div', { class: looks.length === 0 ? undefined : looks.join(' ') }, words);
};

const cellMarkup = (cell: Cell): string => {
  if (typeof cell === 'string') return escaped(cell);
  if ('badge' in cell) return badge(cell.badge);
  return isParts(cell) ? cell.map(partMarkup).join('') : partMarkup(cell);
};

/** What a row is sorted by, where that is not its text. */
const orderOf = (cell: Cell): string | number | undefined => {
  if (typeof cell === 'string' || 'badge' in cell) return undefined;
  return isParts(cell) ? cell[0]?.order : cell.order;
};

const tableMarkup = ({ columns, rows, look, room, empty }: TableBlock): string => {
  if (rows.length === 0) return element('p', {}, escaped(empty));
  const side = (i: number): string | undefined => columns[i]?.align;
  const heads = columns.map(({ head }, i) => element('th', { scope: 'col', class: side(i) }, escaped(head)));
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...row.map((cell, i) => {
        const attributes = { class: side(i), 'data-head': columns[i]?.head, 'data-order': orderOf(cell) };
        return element('td', attributes, cellMarkup(cell));
      }),
    ),
  );
  return element(
    'table',
    { class: `rows ${look} ${room}` },
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...body.map((row) => `${row}\n`)),
  );
};

const paragraph = (text: string, tone: Tone): string =>
  tone === 'code'
    ? element('pre', {}, element('code', {}, escaped(text)))
    : element('p', { class: tone === 'text' ? undefined : tone }, escaped(text));

/** @param level of a heading within the section, such as `h3` */
export const blockMarkup = (block: Block, level: 'h3' | 'h4'): string => {
  switch (block.kind) {
    case 'heading':
      return element(level, {}, escaped(block.text));
    case 'text':
      return paragraph(block.text, block.tone);
    case 'list':
      return element('ul', {}, ...block.items.map((item) => element('li', {}, escaped(item))));
    case 'field': {
      const files = block.files.map((file) => element('div', { class: 'hash' }, escaped(file)));
      return element(
        'dl',
        { class: 'field' },
        element('dt', {}, escaped(block.label)),
        element('dd', {}, escaped(block.text), ...files),
      );
    }
    case 'callout':
      return element(
        'div',
        { class: 'callout' },
        element(level, {}, escaped(block.title)),
        paragraph(block.text, 'text'),
      );
    case 'table':
      return tableMarkup(block);
    case 'results':
      return resultsBar(block.counts);
    case 'heat-map':
      return heatMap(block.coverage);
    case 'call-bars':
      return callBars(block.coverage);
    default:
      return bars(block.bars);
  }
};
