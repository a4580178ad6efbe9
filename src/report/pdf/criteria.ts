import type { CriterionLine, ReportContent } from '../content.js';
import { figure } from '../words.js';
import type { Sheet } from './sheet.js';
import { CELL, CELL_MUTED, ID, SUB, type TextStyle } from './style.js';
import { table } from './table.js';

const STRONG: TextStyle = { ...CELL, font: 'semibold' };

const STRENGTH: Readonly<Record<CriterionLine['strength'], string>> = {
  direct: 'direct',
  partial: 'partial',
  corroborates: 'corroborates',
  none: 'none',
};

/** Section 7: all criteria, also those to which nothing here speaks. */
export const criteriaSection = (sheet: Sheet, content: ReportContent): void => {
  const { criteria, results } = content;
  const none = criteria.filter(({ strength }) => strength === 'none').length;
  const lead = `Of ${figure(criteria.length)} criteria, ${figure(criteria.length - none)} are supported in some degree and ${figure(none)} not at all. No criterion is met by this report alone.`;
  sheet.section('7', 'Coverage of the criteria', lead);
  table(
    sheet,
    [
      { head: 'Criterion', share: 46 },
      { head: 'In our words', share: 148 },
      { head: 'Strength', share: 60 },
      { head: 'What this package shows and does not show', share: 165 },
      { head: 'Controls', share: 62 },
    ],
    criteria.map(({ id, text, strength, evidence }) => {
      const named = results.filter((result) => result.criteria.includes(id)).map(({ control }) => control);
      return [
        { text: id, style: ID },
        text,
        { text: STRENGTH[strength], style: strength === 'none' ? CELL_MUTED : STRONG },
        { text: evidence, style: CELL_MUTED },
        { text: named.join('\n') || '–', style: SUB },
      ];
    }),
    { look: 'rules', padding: 3.2 },
  );
  sheet.paragraph(
    'Ids are those of the AICPA Trust Services Criteria; the wording is ours and short, and does not replace the criteria. Direct: operation is shown over the whole population on the gateway’s path. Partial: a part is shown. Corroborates: supports other evidence. None: use other evidence.',
    CELL_MUTED,
  );
};
