import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { ReportContent } from '../content.js';
import { coverOf } from '../outline/cover.js';
import { outlineOf } from '../outline/outline.js';
import { periodTitle } from '../words.js';
import { cover } from './cover.js';
import { running } from './running.js';
import { drawSection } from './section.js';
import { Sheet } from './sheet.js';

const frame = (sheet: Sheet, content: ReportContent, root: string): void => {
  const draft = content.status === 'DRAFT' ? '  ·  DRAFT' : '';
  running(sheet, {
    left: content.organization,
    right: `${periodTitle(content.period)}${draft}${content.demo ? '  ·  sample data' : ''}`,
    foot: `${content.report}   evidence root ${root.slice(0, 16)}…`,
  });
};

const draw = (sheet: Sheet, content: ReportContent, root: string): void => {
  cover(sheet, coverOf(content, root));
  for (const section of outlineOf(content)) drawSection(sheet, section);
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
    paper: 'a4',
    watermark: content.demo ? 'SAMPLE DATA' : null,
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  sheet.doc.pipe(file);
  draw(sheet, content, root);
  sheet.end();
  await finished(file);
};
