import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { SamplePages } from '../../trace/pages.js';
import { periodTitle } from '../../words.js';
import { running } from '../running.js';
import { Sheet } from '../sheet.js';
import { sampleCover, sampleSection } from './cover.js';
import { itemPage } from './item.js';

/**
 * Writes the pages of a sample as PDF. The same sample gives the same bytes: its date is the end of the period.
 * @param path of a file that must not exist
 */
export const writeSamplePdf = async (path: string, sample: SamplePages): Promise<void> => {
  const { organization, control, report, period, pages } = sample;
  const sheet = new Sheet({
    title: `Audit sample of ${control.id}, ${organization}, ${period.label}`,
    author: organization,
    subject: `${pages.length} items of report ${report}`,
    date: new Date(period.to),
    accent: sample.accent,
    paper: 'a4',
    watermark: sample.demo ? 'SAMPLE DATA' : null,
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  sheet.doc.pipe(file);
  sampleCover(sheet, sample);
  sampleSection(sheet, sample);
  for (const page of pages) itemPage(sheet, page, sample);
  running(sheet, {
    left: organization,
    right: `${periodTitle(period)}${sample.demo ? '  ·  sample data' : ''}`,
    foot: `${report}   ${control.id}   population ${sample.population.sha256.slice(0, 16)}…`,
  });
  sheet.end();
  await finished(file);
};
