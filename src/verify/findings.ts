/** Gathers what a verification finds, and turns it into its result. */
import { EXIT, type ExitCode, worstExit } from '../base/errors.js';
import type { Finding, LedgerSummary, Verification } from '../model/evidence.js';

/** Findings of one kind beyond these are counted, not listed: a broken package must not fill the memory. */
const MAX_PER_CODE = 50;

const EXITS: Readonly<Record<Finding['severity'], ExitCode>> = {
  integrity: EXIT.integrity,
  incomplete: EXIT.incomplete,
  unestablished: EXIT.unanchored,
  note: EXIT.ok,
};

export interface Findings {
  add(severity: Finding['severity'], code: string, message: string, place?: NonNullable<Finding['place']>): void;
  establish(sentence: string): void;
  summarize(ledger: LedgerSummary): void;
  /** Whether anything of this severity was found. */
  has(severity: Finding['severity']): boolean;
  /** @param seen whether there was anything to verify; without it the result is never 0 */
  result(target: string, kind: Verification['kind']): Verification;
}

export const createFindings = (): Findings => {
  const findings: Finding[] = [];
  const established: string[] = [];
  const ledgers: LedgerSummary[] = [];
  const counts = new Map<string, { severity: Finding['severity']; count: number }>();
  return {
    add(severity, code, message, place) {
      const entry = counts.get(code) ?? { severity, count: 0 };
      entry.count++;
      counts.set(code, entry);
      if (entry.count <= MAX_PER_CODE) findings.push({ severity, code, message, ...(place ? { place } : {}) });
    },
    establish(sentence) {
      established.push(sentence);
    },
    summarize(ledger) {
      ledgers.push(ledger);
    },
    has: (severity) => findings.some((finding) => finding.severity === severity),
    result(target, kind) {
      const more = [...counts].flatMap(([code, { severity, count }]): Finding[] =>
        count > MAX_PER_CODE
          ? [{ severity, code, message: `${count - MAX_PER_CODE} more findings like the last of these.` }]
          : [],
      );
      const all = [...findings, ...more];
      const exits = all.map(({ severity }) => EXITS[severity]);
      // Nothing established and nothing found wrong means nothing was looked at.
      if (established.length === 0) exits.push(EXIT.incomplete);
      return { target, kind, established, findings: all, ledgers, exit: worstExit(exits) };
    },
  };
};

/** What is being read, and how far: `done` of `total` bytes. */
export interface VerifyProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}
