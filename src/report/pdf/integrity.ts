import type { Finding } from '../../model/evidence.js';
import type { ReportContent } from '../content.js';
import { figure, plural, sentence } from '../words.js';
import type { Sheet } from './sheet.js';
import { CELL, CELL_MUTED, INK, SUB, TEXT, type TextStyle } from './style.js';
import { table } from './table.js';

const CODE: TextStyle = { font: 'mono', size: 8.4, color: INK };

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

const howTo = (sheet: Sheet): void => {
  sheet.subheading('How to check this package');
  const steps: readonly (readonly [string, string | null])[] = [
    [
      'With this program, offline. TRUST.json is your own list of keys you believe, obtained apart from this package:',
      'countersign verify FOLDER --trust TRUST.json',
    ],
    [
      'Without it: compare each file with the list in manifest.json, and the hash of manifest.json with manifest.sig (an Ed25519 signed note; README.txt says how).',
      'sha256sum manifest.json report.pdf csv/*.csv',
    ],
    [
      'The evidence root on each page is the SHA-256 of the lines “hash, two spaces, path” of all files but report.pdf, manifest.json, manifest.sig and run.json, sorted by path.',
      null,
    ],
  ];
  for (const [text, command] of steps) {
    sheet.paragraph(text, TEXT, { gap: command === null ? 6 : 1 });
    if (command !== null) sheet.paragraph(command, CODE, { gap: 6 });
  }
};

const heads = (sheet: Sheet, content: ReportContent): void => {
  sheet.subheading('Heads and keys');
  table(
    sheet,
    [
      { head: 'Ledger', share: 130 },
      { head: 'Records', share: 50, align: 'right' },
      { head: 'Merkle root', share: 130 },
      { head: 'Key it claims', share: 177 },
    ],
    content.ledgers.map(({ origin, size, root, key }) => [
      origin,
      figure(size),
      { text: root, style: SUB },
      { text: key, style: SUB },
    ]),
    { look: 'rules', empty: 'No ledger is in this package.' },
  );
  table(sheet, [{ head: 'Key of the report', share: 1 }], [[{ text: content.reportKey, style: SUB }]], {
    look: 'rules',
  });
  const { logs, digests, signatures } = content.cloudtrail;
  sheet.paragraph(
    `${plural(logs, 'CloudTrail log file')} and ${plural(digests, 'digest')} are in raw/. ${signatures}`,
    TEXT,
    { gap: 2 },
  );
};

/** Section 6: what holds, what does not, and how to check it alone. */
export const integritySection = (sheet: Sheet, content: ReportContent): void => {
  const { established, findings } = content.verification;
  sheet.section('6', 'Integrity', lead(content));
  sheet.subheading('What was established');
  for (const line of established) sheet.paragraph(`–  ${sentence(line)}`, TEXT, { gap: 2 });
  if (established.length === 0) sheet.paragraph('Nothing.', TEXT);
  sheet.subheading('What was not established, and findings');
  table(
    sheet,
    [
      { head: 'Kind', share: 84 },
      { head: 'Code', share: 118 },
      { head: 'Finding', share: 285 },
    ],
    findings.map(({ severity, code, message }) => [
      { text: SEVERITY[severity], style: CELL_MUTED },
      { text: code, style: { ...CODE, size: 7.4 } },
      { text: sentence(message), style: CELL },
    ]),
    { look: 'rules', empty: 'No finding.' },
  );
  heads(sheet, content);
  howTo(sheet);
};
