import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { ReportContent } from '../content.js';
import { periodTitle } from '../words.js';
import { claimsSection } from './claims.js';
import { completenessSection } from './completeness.js';
import { controlSection } from './control.js';
import { cover } from './cover.js';
import { coverageSection } from './coverage.js';
import { criteriaSection } from './criteria.js';
import { glance } from './glance.js';
import { integritySection } from './integrity.js';
import { scopeSection } from './scope.js';
import { Sheet } from './sheet.js';
import { CAPTION, PAGE, RULE, SUB, type TextStyle } from './style.js';

const FOOT: TextStyle = { ...SUB, size: 7.2 };

/** Header and footer, once the number of pages is known. The cover has none. */
const frame = (sheet: Sheet, content: ReportContent, root: string): void => {
  const { count } = sheet.doc.bufferedPageRange();
  const right = PAGE.width - PAGE.margin;
  const period = `${periodTitle(content.period)}${content.status === 'DRAFT' ? '  ·  DRAFT' : ''}${content.demo ? '  ·  sample data' : ''}`;
  for (let i = 1; i < count; i++) {
    sheet.doc.switchToPage(i);
    sheet.doc.markContent('Artifact', { type: 'Pagination' });
    sheet.put(sheet.lines(content.organization, CAPTION, 220)[0] ?? '', PAGE.margin, 34, CAPTION);
    sheet.putRight(period, right, 34, CAPTION);
    const line = (y: number) =>
      sheet.doc.moveTo(PAGE.margin, y).lineTo(right, y).lineWidth(0.6).strokeColor(RULE).stroke();
    line(48);
    line(PAGE.height - 46);
    const y = PAGE.height - 38;
    sheet.put(`${content.report}   evidence root ${root.slice(0, 16)}…`, PAGE.margin, y, FOOT);
    sheet.putRight(`${i + 1} / ${count}`, right, y, CAPTION);
    sheet.doc.endMarkedContent();
  }
};

const draw = (sheet: Sheet, content: ReportContent, root: string): void => {
  cover(sheet, content, root);
  glance(sheet, content);
  scopeSection(sheet, content);
  coverageSection(sheet, content);
  completenessSection(sheet, content);
  controlSection(sheet, content);
  integritySection(sheet, content);
  criteriaSection(sheet, content);
  claimsSection(sheet, content);
  frame(sheet, content, root);
};

/**
 * Writes the report as PDF. Equal content gives equal bytes: its date is the end of the period.
 * @param root evidence root, hex, printed on each page
 */
export const writePdf = async (path: string, content: ReportContent, root: string): Promise<void> => {
  const sheet = new Sheet({
    title: `SOC 2 evidence report, ${content.organization}, ${content.period.label}`,
    author: content.organization,
    subject: `Report ${content.report}, status ${content.status}`,
    date: new Date(content.period.to),
    accent: content.accent,
    watermark: content.demo ? 'SAMPLE DATA' : null,
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  sheet.doc.pipe(file);
  draw(sheet, content, root);
  sheet.end();
  await finished(file);
};
