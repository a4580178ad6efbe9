import type { ControlException, TestResult } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { exceptionId } from '../responses.js';
import { figure, listed, plural, shortTime } from '../words.js';
import { type Block, type Cell, folded, heading, type Section, table } from './blocks.js';
import { responseBlocks } from './responses.js';

const excepted = ({ exceptions }: TestResult): number => new Set(exceptions.map(({ item }) => item)).size;

const populationText = (result: TestResult): string => {
  if (result.result === 'not_testable') return 'Not established, because a source is missing.';
  if (result.result === 'error') return 'Not established, because the query failed.';
  const where = `Listed in csv/population_${result.control}.csv.`;
  if (result.population === 0) return 'No item in the period.';
  return `${plural(result.population, 'item')}, each of them tested. ${where}`;
};

const resultText = (result: TestResult): string => {
  switch (result.result) {
    case 'no_exceptions':
      return `No exceptions. All ${figure(result.population)} passed.`;
    case 'exceptions': {
      const items = excepted(result);
      const people = [...new Set(result.exceptions.map(({ person }) => person))];
      const who =
        people.length <= 3 ? ` By: ${listed(people)}.` : ` ${plural(people.length, 'identity', 'identities')}.`;
      const rows = result.exceptions.length === items ? '' : ` on ${plural(items, 'item')}`;
      return `${plural(result.exceptions.length, 'exception')}${rows}.${who} ${figure(result.population - items)} of ${figure(result.population)} passed.`;
    }
    case 'no_occurrence':
      return 'No occurrence: there was nothing for the control to act on. This is not a pass.';
    default:
      return `${result.result === 'error' ? 'Error. ' : 'Not testable. '}${result.reason ?? ''}`;
  }
};

const found = ({ found: words, waiver }: ControlException): Cell =>
  waiver === null ? words : [{ text: words }, { text: `under waiver ${waiver}`, tone: 'hash' }];

const row = (e: ControlException, id: string): readonly Cell[] => [
  [
    { text: e.time === null ? 'no time' : shortTime(e.time), order: e.time ?? '' },
    { text: id, tone: 'id' },
    { text: e.item, tone: 'hash' },
  ],
  e.person || 'unknown',
  e.what,
  { text: e.expected, tone: 'muted' },
  found(e),
];

const exceptionBlocks = (result: TestResult, responses: ReportContent['responses']): readonly Block[] => {
  const { control, exceptions } = result;
  if (exceptions.length === 0) return [];
  const { shown, rest } = folded(exceptions, 'exceptions', `csv/exceptions.csv under ${control}`);
  return [
    heading('Exceptions'),
    table(
      [
        { head: 'Time (UTC), ids', share: 148 },
        { head: 'Person', share: 70 },
        { head: 'What', share: 84 },
        { head: 'Expected', share: 80 },
        { head: 'Found', share: 105 },
      ],
      shown.map((e, i) => row(e, exceptionId(control, i))),
    ),
    ...rest,
    ...responseBlocks(result, responses),
  ];
};

const requirementsText = ({ criteria, frameworks }: TestResult): string =>
  [
    ...(criteria.length > 0 ? [`Criteria ${criteria.join(', ')}`] : []),
    ...Object.keys(frameworks)
      .sort()
      .map((name) => `${name} ${(frameworks[name] ?? []).join(', ')}`),
  ].join('    ');

const field = (label: string, words: string, files: readonly string[] = []): Block => ({
  kind: 'field',
  label,
  text: words,
  files,
});

const controlOf = (result: TestResult, number: string, responses: ReportContent['responses']): Section => {
  const { control } = result;
  return {
    number,
    title: result.title,
    id: control,
    lead: '',
    control: {
      id: control,
      about: `${requirementsText(result)}    Owner: ${result.owner}    Frequency: ${result.frequency}`,
      result: result.result,
    },
    blocks: [
      field('Objective', result.statement),
      field('Test', result.test, [`sql/${control}.population.sql`, `sql/${control}.exceptions.sql`]),
      field('Population', populationText(result)),
      field('Result', resultText(result)),
      ...exceptionBlocks(result, responses),
      { kind: 'callout', title: 'What this does not prove', text: result.limits },
    ],
  };
};

/** Section 5: one page per control, or more where it has many exceptions. */
export const controlSections = ({ results, responses }: ReportContent): readonly Section[] =>
  results.map((result, i) => controlOf(result, `5.${i + 1}`, responses));
