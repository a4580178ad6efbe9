/**
 * Five claims that vendors make of a gateway, one for each category of the Trust Services Criteria, and what this
 * report has to say to each. The judgement is ours and stands in the same words in the PDF and in the tables.
 */
import type { TestResult } from '../model/evidence.js';

export interface Claim {
  readonly category: TestResult['category'][number];
  readonly title: string;
  /** As vendors put it. */
  readonly said: string;
  /** How far the tests of this report bear it out. */
  readonly judged: string;
  /** What the organisation must show by other means. */
  readonly remains: string;
}

export const CLAIMS: readonly Claim[] = [
  {
    category: 'security',
    title: 'Security',
    said: 'Login by the identity provider and group policy at the gateway secure access.',
    judged:
      'Fair for access on the gateway’s path (CC6.1, CC6.3): every call is tested against the policy in force. That the path is the only one is tested for AWS, by the events that no recorded call explains (CS-NET-01), and for servers that were tried without the gateway’s credential (CS-NET-02).',
    remains:
      'Who administers the groups; that membership is right (unused access and leavers are tested where registers and snapshots are taken, CS-DRM-01, CS-LVR-01, CS-LVR-02); the strength of login; encryption and networks; ways to the servers that leave no AWS event and that nobody tried.',
  },
  {
    category: 'availability',
    title: 'Availability',
    said: 'Queueing risky operations for approval keeps the service available.',
    judged:
      'Weak. Availability is capacity, backup and recovery; an approval is authorisation of a change, and is tested as such (CC8.1, CS-APP-01 to CS-APP-04). What is shown is whether calls got an answer. Waiting for a person can as well harm availability.',
    remains:
      'Capacity planning, backups, environmental protection and rehearsed recovery (A1.1 to A1.3): nothing here speaks to them.',
  },
  {
    category: 'processing_integrity',
    title: 'Processing integrity',
    said: 'Complete logs that can be exported and are retained give processing integrity.',
    judged:
      'Too much. Logs show that they themselves are stored whole (PI1.5). That processing did what was specified needs what was expected beside what happened: shown only for tools that declare the AWS events they cause (CS-EFF-01). Of inputs it is shown that they agree with the schema of the tool (CS-INP-01).',
    remains:
      'Specifications, truth of inputs, correctness of results in the systems behind, retention settings of the stores that hold copies.',
  },
  {
    category: 'confidentiality',
    title: 'Confidentiality',
    said: 'Masking answers in line protects confidential data.',
    judged:
      'In part, where masking works: every recorded answer is scanned again by a second detector (CS-MSK-01). Only values with a known pattern or member name are found by either.',
    remains:
      'Identification and labelling of confidential data, values without a pattern, what clients do with answers, and disposal anywhere but in the ledger (C1.2, CS-RET-01).',
  },
  {
    category: 'privacy',
    title: 'Privacy',
    said: 'The record of an approval is evidence of consent.',
    judged:
      'Wrong. Consent is the data subject’s; an employee’s approval is internal authorisation. What is shown is that servers with personal data state their purposes (CS-PRV-01), that answers are removed when they are due (CS-RET-02), and that what masking overlooked is in the register of disclosures (CS-PRV-02).',
    remains:
      'Notice, choice and consent, access and correction, how long data may be kept, whether the register of disclosures is complete, complaints: all from the organisation’s own systems.',
  },
];

/** The tests of a claim's category, in the order of the report. */
export const testsOf = (claim: Claim, results: readonly TestResult[]): readonly TestResult[] =>
  results.filter(({ category }) => category.includes(claim.category));
