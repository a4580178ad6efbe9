/** The first pages of a sample: of what it was drawn, how, and which items it holds. */
import type { SamplePages } from '../../trace/pages.js';
import { figure, grouped, periodTitle, plural, shortTime } from '../../words.js';
import type { Sheet } from '../sheet.js';
import { CAPTION, CELL, CELL_MUTED, ID, INK, lineStep, MUTED, SUB, TEXT, type TextStyle } from '../style.js';
import { table } from '../table.js';

const TITLE: TextStyle = { font: 'light', size: 36, color: INK };
const SUBTITLE: TextStyle = { font: 'regular', size: 16, color: MUTED };
const STRONG: TextStyle = { font: 'semibold', size: 12, color: INK };
const CODE: TextStyle = { ...ID, size: 8.2, color: INK };

const block = (sheet: Sheet, text: string, style: TextStyle): void => {
  const step = style.size * 1.24;
  const lines = sheet.lines(text, style, sheet.frame.content);
  sheet.tag('P', () => lines.forEach((line, i) => sheet.put(line, sheet.frame.margin, sheet.y + i * step, style)));
  sheet.y += lines.length * step;
};

const halves = (hash: string): string => `${grouped(hash.slice(0, 32))}\n${grouped(hash.slice(32))}`;

const facts = ({ report, evidenceRoot, population, nonce, seed, pages, proof }: SamplePages) =>
  [
    ['Drawn from', report, false],
    ['Evidence root of the package', halves(evidenceRoot), true],
    ['Population', `${plural(population.items, 'item')}, ${population.file}`, false],
    ['Its hash, which froze it', halves(population.sha256), true],
    ['Nonce of the auditor', nonce, true],
    ['Seed', halves(seed), true],
    ['Items drawn', figure(pages.length), false],
    ...(proof === null ? [] : ([['Root of the ledger', halves(proof.root), true]] as const)),
  ] as const;

const grid = (sheet: Sheet, sample: SamplePages): void => {
  const { margin, content } = sheet.frame;
  const column = content / 2;
  const cells = facts(sample);
  sheet.rule(sheet.y, undefined, 0.8);
  sheet.y += 16;
  for (let i = 0; i < cells.length; i += 2) {
    const heights = cells.slice(i, i + 2).map(([label, value, mono], j) => {
      const x = margin + j * column;
      const style: TextStyle = mono ? { ...CODE, size: 7.8 } : { ...CELL, size: 9.2 };
      const lines = sheet.lines(value, style, column - 20);
      sheet.tag('P', () => {
        sheet.put(label, x, sheet.y, CAPTION);
        lines.forEach((line, k) => sheet.put(line, x, sheet.y + 11 + k * lineStep(style), style));
      });
      return 11 + lines.length * lineStep(style);
    });
    sheet.y += Math.max(...heights) + 9;
  }
};

/** The cover. */
export const sampleCover = (sheet: Sheet, sample: SamplePages): void => {
  const { height } = sheet.frame;
  const { control } = sample;
  sheet.page();
  sheet.artifact(() => sheet.doc.rect(0, 0, 15, height).fillColor(sheet.accent).fill());
  sheet.y = 74;
  block(sheet, sample.organization.toUpperCase(), { font: 'semibold', size: 9.4, color: MUTED, spacing: 1.6 });
  sheet.y = height * 0.26;
  block(sheet, 'Audit sample', TITLE);
  sheet.y += 4;
  block(sheet, control.title, SUBTITLE);
  sheet.y += 30;
  block(sheet, `${control.id}    ${periodTitle(sample.period)}`, STRONG);
  sheet.y += 4;
  block(
    sheet,
    `${plural(sample.pages.length, 'item')}, each traced through every source of the package. Times are UTC.`,
    {
      ...CELL_MUTED,
      size: 9,
    },
  );
  sheet.bookmark('Cover', 'cover');
  sheet.y = height - 310;
  grid(sheet, sample);
};

const result = ({ exceptions }: SamplePages['pages'][number]): string =>
  exceptions.length === 0 ? 'No exceptions' : plural(exceptions.length, 'exception');

const items = (sheet: Sheet, { pages }: SamplePages): void =>
  table(
    sheet,
    [
      { head: 'Rank', share: 30, align: 'right' },
      { head: 'Item', share: 150 },
      { head: 'Time (UTC)', share: 98 },
      { head: 'Person', share: 80 },
      { head: 'What', share: 80 },
      { head: 'In the report', share: 60 },
    ],
    pages.map((page) => [
      figure(page.rank),
      { text: page.item, style: SUB },
      shortTime(page.time === '' ? null : page.time),
      page.person,
      page.what,
      { text: result(page), style: CELL_MUTED },
    ]),
    { look: 'zebra', padding: 3.4, empty: 'The population has no item.' },
  );

const method = (sheet: Sheet, { control, table: file, proof }: SamplePages): void => {
  sheet.subheading('How it was drawn');
  sheet.paragraph(
    'The seed is the SHA-256 of the population’s hash, a line feed and the nonce. Items are ranked by the HMAC-SHA-256 of their id under the seed, and the lowest are taken: nobody who does not know the nonce can foresee them, and a larger sample of the same nonce keeps these.',
    TEXT,
    { gap: 4 },
  );
  sheet.subheading('What the pages show');
  sheet.paragraph(
    'What happened comes from the records and events themselves, not from the test. The questions are answered from the records alone; they are a help for the auditor and not the test of the control, whose result stands beside the title of each page.',
    TEXT,
    { gap: 4 },
  );
  sheet.paragraph(`Control: ${control.statement}`, TEXT, { gap: 2 });
  sheet.paragraph(`Test: ${control.test}`, TEXT, { gap: 4 });
  sheet.subheading('How to check them');
  sheet.paragraph(`The result and the note of the auditor have columns in ${file}.`, TEXT, { gap: 4 });
  if (proof === null) return;
  sheet.paragraph(
    `${proof.file} holds every record named here as written, with the hashes that lead to the root of the ledger, which the integrity section of the report names: ${figure(proof.size)} records. It verifies alone, without the package:`,
    TEXT,
    { gap: 1 },
  );
  sheet.paragraph(`countersign verify ${proof.file} --trust TRUST.json`, CODE, { gap: 4 });
  sheet.paragraph(
    'Objects of AWS lie below raw/ under the SHA-256 of their bytes; place counts the events of an object from 0:',
    TEXT,
    { gap: 1 },
  );
  sheet.paragraph('gzip -dc OBJECT | jq ".Records[PLACE]"', CODE);
};

/** The list of items, and how they were drawn. */
export const sampleSection = (sheet: Sheet, sample: SamplePages): void => {
  const { pages, population } = sample;
  const bad = pages.filter(({ exceptions }) => exceptions.length > 0).length;
  const lead = `${figure(pages.length)} of ${plural(population.items, 'item')} were drawn. The report lists exceptions for ${bad === 0 ? 'none' : figure(bad)} of them.`;
  sheet.section('1', 'The sample', lead);
  items(sheet, sample);
  method(sheet, sample);
};
