import type { ResultWord, TestResult } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { waived } from '../waivers.js';
import { figure, listed, plural } from '../words.js';
import { type Block, type Cell, count, heading, type Section, table, text } from './blocks.js';
import { waiverBlocks } from './waivers.js';

const ORDER: readonly ResultWord[] = ['no_exceptions', 'exceptions', 'error', 'not_testable', 'no_occurrence'];

const SAYS: Readonly<Record<ResultWord, string>> = {
  no_exceptions: 'showed no exceptions',
  exceptions: 'showed exceptions',
  error: 'ended in an error',
  not_testable: 'could not be tested',
  no_occurrence: 'had no occurrence',
};

/** How many controls have which result; words that none has are left out. */
const countsOf = (results: readonly TestResult[]) =>
  ORDER.map((word) => ({ word, count: results.filter(({ result }) => result === word).length })).filter(
    (one) => one.count > 0,
  );

/** `19 showed no exceptions, 2 showed exceptions and 1 could not be tested`. */
const summary = (results: readonly TestResult[]): string =>
  listed(countsOf(results).map((one) => `${figure(one.count)} ${SAYS[one.word]}`));

const isTested = ({ result }: TestResult): boolean => result !== 'not_testable' && result !== 'error';

/** How many, and how many of them a waiver covers. */
const excepted = (result: TestResult): Cell => {
  const { length } = result.exceptions;
  if (length === 0) return result.result === 'no_exceptions' ? count(0) : { text: '–', order: -1 };
  const under = waived(result);
  const total = count(length, 'alert');
  return under === 0 ? total : [total, { text: `${figure(under)} waived`, tone: 'hash' }];
};

const row = (result: TestResult): readonly Cell[] => [
  { text: result.control, tone: 'id', link: result.control },
  result.title,
  { text: result.criteria.join(' '), tone: 'muted' },
  isTested(result) ? count(result.population) : { text: '–', order: -1 },
  excepted(result),
  { badge: result.result },
];

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

const meanings = (results: readonly TestResult[]): readonly Block[] => [
  heading('How to read a result'),
  table(
    [
      { head: 'Word', share: 90 },
      { head: 'Meaning', share: 397 },
    ],
    MEANING.filter(([word]) => word !== 'error' || results.some(({ result }) => result === 'error')).map(
      ([word, meaning]) => [{ badge: word }, meaning],
    ),
  ),
];

/** Section 1: one row per control. There is no overall score. */
export const glance = (content: ReportContent): Section => {
  const { results, totals } = content;
  const over = [
    plural(totals.calls, 'call'),
    plural(totals.approvals, 'approval request'),
    plural(totals.events, 'CloudTrail event'),
  ];
  return {
    number: '1',
    title: 'Results at a glance',
    id: 'results',
    lead: `${plural(results.length, 'control')} over ${listed(over)}, without sampling: ${summary(results)}.`,
    blocks: [
      { kind: 'results', counts: countsOf(results) },
      table(
        [
          { head: 'Control', share: 62 },
          { head: 'What it says', share: 193 },
          { head: 'Criteria', share: 78 },
          { head: 'Population', share: 50, align: 'right' },
          { head: 'Exceptions', share: 53, align: 'right' },
          { head: 'Result', share: 78 },
        ],
        results.map(row),
        { look: 'zebra', room: 'wide' },
      ),
      text('No overall score is given: each result stands for its own control.', 'caption'),
      ...waiverBlocks(content),
      ...meanings(results),
    ],
  };
};
