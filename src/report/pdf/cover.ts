import type { ReportContent } from '../content.js';
import { figure, grouped, listed, periodLength, periodTitle, plural } from '../words.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL, CONTENT_WIDTH, INK, lineStep, MUTED, PAGE, RULE, STATES, type TextStyle } from './style.js';

const X = PAGE.margin;
const TITLE: TextStyle = { font: 'light', size: 36, color: INK };
const SUBTITLE: TextStyle = { font: 'regular', size: 16, color: MUTED };
const PERIOD: TextStyle = { font: 'semibold', size: 14, color: INK };
const SMALL: TextStyle = { font: 'regular', size: 9, color: MUTED };

const CATEGORIES: Readonly<Record<string, string>> = {
  security: 'Security',
  availability: 'Availability',
  processing_integrity: 'Processing integrity',
  confidentiality: 'Confidentiality',
  privacy: 'Privacy',
};

const block = (sheet: Sheet, text: string, style: TextStyle, width = CONTENT_WIDTH): void => {
  const step = style.size * 1.24;
  const lines = sheet.lines(text, style, width);
  sheet.tag('P', () => lines.forEach((line, i) => sheet.put(line, X, sheet.y + i * step, style)));
  sheet.y += lines.length * step;
};

const status = (sheet: Sheet, content: ReportContent): void => {
  const look = STATES[content.status === 'FINAL' ? 'no_exceptions' : 'not_testable'];
  const y = sheet.y;
  const label = content.demo ? `${content.status} · SAMPLE DATA` : content.status;
  const style: TextStyle = { font: 'bold', size: 8.4, color: look.ink, spacing: 0.7 };
  const width = sheet.measure(label, style) + 22;
  sheet.artifact(() => sheet.doc.roundedRect(X, y, width, 17, 2.5).fillColor(look.tint).fill());
  sheet.tag('P', () => sheet.put(label, X + 11, y + 3.2, style));
  sheet.y = y + 25;
  const reasons =
    content.status === 'FINAL' ? [`Revision ${content.revision}. All sources are complete.`] : content.draftReasons;
  for (const line of [...reasons, ...content.notes]) block(sheet, line, SMALL, 400);
};

/** Categories of the tests, in the order of the Trust Services Criteria. */
const categories = (content: ReportContent): string => {
  const named = new Set(content.results.flatMap(({ category }) => category));
  return Object.entries(CATEGORIES)
    .filter(([key]) => named.has(key))
    .map(([, word]) => word)
    .join(', ');
};

const facts = (content: ReportContent, root: string): readonly (readonly [string, string, boolean])[] => {
  const { scope, totals, ledgers } = content;
  const systems = [plural(scope.servers.length, 'server'), plural(scope.gateways.length, 'gateway')];
  if (scope.accounts.length > 0) systems.push(plural(scope.accounts.length, 'AWS account'));
  return [
    ['Report', content.report, false],
    ['Evidence root', `${grouped(root.slice(0, 32))}\n${grouped(root.slice(32))}`, true],
    ['Prepared by', `Management of ${content.organization}, with Countersign ${content.version}`, false],
    ['Systems', listed(systems), false],
    ['Categories', categories(content), false],
    [
      'Recorded in the period',
      `${plural(totals.calls, 'call')}, ${plural(totals.approvals, 'approval request')}, ${plural(totals.events, 'CloudTrail event')}`,
      false,
    ],
    ['Ledger', ledgers.map(({ size }) => `${figure(size)} records`).join(', ') || 'none', false],
    ['Controls tested', figure(content.results.length), false],
  ];
};

const grid = (sheet: Sheet, content: ReportContent, root: string): void => {
  const column = CONTENT_WIDTH / 2;
  sheet.rule(sheet.y, RULE, 0.8);
  sheet.y += 16;
  const rows = facts(content, root);
  for (let i = 0; i < rows.length; i += 2) {
    let height = 0;
    rows.slice(i, i + 2).forEach(([label, value, mono], j) => {
      const x = X + j * column;
      const style: TextStyle = mono ? { font: 'mono', size: 8.2, color: INK } : { ...CELL, size: 9.2 };
      const lines = sheet.lines(value, style, column - 20);
      sheet.tag('P', () => {
        sheet.put(label, x, sheet.y, CAPTION);
        lines.forEach((line, k) => sheet.put(line, x, sheet.y + 11 + k * lineStep(style), style));
      });
      height = Math.max(height, 11 + lines.length * lineStep(style));
    });
    sheet.y += height + 9;
  }
};

/** The first page: whose report, over what, of which standing. */
export const cover = (sheet: Sheet, content: ReportContent, root: string): void => {
  sheet.page();
  sheet.artifact(() => sheet.doc.rect(0, 0, 15, PAGE.height).fillColor(sheet.accent).fill());
  const name: TextStyle = { font: 'semibold', size: 9.4, color: MUTED, spacing: 1.6 };
  sheet.y = 74;
  block(sheet, content.organization.toUpperCase(), name);
  sheet.y = 250;
  block(sheet, 'SOC 2 evidence report', TITLE);
  sheet.y += 2;
  block(sheet, 'Access to MCP servers and tools', SUBTITLE);
  sheet.y += 34;
  block(sheet, periodTitle(content.period), PERIOD);
  sheet.y += 3;
  block(sheet, `${periodLength(content.period)}. Times in this report are UTC.`, SMALL);
  sheet.y += 16;
  status(sheet, content);
  sheet.bookmark('Cover', 'cover');
  sheet.y = 572;
  grid(sheet, content, root);
  sheet.y = 776;
  block(
    sheet,
    'Prepared by management from system records. It is evidence for an examination and not an opinion; each test says what it does not prove.',
    { ...CAPTION, size: 8 },
  );
};
