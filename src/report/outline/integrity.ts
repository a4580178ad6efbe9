import type { Finding } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { plural, sentence } from '../words.js';
import { type Block, count, folded, heading, list, type Section, table, text } from './blocks.js';

const SEVERITY: Readonly<Record<Finding['severity'], string>> = {
  integrity: 'changed or invalid',
  incomplete: 'incomplete',
  unestablished: 'not established',
  note: 'note',
};

const lead = ({ verification, ledgers }: ReportContent): string => {
  const broken = verification.findings.filter(({ severity }) => severity === 'integrity').length;
  const records = ledgers.reduce((sum, { size }) => sum + size, 0);
  if (broken > 0) return `The ledger does not verify: ${plural(broken, 'finding')} of change below.`;
  return `${plural(records, 'record')} were walked when this report was made, and each fits its chain and its signed heads.`;
};

const HOW_TO: readonly Block[] = [
  heading('How to check this package'),
  text(
    'With this program, offline. TRUST.json is your own list of keys you believe, obtained apart from this package:',
  ),
  text('countersign verify FOLDER --trust TRUST.json', 'code'),
  text(
    'Without it: compare each file with the list in manifest.json, and the hash of manifest.json with manifest.sig (an Ed25519 signed note; README.txt says how).',
  ),
  text('sha256sum manifest.json report.pdf report.html csv/*.csv', 'code'),
  text(
    'The evidence root on each page is the SHA-256 of the lines “hash, two spaces, path” of all files but report.pdf, report.html, manifest.json, manifest.sig and run.json, sorted by path.',
  ),
];

const trailWords = ({ logs, digests, signatures, leftOut }: ReportContent['cloudtrail']): string => {
  const files = `${plural(logs, 'CloudTrail log file')} and ${plural(digests, 'digest')}`;
  const where = leftOut
    ? 'are named by hash in raw/index.ndjson; their bytes are not in this package and can be asked for.'
    : 'are in raw/.';
  return `${files} ${where} ${signatures}`;
};

const heads = ({ ledgers, reportKey, cloudtrail }: ReportContent): readonly Block[] => [
  heading('Heads and keys'),
  table(
    [
      { head: 'Ledger', share: 130 },
      { head: 'Records', share: 50, align: 'right' },
      { head: 'Merkle root', share: 130 },
      { head: 'Key it claims', share: 177 },
    ],
    ledgers.map(({ origin, size, root, key }) => [
      origin,
      count(size),
      { text: root, tone: 'hash' },
      { text: key, tone: 'hash' },
    ]),
    { empty: 'No ledger is in this package.' },
  ),
  table([{ head: 'Key of the report', share: 1 }], [[{ text: reportKey, tone: 'hash' }]]),
  text(trailWords(cloudtrail)),
];

const findingsTable = (findings: readonly Finding[]): readonly Block[] => {
  const { shown, rest } = folded(findings, 'findings', 'csv/findings.csv');
  return [
    heading('What was not established, and findings'),
    table(
      [
        { head: 'Kind', share: 84 },
        { head: 'Code', share: 118 },
        { head: 'Finding', share: 285 },
      ],
      shown.map(({ severity, code, message }) => [
        { text: SEVERITY[severity], tone: 'muted' },
        { text: code, tone: 'id' },
        sentence(message),
      ]),
      { empty: 'No finding.' },
    ),
    ...rest,
  ];
};

/** Section 6: what holds, what does not, and how to check it alone. */
export const integritySection = (content: ReportContent): Section => {
  const { established, findings } = content.verification;
  return {
    number: '6',
    title: 'Integrity',
    id: 'integrity',
    lead: lead(content),
    blocks: [
      heading('What was established'),
      established.length === 0 ? text('Nothing.') : list(established.map(sentence)),
      ...findingsTable(findings),
      ...heads(content),
      ...HOW_TO,
    ],
  };
};
