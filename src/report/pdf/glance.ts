import type { ResultWord, TestResult } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { waived } from '../waivers.js';
import { figure, listed, plural } from '../words.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL_MUTED, CONTENT_WIDTH, ID, PAGE, RED, STATES, SUB, TEXT, type TextStyle } from './style.js';
import { type Cell, table } from './table.js';
import { waiversPart } from './waivers.js';

const ORDER: readonly ResultWord[] = ['no_exceptions', 'exceptions', 'error', 'not_testable', 'no_occurrence'];

const count = (results: readonly TestResult[], word: ResultWord): number =>
  results.filter(({ result }) => result === word).length;

const SAYS: Readonly<Record<ResultWord, string>> = {
  no_exceptions: 'showed no exceptions',
  exceptions: 'showed exceptions',
  error: 'ended in an error',
  not_testable: 'could not be tested',
  no_occurrence: 'had no occurrence',
};

/** `19 showed no exceptions, 2 showed exceptions and 1 could not be tested`. */
const summary = (results: readonly TestResult[]): string =>
  listed(
    ORDER.filter((word) => count(results, word) > 0).map((word) => `${figure(count(results, word))} ${SAYS[word]}`),
  );

const bar = (sheet: Sheet, results: readonly TestResult[]): void => {
  const gap = 1.6;
  const shown = ORDER.filter((word) => count(results, word) > 0);
  const width = CONTENT_WIDTH - gap * (shown.length - 1);
  sheet.artifact(() => {
    let x: number = PAGE.margin;
    for (const word of shown) {
      const part = (count(results, word) / results.length) * width;
      sheet.doc.rect(x, sheet.y, part, 7).fillColor(STATES[word].bar).fill();
      x += part + gap;
    }
  });
  sheet.y += 24;
};

const tested = ({ result }: TestResult): boolean => result !== 'not_testable' && result !== 'error';

/** How many, and how many of them a waiver covers. */
const counted = (result: TestResult, style: TextStyle): Cell => {
  const under = waived(result);
  const total = { text: figure(result.exceptions.length), style };
  return under === 0 ? total : [total, { text: `${figure(under)} waived`, style: SUB }];
};

const row = (result: TestResult): readonly Cell[] => {
  const strong: TextStyle = { font: 'bold', size: 8.7, color: RED };
  const exceptions = result.exceptions.length;
  return [
    { text: result.control, style: ID },
    result.title,
    { text: result.criteria.join(' '), style: CELL_MUTED },
    tested(result) ? figure(result.population) : '–',
    exceptions > 0 ? counted(result, strong) : result.result === 'no_exceptions' ? '0' : '–',
    { badge: result.result },
  ];
};

const MEANING: readonly (readonly [ResultWord, string])[] = [
  ['no_exceptions', 'The whole population was tested and every item passed.'],
  [
    'exceptions',
    'Items are listed for which the control did not operate. Each stands on the control’s page and in exceptions.csv.',
  ],
  ['not_testable', 'A source the test needs is missing. Nothing is concluded.'],
  ['no_occurrence', 'The population is empty: there was nothing for the control to act on. This is not a pass.'],
  ['error', 'The test could not be carried out. Nothing is concluded.'],
];

/** Section 1: one row per control. There is no overall score. */
export const glance = (sheet: Sheet, content: ReportContent): void => {
  const { results, totals } = content;
  const over = [
    plural(totals.calls, 'call'),
    plural(totals.approvals, 'approval request'),
    plural(totals.events, 'CloudTrail event'),
  ];
  const lead = `${plural(results.length, 'control')} over ${listed(over)}, without sampling: ${summary(results)}.`;
  sheet.section('1', 'Results at a glance', lead);
  bar(sheet, results);
  table(
    sheet,
    [
      { head: 'Control', share: 62 },
      { head: 'What it says', share: 193 },
      { head: 'Criteria', share: 78 },
      { head: 'Population', share: 50, align: 'right' },
      { head: 'Exceptions', share: 53, align: 'right' },
      { head: 'Result', share: 78 },
    ],
    results.map(row),
    { look: 'zebra', padding: 5 },
  );
  sheet.paragraph('No overall score is given: each result stands for its own control.', CAPTION, { gap: 4 });
  waiversPart(sheet, content);
  meanings(sheet, results);
};

const meanings = (sheet: Sheet, results: readonly TestResult[]): void => {
  sheet.subheading('How to read a result', 110);
  table(
    sheet,
    [
      { head: 'Word', share: 90 },
      { head: 'Meaning', share: 397 },
    ],
    MEANING.filter(([word]) => word !== 'error' || count(results, 'error') > 0).map(([word, text]) => [
      { badge: word },
      { text, style: TEXT },
    ]),
    { look: 'rules' },
  );
};
