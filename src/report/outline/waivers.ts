import type { Waiver } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { waivedBy } from '../waivers.js';
import { longDate } from '../words.js';
import { type Block, count, folded, heading, table, text } from './blocks.js';

const scopeText = ({ scope }: Waiver): string => {
  const parts = [
    scope.items === null ? null : `items ${scope.items.join(', ')}`,
    scope.person === null ? null : `person ${scope.person}`,
    scope.what === null ? null : scope.what,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'every exception' : parts.join('; ');
};

const term = ({ starts, expires, revoked }: Waiver): string =>
  `${longDate(Date.parse(starts))} until ${longDate(Date.parse(expires))}${
    revoked === null ? '' : `, revoked on ${longDate(Date.parse(revoked))}`
  }`;

/** Every waiver that bears on the period, with the exceptions it covers: they stay counted and listed. */
export const waiverBlocks = ({ waivers, results }: ReportContent): readonly Block[] => {
  if (waivers.length === 0) return [heading('Waivers'), text('No waiver bears on this period.')];
  const { shown, rest } = folded(waivers, 'waivers', 'csv/waivers.csv');
  return [
    heading('Waivers'),
    text(
      'What falls under a waiver is an exception all the same: it is counted, listed and marked with the id of the waiver.',
    ),
    table(
      [
        { head: 'Waiver', share: 84 },
        { head: 'Scope', share: 112 },
        { head: 'Reason', share: 134 },
        { head: 'Asked, approved', share: 104 },
        { head: 'Covers', share: 53, align: 'right' },
      ],
      shown.map((waiver) => [
        [
          { text: waiver.id, tone: 'id' },
          { text: term(waiver), tone: 'muted' },
        ],
        [{ text: waiver.scope.control }, { text: scopeText(waiver), tone: 'muted' }],
        { text: waiver.reason, tone: 'muted' },
        [{ text: waiver.requester }, { text: waiver.approver }],
        count(waivedBy(results, waiver.id)),
      ]),
    ),
    ...rest,
  ];
};
