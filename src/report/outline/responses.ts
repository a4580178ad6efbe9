import type { Response, TestResult } from '../../model/evidence.js';
import { answerTo, DISPOSITIONS, exceptionId } from '../responses.js';
import { figure, longDate, plural } from '../words.js';
import { type Block, type Cell, folded, heading, type Part, table, text } from './blocks.js';

/** Ids named beside a response; the rest are counted. */
const MAX_NAMED = 12;

const day = (date: string): string => longDate(Date.parse(`${date}T00:00:00Z`));

/** Which exceptions each response in force answers, in the order of the exceptions. */
const grouped = (responses: readonly Response[], { control, exceptions }: TestResult) => {
  const groups = new Map<Response, string[]>();
  if (responses.length === 0) return groups;
  exceptions.forEach((_, i) => {
    const answer = answerTo(responses, control, i);
    if (!answer) return;
    const ids = groups.get(answer) ?? [];
    groups.set(answer, ids);
    ids.push(exceptionId(control, i));
  });
  return groups;
};

const said = ({ response, cause, action }: Response): readonly Part[] => [
  { text: response },
  ...(cause === '' ? [] : [{ text: `Cause: ${cause}`, tone: 'muted' as const }]),
  ...(action === '' ? [] : [{ text: `Action: ${action}`, tone: 'muted' as const }]),
];

const row = (answer: Response, ids: readonly string[]): readonly Cell[] => [
  [
    ...ids.slice(0, MAX_NAMED).map((id) => ({ text: id, tone: 'hash' as const })),
    ...(ids.length > MAX_NAMED
      ? [{ text: `and ${figure(ids.length - MAX_NAMED)} more in exceptions.csv`, tone: 'caption' as const }]
      : []),
  ],
  [
    { text: DISPOSITIONS[answer.disposition], tone: 'strong' },
    ...(answer.due === null ? [] : [{ text: `by ${day(answer.due)}`, tone: 'muted' as const }]),
  ],
  said(answer),
  [{ text: answer.owner }, { text: `${answer.by}, ${day(answer.responded)}`, tone: 'muted' }],
];

const answered = (groups: ReadonlyMap<Response, readonly string[]>): readonly Block[] => {
  if (groups.size === 0) return [];
  const { shown, rest } = folded([...groups], 'responses', 'csv/responses.csv');
  return [
    table(
      [
        { head: 'Exceptions', share: 84 },
        { head: 'Disposition', share: 78 },
        { head: 'Response', share: 215 },
        { head: 'Owner, given by', share: 110 },
      ],
      shown.map(([answer, ids]) => row(answer, ids)),
    ),
    ...rest,
  ];
};

/** What management answers to the exceptions of a control, and how many wait for an answer. */
export const responseBlocks = (result: TestResult, responses: readonly Response[]): readonly Block[] => {
  const groups = grouped(responses, result);
  const open = result.exceptions.length - [...groups.values()].reduce((sum, ids) => sum + ids.length, 0);
  const none =
    groups.size === 0 ? 'No response is recorded in this package.' : `${plural(open, 'exception')} without a response.`;
  const ask = `${result.owner} answers with cause, action, owner and date: countersign report respond.`;
  return [
    heading('Management response'),
    text(`What the control recommends: ${result.remediation}`),
    ...answered(groups),
    ...(open > 0 ? [text(`${none} ${ask}`, 'caption')] : []),
  ];
};
