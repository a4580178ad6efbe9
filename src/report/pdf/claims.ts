import { CLAIMS, type Claim, testsOf } from '../claims.js';
import type { ReportContent } from '../content.js';
import { figure } from '../words.js';
import type { Sheet } from './sheet.js';
import { CELL, CELL_MUTED, ID, STATES, type TextStyle } from './style.js';
import { type CellPart, table } from './table.js';

const STRONG: TextStyle = { ...CELL, font: 'semibold' };

const tests = (claim: Claim, { results }: ReportContent): readonly CellPart[] => {
  const found = testsOf(claim, results);
  if (found.length === 0) return [{ text: 'No test ran.', style: CELL_MUTED }];
  return found.flatMap(({ control, result, exceptions }) => [
    { text: control, style: ID },
    {
      text: result === 'exceptions' ? `${STATES[result].word}: ${figure(exceptions.length)}` : STATES[result].word,
      style: { ...CELL_MUTED, color: STATES[result].ink },
    },
  ]);
};

/** Section 8: what is often claimed of a gateway, and what these tests say to it. */
export const claimsSection = (sheet: Sheet, content: ReportContent): void => {
  sheet.section(
    '8',
    'Five claims, examined',
    'What is often said of a gateway in front of MCP servers, which tests of this report bear on it with which result, and what the organisation must show by other means.',
  );
  table(
    sheet,
    [
      { head: 'Claim', share: 112 },
      { head: 'Tests and results', share: 82 },
      { head: 'How far it is borne out', share: 158 },
      { head: 'What remains for the organisation to show', share: 135 },
    ],
    CLAIMS.map((claim) => [
      [
        { text: claim.title, style: STRONG },
        { text: `“${claim.said}”`, style: CELL_MUTED },
      ],
      tests(claim, content),
      claim.judged,
      claim.remains,
    ]),
    { look: 'rules', padding: 5 },
  );
};
