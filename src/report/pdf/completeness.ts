import type { Dataset, Reconciliation, ReportContent } from '../content.js';
import { figure, plural } from '../words.js';
import type { Sheet } from './sheet.js';
import { CAPTION, CELL, CELL_MUTED, RED, SUB, type TextStyle } from './style.js';
import { table } from './table.js';

const DIFFERS: TextStyle = { font: 'semibold', size: 8.7, color: RED };

const lead = (rows: readonly Reconciliation[]): string => {
  const differing = rows.filter(({ status }) => status === 'differs').length;
  if (differing === 0) return `${plural(rows.length, 'pair')} of counts were compared; all agree or are explained.`;
  return `${plural(rows.length, 'pair')} of counts were compared; ${figure(differing)} ${differing === 1 ? 'differs' : 'differ'}.`;
};

/** Section 4: whether the populations are whole, and where each dataset comes from. */
export const completenessSection = (sheet: Sheet, content: ReportContent): void => {
  const { reconciliations } = content;
  sheet.section('4', 'Completeness and accuracy', lead(reconciliations));
  sheet.subheading('Reconciliation');
  table(
    sheet,
    [
      { head: 'Compared', share: 205 },
      { head: 'Left', share: 46, align: 'right' },
      { head: 'Right', share: 46, align: 'right' },
      { head: 'Outcome', share: 54 },
      { head: 'Explanation', share: 136 },
    ],
    reconciliations.map((r) => [
      [{ text: r.a }, { text: `against ${r.b}`, style: CELL_MUTED }],
      figure(r.countA),
      figure(r.countB),
      { text: r.status, style: r.status === 'differs' ? DIFFERS : CELL },
      { text: r.explanation, style: CELL_MUTED },
    ]),
    { look: 'rules', padding: 3 },
  );
  datasets(sheet, content.datasets);
};

/** Information produced by the entity: where each input came from, and that no row of it went missing. */
const datasets = (sheet: Sheet, rows: readonly Dataset[]): void => {
  sheet.subheading('Information produced by the entity');
  sheet.paragraph(
    'For each dataset: rows read = rows used + rejected + duplicate + excluded. The hash is over the input as it was read.',
    CAPTION,
    { gap: 6 },
  );
  table(
    sheet,
    [
      { head: 'Dataset, source, SHA-256', share: 250 },
      { head: 'Read', share: 46, align: 'right' },
      { head: 'Used', share: 46, align: 'right' },
      { head: 'Rejected', share: 46, align: 'right' },
      { head: 'Duplicate', share: 48, align: 'right' },
      { head: 'Excluded', share: 46, align: 'right' },
    ],
    rows.map((d) => [
      [
        { text: d.name },
        { text: `${d.source}, ${d.locator}`, style: CELL_MUTED },
        { text: d.sha256, style: { ...SUB, size: 6 } },
      ],
      figure(d.read),
      figure(d.out),
      figure(d.rejected),
      figure(d.duplicate),
      figure(d.excluded),
    ]),
    { look: 'rules', padding: 3, empty: 'No dataset was loaded.' },
  );
};
