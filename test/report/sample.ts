import type { ControlException, ResultWord, TestResult } from '../../src/model/evidence.js';
import type { ReportContent } from '../../src/report/content.js';

const FROM = Date.parse('2026-11-24T05:00:00Z');
const TO = Date.parse('2026-11-24T07:00:00Z');

export const exception = (n: number, over: Partial<ControlException> = {}): ControlException => ({
  item: `01KB${String(n).padStart(22, '0')}`,
  time: new Date(FROM + n * 61_000).toISOString(),
  person: 'ada@example.com',
  what: 'files / write_file',
  expected: 'Approved by a second person before the call',
  found: 'No approval',
  waiver: null,
  ...over,
});

export const result = (control: string, word: ResultWord, over: Partial<TestResult> = {}): TestResult => ({
  control,
  title: 'High-risk calls run only after approval',
  result: word,
  population: word === 'no_occurrence' || word === 'not_testable' ? 0 : 1234,
  exceptions: word === 'exceptions' ? [exception(1), exception(2, { person: 'bob@example.com' })] : [],
  reason: word === 'not_testable' ? 'No change register is connected.' : word === 'error' ? 'Binder Error' : null,
  criteria: ['CC8.1', 'CC6.3'],
  frameworks: {},
  category: ['security'],
  owner: 'Platform engineering',
  frequency: 'every high-risk call',
  statement: 'A call that policy marks as high risk is held until another person has approved exactly that call.',
  test: 'For every high-risk call of the period that was forwarded: an approval of the same arguments before it.',
  remediation: 'Review the change that was made, and find out why the gateway did not hold the call.',
  limits: 'That the change was tested or was the right one, or that the reviewer looked at it with care.',
  sql: { population: 'SELECT 1', exceptions: 'SELECT 2' },
  ...over,
});

const buckets = Array.from({ length: 24 }, (_, i) => FROM + i * 300_000);

export const content = (over: Partial<ReportContent> = {}): ReportContent => ({
  organization: 'Example Inc',
  accent: '#1f4d3a',
  report: 'CS-2026-11-24T05Z_2026-11-24T07Z-01',
  revision: 1,
  status: 'DRAFT',
  draftReasons: ['It is a draft until 26 November 2026 07:00, for AWS may deliver late.'],
  notes: [],
  supplement: null,
  demo: true,
  version: '0.1.0',
  period: { from: FROM, to: TO, label: '2026-11-24T05Z_2026-11-24T07Z' },
  results: [
    result('CS-ACC-01', 'no_exceptions', { title: 'Every call is decided by policy before it runs' }),
    result('CS-APP-01', 'exceptions'),
    result('CS-CHG-01', 'not_testable', { title: 'Policy changes are reviewed by another person' }),
    result('CS-PRV-01', 'no_occurrence', { title: 'Personal data is used for a stated purpose' }),
    result('CS-ERR-01', 'error'),
  ],
  criteria: [
    {
      id: 'CC6.1',
      text: 'Logical access to protected assets is restricted',
      strength: 'direct',
      evidence: 'On the gateway path.',
    },
    { id: 'CC8.1', text: 'Changes are authorised', strength: 'partial', evidence: 'For governed calls.' },
    { id: 'P8.1', text: 'Complaints are handled', strength: 'none', evidence: 'Needs complaint records.' },
  ],
  responses: [],
  waivers: [],
  scope: {
    servers: [
      { id: 'files', kind: 'stdio', aws: false, personal: false, classification: '', purposes: '', calls: 812 },
      {
        id: 'billing',
        kind: 'http',
        aws: true,
        personal: true,
        classification: 'confidential',
        purposes: 'billing-support',
        calls: 422,
      },
    ],
    roles: ['arn:aws:iam::111122223333:role/billing-mcp'],
    accounts: [{ account: '111122223333', regions: 'eu-central-1, us-east-1', events: 60 }],
    gateways: [{ host: 'gw-1', version: '0.1.0', runs: 2 }],
  },
  totals: { calls: 1234, forwarded: 1200, approvals: 17, events: 60, principals: 4 },
  coverage: {
    step: 300_000,
    buckets,
    sources: [
      {
        source: 'Gateway',
        counts: buckets.map((_, i) => (i * 7) % 13),
        states: buckets.map((_, i) => (i < 3 ? 'none' : i === 9 ? 'gap' : 'data')),
      },
      {
        source: 'CloudTrail 111122223333',
        counts: buckets.map((_, i) => (i * 5) % 7),
        states: buckets.map(() => 'data'),
      },
      { source: 'Change register', counts: buckets.map(() => 0), states: buckets.map(() => 'not_connected') },
    ],
    gaps: [
      {
        source: 'Gateway',
        from: '2026-11-24T05:45:00.000Z',
        to: '2026-11-24T05:50:00.000Z',
        seconds: 300,
        kind: 'silence',
        cause: 'Nothing was recorded for over three heartbeats',
      },
    ],
    calls: buckets.map((_, i) => ({ allowed: (i * 7) % 13, held: i % 3, denied: i % 5 === 0 ? 1 : 0 })),
  },
  distributions: [
    {
      id: 'approval_wait',
      title: 'How long approvals waited',
      empty: 'No approval was requested.',
      bars: [
        { label: 'under 1 minute', count: 11 },
        { label: 'never decided', count: 6 },
      ],
    },
    {
      id: 'masked_values',
      title: 'Values masked in answers, by kind',
      empty: 'No value was masked in an answer.',
      bars: Array.from({ length: 15 }, (_, i) => ({ label: `kind-${i}`, count: 1500 - i * 100 })),
    },
  ],
  reconciliations: [
    {
      id: 'R01',
      a: 'Record numbers given out',
      b: 'records loaded',
      countA: 4096,
      countB: 4096,
      explanation: '',
      status: 'agrees',
    },
    {
      id: 'R02',
      a: 'Calls forwarded',
      b: 'outcomes recorded',
      countA: 1200,
      countB: 1199,
      explanation: 'One call was still under way.',
      status: 'explained',
    },
  ],
  datasets: [
    {
      name: 'CloudTrail events',
      source: 'CloudTrail log files',
      locator: 'folder trail',
      read: 90,
      out: 60,
      rejected: 0,
      duplicate: 20,
      excluded: 10,
      sha256: 'ab'.repeat(32),
    },
  ],
  ledgers: [{ origin: 'demo.invalid/gw', key: 'demo.invalid/gw+12345678+AUBC', size: 4096, root: 'cd'.repeat(32) }],
  cloudtrail: {
    logs: 12,
    digests: 2,
    signatures: 'No signature was checked against a key of the auditor.',
    leftOut: false,
  },
  verification: {
    target: 'ledger/demo.invalid',
    kind: 'ledger',
    established: [
      '4,096 records are chained without a break.',
      '1,204 checkpoints are signed by the key the ledger claims.',
    ],
    findings: [
      { severity: 'unestablished', code: 'UNANCHORED', message: 'No anchor fixes the last 4,096 records outside.' },
    ],
    ledgers: [],
    exit: 13,
  },
  reportKey: 'report.demo.invalid+12345678+AUBC',
  ...over,
});
