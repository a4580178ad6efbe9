import type { Finding, LedgerSummary, terminal, Verification } from '../index.js';
import { printable } from '../index.js';
import { behind, type STATES, state, stateWidth } from './print.js';

type Terminal = ReturnType<typeof terminal>;

const LABEL_WIDTH = 10;
const SHOWN = { integrity: 'fail', incomplete: 'missing', unestablished: 'open', note: 'note' } as const;
/** Of what holds and of all that does not. */
const STATE_WIDTH = stateWidth(['pass', ...Object.values(SHOWN)]);
const ORDER: readonly Finding['severity'][] = ['integrity', 'incomplete', 'unestablished', 'note'];

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
const sizeText = (bytes: number): string => {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power] ?? 'B'}`;
};

const count = (n: number): string => n.toLocaleString('en');
const plural = (n: number, one: string): string => `${count(n)} ${n === 1 ? one : `${one}s`}`;

/** A span of time in the two largest units. */
const spanText = (from: string, to: string): string => {
  let rest = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const whole = Math.floor(rest / seconds);
    rest -= whole * seconds;
    if (whole > 0) parts.push(`${whole} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || 'under 1 s';
};

const timeText = (t: string): string => t.replace('T', ' ').replace(/\.\d+Z$/, '');

const gapText = ({ gaps, gapCount }: LedgerSummary): string => {
  if (gapCount === 0) return 'none';
  const longest = gaps.toSorted(
    (a, b) => Date.parse(b.to) - Date.parse(b.from) - Date.parse(a.to) + Date.parse(a.from),
  )[0];
  const which = longest ? `, the longest ${spanText(longest.from, longest.to)} from ${timeText(longest.from)}` : '';
  return `${count(gapCount)}${which}`;
};

/** What a ledger is, in figures, for people. */
const summaryRows = (ledger: LedgerSummary): readonly (readonly [label: string, text: string])[] => {
  const { first, last, signers, signed, anchored, openSince } = ledger;
  const open = signed - anchored;
  const window =
    openSince === null ? '' : `; ${plural(open, 'record')} since ${timeText(openSince)} that nothing outside confirms`;
  const latest = signers.at(-1);
  return [
    [
      'records',
      `${count(first.seq)} to ${count(last.seq)}${ledger.whole ? '' : ', where reading ended'}, in ${plural(ledger.segments, 'segment')} of ${sizeText(ledger.bytes)} in all`,
    ],
    ['time', `${timeText(first.t)} to ${timeText(last.t)} UTC, ${spanText(first.t, last.t)}`],
    ['root key', ledger.key],
    [
      'signers',
      `${plural(signers.length, 'segment key')}${latest ? `, the last from record ${count(latest.seq)} on: ${latest.key.split('+')[1]}` : ''}`,
    ],
    ['signed', `${plural(signed, 'record')}, root ${ledger.root}`],
    ['anchored', `${plural(anchored, 'record')}${window}`],
    ['gaps', gapText(ledger)],
    ['clocks', ledger.clockSteps === 0 ? 'in order' : `turned ${plural(ledger.clockSteps, 'time')}`],
  ];
};

const stateLines = (out: Terminal, name: keyof typeof STATES, text: string): readonly string[] =>
  behind(out, `${state(out, name, STATE_WIDTH)}  `, STATE_WIDTH + 2, text);

/** A verification for people: each ledger in figures, what holds, and what does not, the worst first. */
export const verificationLines = (
  out: Terminal,
  { ledgers, established, findings }: Verification,
): readonly string[] => [
  ...ledgers.flatMap((ledger) => [
    out.paint('bold', `ledger ${printable(ledger.origin)}`),
    ...summaryRows(ledger).flatMap(([label, text]) =>
      behind(out, `  ${out.paint('dim', label.padEnd(LABEL_WIDTH))}`, LABEL_WIDTH + 2, text),
    ),
    '',
  ]),
  ...established.flatMap((sentence) => stateLines(out, 'pass', sentence)),
  ...ORDER.flatMap((severity) =>
    findings
      .filter((finding) => finding.severity === severity)
      .flatMap(({ message }) => stateLines(out, SHOWN[severity], message)),
  ),
];
