import type { ControlException, TestResult } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { exceptionId } from '../responses.js';
import { figure, listed, plural, shortTime } from '../words.js';
import { BADGE_WIDTH, badge } from './badge.js';
import { EXCEPTION_ID, responsesPart } from './responses.js';
import type { Sheet } from './sheet.js';
import { CELL, CELL_MUTED, CONTENT_WIDTH, H1, ID, LABEL, lineStep, PAGE, SUB, TEXT, type TextStyle } from './style.js';
import { type Cell, table } from './table.js';

/** How many exceptions of one control the PDF lists; exceptions.csv holds all. */
export const MAX_LISTED = 200;
const LABEL_WIDTH = 104;
const BOX = '#f3f6f5';
const FILES: TextStyle = { ...SUB, size: 7.4 };

const field = (sheet: Sheet, label: string, text: string, files?: string): void => {
  const style: TextStyle = { ...LABEL, color: sheet.accent };
  sheet.ensure(lineStep(TEXT) * 2);
  const top = sheet.y;
  sheet.tag('P', () => sheet.put(label, PAGE.margin, top + 0.4, style));
  const at = { x: PAGE.margin + LABEL_WIDTH, width: CONTENT_WIDTH - LABEL_WIDTH };
  sheet.paragraph(text, TEXT, { ...at, gap: files === undefined ? 9 : 1 });
  if (files !== undefined) sheet.paragraph(files, FILES, { ...at, gap: 9 });
};

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

const found = ({ found: text, waiver }: ControlException): Cell =>
  waiver === null
    ? text
    : [
        { text, style: CELL },
        { text: `under waiver ${waiver}`, style: SUB },
      ];

const row = (e: ControlException, id: string): readonly Cell[] => [
  [
    { text: e.time === null ? 'no time' : shortTime(e.time), style: CELL },
    { text: id, style: EXCEPTION_ID },
    { text: e.item, style: SUB },
  ],
  e.person || 'unknown',
  e.what,
  { text: e.expected, style: CELL_MUTED },
  found(e),
];

const exceptions = (sheet: Sheet, result: TestResult, responses: ReportContent['responses']): void => {
  if (result.exceptions.length === 0) return;
  sheet.subheading('Exceptions');
  table(
    sheet,
    [
      { head: 'Time (UTC), ids', share: 148 },
      { head: 'Person', share: 70 },
      { head: 'What', share: 84 },
      { head: 'Expected', share: 80 },
      { head: 'Found', share: 105 },
    ],
    result.exceptions.slice(0, MAX_LISTED).map((e, i) => row(e, exceptionId(result.control, i))),
    { look: 'rules' },
  );
  const more = result.exceptions.length - MAX_LISTED;
  if (more > 0) {
    sheet.paragraph(
      `The first ${MAX_LISTED} of ${figure(result.exceptions.length)} exceptions are shown. All ${figure(result.exceptions.length)} are in csv/exceptions.csv under ${result.control}.`,
      TEXT,
      { gap: 4 },
    );
  }
  responsesPart(sheet, result, responses);
};

const limits = (sheet: Sheet, text: string): void => {
  const inner = CONTENT_WIDTH - 28;
  const lines = sheet.lines(text, TEXT, inner);
  const height = lines.length * lineStep(TEXT) + 36;
  sheet.y += 10;
  sheet.ensure(height);
  const top = sheet.y;
  sheet.artifact(() => {
    sheet.doc.roundedRect(PAGE.margin, top, CONTENT_WIDTH, height, 3).fillColor(BOX).fill();
    sheet.doc.rect(PAGE.margin, top, 2.6, height).fillColor(sheet.accent).fill();
  });
  sheet.tag('P', () => {
    sheet.put('What this does not prove', PAGE.margin + 15, top + 10, { ...LABEL, font: 'bold', size: 9 });
    lines.forEach((line, i) => sheet.put(line, PAGE.margin + 15, top + 24 + i * lineStep(TEXT), TEXT));
  });
  sheet.y += height + 8;
};

const requirementsText = ({ criteria, frameworks }: TestResult): string =>
  [
    ...(criteria.length > 0 ? [`Criteria ${criteria.join(', ')}`] : []),
    ...Object.keys(frameworks)
      .sort()
      .map((name) => `${name} ${(frameworks[name] ?? []).join(', ')}`),
  ].join('    ');

const head = (sheet: Sheet, result: TestResult, number: string): void => {
  sheet.page();
  if (number === '5.1') sheet.bookmark('5  Tests of control', '5');
  sheet.tag('P', () =>
    sheet.put(number, PAGE.margin, sheet.y - 5, { font: 'semibold', size: 9.4, color: sheet.accent }),
  );
  sheet.y += 12;
  const top = sheet.y;
  sheet.heading(result.title, H1, 'H1', CONTENT_WIDTH - BADGE_WIDTH - 16);
  sheet.tag('P', () => badge(sheet, result.result, PAGE.width - PAGE.margin - BADGE_WIDTH, top + 8));
  sheet.bookmark(`${number}  ${result.title}`, number);
  const about = `${requirementsText(result)}    Owner: ${result.owner}    Frequency: ${result.frequency}`;
  const id = sheet.safe(result.control, ID);
  const offset = sheet.measure(id, ID) + 16;
  sheet.tag('P', () => sheet.put(id, PAGE.margin, sheet.y + 0.6, { ...ID, size: 8.4 }));
  sheet.paragraph(about, CELL_MUTED, { x: PAGE.margin + offset + 4, width: CONTENT_WIDTH - offset - 4, gap: 14 });
};

/** Section 5: one page per control, or more where it has many exceptions. */
export const controlSection = (sheet: Sheet, content: ReportContent): void => {
  content.results.forEach((result, i) => {
    head(sheet, result, `5.${i + 1}`);
    field(sheet, 'Objective', result.statement);
    field(sheet, 'Test', result.test, `sql/${result.control}.population.sql\nsql/${result.control}.exceptions.sql`);
    field(sheet, 'Population', populationText(result));
    field(sheet, 'Result', resultText(result));
    exceptions(sheet, result, content.responses);
    limits(sheet, result.limits);
  });
};
