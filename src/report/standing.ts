/** Whether a report is a draft or final, and what is said of that. */
import type { Manifest, Period } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { type Answers, answersWords } from './answers.js';
import { type Supplement, supplementWords } from './supplement.js';
import { clock, longDate } from './words.js';

/** What decides it. */
interface Standing {
  readonly settings: Pick<Settings, 'demo'>;
  readonly period: Period;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Why sources are not complete, in sentences. */
  readonly incomplete: readonly string[];
  readonly answers?: Answers;
}

/** AWS delivers most logs within minutes but promises nothing; two days after the end a report can be final. */
const SETTLEMENT_MS = 48 * 3_600_000;

/** AWS tries to deliver for 30 days (CloudTrail User Guide, "How CloudTrail works"). */
const RETRIES_MS = 30 * 24 * 3_600_000;

/** What else is to be said of its standing, in sentences. */
export const notesOf = (
  input: Standing,
  status: Manifest['status'],
  supplement: Supplement | null,
): readonly string[] => [
  ...(supplement === null ? [] : [supplementWords(supplement)]),
  ...(input.answers ? [answersWords(input.answers)] : []),
  ...(status === 'FINAL'
    ? [
        `AWS may repeat deliveries until ${longDate(input.period.to + RETRIES_MS)}: what comes later is reported in a supplement.`,
      ]
    : []),
];

/** Why it is a draft, in sentences; empty where it is final. */
export const draftReasons = (input: Standing): readonly string[] => {
  const reasons: string[] = [];
  const settled = input.period.to + SETTLEMENT_MS;
  if (input.settings.demo) reasons.push('It is made from sample data, and so stays a draft.');
  else if (input.now < settled) {
    if (input.now < input.period.to)
      reasons.push(`The period is not over: it ends on ${longDate(input.period.to)}, ${clock(input.period.to)} UTC.`);
    reasons.push(
      `AWS may still deliver logs of this period. It can be final from ${longDate(settled)}, ${clock(settled)} UTC.`,
    );
  }
  return [...reasons, ...input.incomplete];
};
