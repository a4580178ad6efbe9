import type { Response, TestResult } from '../../model/evidence.js';
import { answerTo, DISPOSITIONS, exceptionId } from '../responses.js';
import { figure, longDate, plural } from '../words.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL, CELL_MUTED, ID, SUB, TEXT, type TextStyle } from './style.js';
import { type Cell, type CellPart, table } from './table.js';

const STRONG: TextStyle = { ...CELL, font: 'semibold' };
/** Ids named beside a response; the rest are counted. */
const MAX_NAMED = 12;

const day = (date: string): string => longDate(Date.parse(`${date}T00:00:00Z`));

/** Which exceptions each response in force answers, in the order of the exceptions. */
const grouped = (responses: readonly Response[], { control, exceptions }: TestResult) => {
  const groups = new Map<Response, string[]>();
  exceptions.forEach((_, i) => {
    const answer = answerTo(responses, control, i);
    if (answer) groups.set(answer, [...(groups.get(answer) ?? []), exceptionId(control, i)]);
  });
  return groups;
};

const said = ({ response, cause, action }: Response): readonly CellPart[] => [
  { text: response },
  ...(cause === '' ? [] : [{ text: `Cause: ${cause}`, style: CELL_MUTED }]),
  ...(action === '' ? [] : [{ text: `Action: ${action}`, style: CELL_MUTED }]),
];

const row = (answer: Response, ids: readonly string[]): readonly Cell[] => [
  [
    ...ids.slice(0, MAX_NAMED).map((text) => ({ text, style: SUB })),
    ...(ids.length > MAX_NAMED
      ? [{ text: `and ${figure(ids.length - MAX_NAMED)} more in exceptions.csv`, style: CAPTION }]
      : []),
  ],
  [
    { text: DISPOSITIONS[answer.disposition], style: STRONG },
    ...(answer.due === null ? [] : [{ text: `by ${day(answer.due)}`, style: CELL_MUTED }]),
  ],
  said(answer),
  [{ text: answer.owner }, { text: `${answer.by}, ${day(answer.responded)}`, style: CELL_MUTED }],
];

/** What management answers to the exceptions of a control, and how many wait for an answer. */
export const responsesPart = (sheet: Sheet, result: TestResult, responses: readonly Response[]): void => {
  sheet.subheading('Management response', 50);
  sheet.paragraph(`What the control recommends: ${result.remediation}`, TEXT, { gap: 3 });
  const groups = grouped(responses, result);
  const open = result.exceptions.length - [...groups.values()].reduce((sum, ids) => sum + ids.length, 0);
  if (groups.size > 0) {
    table(
      sheet,
      [
        { head: 'Exceptions', share: 84 },
        { head: 'Disposition', share: 78 },
        { head: 'Response', share: 215 },
        { head: 'Owner, given by', share: 110 },
      ],
      [...groups].map(([answer, ids]) => row(answer, ids)),
      { look: 'rules' },
    );
  }
  if (open > 0) {
    const none =
      groups.size === 0
        ? 'No response is recorded in this package.'
        : `${plural(open, 'exception')} without a response.`;
    const ask = `${result.owner} answers with cause, action, owner and date: countersign report respond.`;
    sheet.paragraph(`${none} ${ask}`, CAPTION, { gap: 6 });
  }
};

/** Style of the id under which an exception stands in the tables. */
export const EXCEPTION_ID: TextStyle = { ...ID, size: 6.8 };
