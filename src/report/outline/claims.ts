import { CLAIMS, type Claim, testsOf } from '../claims.js';
import type { ReportContent } from '../content.js';
import { figure, RESULT_WORDS } from '../words.js';
import { type Part, type Section, table } from './blocks.js';

const tests = (claim: Claim, { results }: ReportContent): readonly Part[] => {
  const found = testsOf(claim, results);
  if (found.length === 0) return [{ text: 'No test ran.', tone: 'muted' }];
  return found.flatMap(({ control, result, exceptions }): readonly Part[] => [
    { text: control, tone: 'id', link: control },
    {
      text: result === 'exceptions' ? `${RESULT_WORDS[result]}: ${figure(exceptions.length)}` : RESULT_WORDS[result],
      tone: 'muted',
      state: result,
    },
  ]);
};

/** Section 8: what is often claimed of a gateway, and what these tests say to it. */
export const claimsSection = (content: ReportContent): Section => ({
  number: '8',
  title: 'Five claims, examined',
  id: 'claims',
  lead: 'What is often said of a gateway in front of MCP servers, which tests of this report bear on it with which result, and what the organisation must show by other means.',
  blocks: [
    table(
      [
        { head: 'Claim', share: 112 },
        { head: 'Tests and results', share: 82 },
        { head: 'How far it is borne out', share: 158 },
        { head: 'What remains for the organisation to show', share: 135 },
      ],
      CLAIMS.map((claim) => [
        [
          { text: claim.title, tone: 'strong' },
          { text: `“${claim.said}”`, tone: 'muted' },
        ],
        tests(claim, content),
        claim.judged,
        claim.remains,
      ]),
      { room: 'wide' },
    ),
  ],
});
