import type { Waiver } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { waivedBy } from '../waivers.js';
import { figure, longDate } from '../words.js';
import type { Sheet } from './sheet.js';
import { CELL, CELL_MUTED, ID, TEXT } from './style.js';
import { table } from './table.js';

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
export const waiversPart = (sheet: Sheet, content: ReportContent): void => {
  const { waivers, results } = content;
  sheet.subheading('Waivers', 110);
  if (waivers.length === 0) {
    sheet.paragraph('No waiver bears on this period.', TEXT, { gap: 4 });
    return;
  }
  sheet.paragraph(
    'What falls under a waiver is an exception all the same: it is counted, listed and marked with the id of the waiver.',
    TEXT,
    { gap: 6 },
  );
  table(
    sheet,
    [
      { head: 'Waiver', share: 84 },
      { head: 'Scope', share: 112 },
      { head: 'Reason', share: 134 },
      { head: 'Asked, approved', share: 104 },
      { head: 'Covers', share: 53, align: 'right' },
    ],
    waivers.map((waiver) => [
      [
        { text: waiver.id, style: ID },
        { text: term(waiver), style: CELL_MUTED },
      ],
      [
        { text: waiver.scope.control, style: CELL },
        { text: scopeText(waiver), style: CELL_MUTED },
      ],
      { text: waiver.reason, style: CELL_MUTED },
      [
        { text: waiver.requester, style: CELL },
        { text: waiver.approver, style: CELL },
      ],
      figure(waivedBy(results, waiver.id)),
    ]),
    { look: 'rules' },
  );
};
