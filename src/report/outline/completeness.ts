import type { Dataset, Reconciliation, ReportContent } from '../content.js';
import { figure, plural } from '../words.js';
import { type Block, count, folded, heading, type Section, table, text } from './blocks.js';

const lead = (rows: readonly Reconciliation[]): string => {
  const differing = rows.filter(({ status }) => status === 'differs').length;
  if (differing === 0) return `${plural(rows.length, 'pair')} of counts were compared; all agree or are explained.`;
  return `${plural(rows.length, 'pair')} of counts were compared; ${figure(differing)} ${differing === 1 ? 'differs' : 'differ'}.`;
};

const reconciled = (rows: readonly Reconciliation[]): readonly Block[] => [
  heading('Reconciliation'),
  table(
    [
      { head: 'Compared', share: 205 },
      { head: 'Left', share: 46, align: 'right' },
      { head: 'Right', share: 46, align: 'right' },
      { head: 'Outcome', share: 54 },
      { head: 'Explanation', share: 136 },
    ],
    rows.map((r) => [
      [{ text: r.a }, { text: `against ${r.b}`, tone: 'muted' }],
      count(r.countA),
      count(r.countB),
      r.status === 'differs' ? { text: r.status, tone: 'alert' } : r.status,
      { text: r.explanation, tone: 'muted' },
    ]),
    { room: 'tight' },
  ),
];

/** Information produced by the entity: where each input came from, and that no row of it went missing. */
const datasets = (rows: readonly Dataset[]): readonly Block[] => {
  const { shown, rest } = folded(rows, 'datasets', 'csv/ipe.csv');
  return [
    heading('Information produced by the entity'),
    text(
      'For each dataset: rows read = rows used + rejected + duplicate + excluded. The hash is over the input as it was read.',
      'caption',
    ),
    table(
      [
        { head: 'Dataset, source, SHA-256', share: 260 },
        { head: 'Read', share: 46, align: 'right' },
        { head: 'Used', share: 46, align: 'right' },
        { head: 'Rejected', share: 46, align: 'right' },
        { head: 'Duplicate', share: 48, align: 'right' },
        { head: 'Excluded', share: 46, align: 'right' },
      ],
      shown.map((d) => [
        [{ text: d.name }, { text: `${d.source}, ${d.locator}`, tone: 'muted' }, { text: d.sha256, tone: 'hash' }],
        count(d.read),
        count(d.out),
        count(d.rejected),
        count(d.duplicate),
        count(d.excluded),
      ]),
      { room: 'tight', empty: 'No dataset was loaded.' },
    ),
    ...rest,
  ];
};

/** Section 4: whether the populations are whole, and where each dataset comes from. */
export const completenessSection = (content: ReportContent): Section => ({
  number: '4',
  title: 'Completeness and accuracy',
  id: 'completeness',
  lead: lead(content.reconciliations),
  blocks: [...reconciled(content.reconciliations), ...datasets(content.datasets)],
});
