import type { ReportContent } from '../content.js';
import { figure } from '../words.js';
import { type Part, type Section, table, text } from './blocks.js';

/** Section 7: all criteria, also those to which nothing here speaks. */
export const criteriaSection = ({ criteria, results }: ReportContent): Section => {
  const none = criteria.filter(({ strength }) => strength === 'none').length;
  return {
    number: '7',
    title: 'Coverage of the criteria',
    id: 'criteria',
    lead: `Of ${figure(criteria.length)} criteria, ${figure(criteria.length - none)} are supported in some degree and ${figure(none)} not at all. No criterion is met by this report alone.`,
    blocks: [
      table(
        [
          { head: 'Criterion', share: 46 },
          { head: 'In our words', share: 148 },
          { head: 'Strength', share: 60 },
          { head: 'What this package shows and does not show', share: 165 },
          { head: 'Controls', share: 62 },
        ],
        criteria.map(({ id, text: words, strength, evidence }) => {
          const named: readonly Part[] = results
            .filter((result) => result.criteria.includes(id))
            .map(({ control }) => ({ text: control, tone: 'hash', link: control }));
          return [
            { text: id, tone: 'id' },
            words,
            { text: strength, tone: strength === 'none' ? 'muted' : 'strong' },
            { text: evidence, tone: 'muted' },
            named.length === 0 ? { text: '–', tone: 'hash' } : named,
          ];
        }),
        { room: 'tight' },
      ),
      text(
        'Ids are those of the AICPA Trust Services Criteria; the wording is ours and short, and does not replace the criteria. Direct: operation is shown over the whole population on the gateway’s path. Partial: a part is shown. Corroborates: supports other evidence. None: use other evidence.',
        'muted',
      ),
    ],
  };
};
