/**
 * The report as an outline: sections of texts, tables and charts, built once from what was gathered, before anybody says
 * how they look. The PDF and the page draw the same outline, so no figure can differ between them.
 */
import type { ResultWord } from '../../model/evidence.js';
import type { Coverage, Distribution } from '../content.js';
import { figure } from '../words.js';

/** What a text is; each rendering gives it a look. */
export type Tone = 'text' | 'strong' | 'muted' | 'caption' | 'alert' | 'id' | 'hash' | 'code';

export interface Part {
  readonly text: string;
  readonly tone?: Tone;
  /** Takes the colour of this result. */
  readonly state?: ResultWord;
  /** Id of the section it leads to. */
  readonly link?: string;
  /** What a table is sorted by, where that is not the text: a number, or a time as RFC 3339. */
  readonly order?: string | number;
}

/** Text, several texts beneath each other, or the badge of a result. */
export type Cell = string | Part | readonly Part[] | { readonly badge: ResultWord };

export interface Column {
  readonly head: string;
  /** Share of the table's width. */
  readonly share: number;
  /** Figures stand at the right. */
  readonly align?: 'right';
}

export interface TableBlock {
  readonly kind: 'table';
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly look: 'zebra' | 'rules';
  /** Room above and beneath a row: for few words, the usual, or for much text. */
  readonly room: 'tight' | 'usual' | 'wide';
  /** What stands in place of rows, where there are none. */
  readonly empty: string;
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string; readonly tone: Tone }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** A labelled text, with the files it comes from. */
  | { readonly kind: 'field'; readonly label: string; readonly text: string; readonly files: readonly string[] }
  | { readonly kind: 'callout'; readonly title: string; readonly text: string }
  | TableBlock
  /** How many controls have which result, as one bar. */
  | { readonly kind: 'results'; readonly counts: readonly ResultCount[] }
  | { readonly kind: 'heat-map'; readonly coverage: Coverage }
  | { readonly kind: 'call-bars'; readonly coverage: Coverage }
  | { readonly kind: 'bars'; readonly bars: Distribution['bars'] };

export interface ResultCount {
  readonly word: ResultWord;
  readonly count: number;
}

export interface Section {
  /** Such as `5` or `5.12`; one with a point stands under the other. */
  readonly number: string;
  readonly title: string;
  /** What others lead here by. */
  readonly id: string;
  /** One sentence that already says the result. */
  readonly lead: string;
  /** Of a control: its id, what it speaks to, and its result. */
  readonly control?: { readonly id: string; readonly about: string; readonly result: ResultWord };
  readonly blocks: readonly Block[];
}

export const heading = (text: string): Block => ({ kind: 'heading', text });

export const text = (words: string, tone: Tone = 'text'): Block => ({ kind: 'text', text: words, tone });

export const list = (items: readonly string[]): Block => ({ kind: 'list', items });

type TableOptions = Partial<Pick<TableBlock, 'look' | 'room' | 'empty'>>;

export const table = (
  columns: readonly Column[],
  rows: TableBlock['rows'],
  { look = 'rules', room = 'usual', empty = 'None.' }: TableOptions = {},
): TableBlock => ({ kind: 'table', columns, rows, look, room, empty });

/** A count as it is written and sorted. */
export const count = (value: number, tone?: Tone): Part => ({
  text: figure(value),
  order: value,
  ...(tone && { tone }),
});

/** How many rows of one table are shown; whoever reads more than that wants a program. */
export const MAX_ROWS = 200;

/**
 * The first of many rows, and where there are more a sentence that says how many, and which file holds all.
 * @param noun of many, such as `gaps`
 */
export const folded = <T>(
  rows: readonly T[],
  noun: string,
  where: string,
  most = MAX_ROWS,
): { readonly shown: readonly T[]; readonly rest: readonly Block[] } => {
  if (rows.length <= most) return { shown: rows, rest: [] };
  const all = figure(rows.length);
  return {
    shown: rows.slice(0, most),
    rest: [text(`The first ${figure(most)} of ${all} ${noun} are shown. All ${all} are in ${where}.`)],
  };
};
