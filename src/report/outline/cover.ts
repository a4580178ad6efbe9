import type { ReportContent } from '../content.js';
import { figure, grouped, listed, periodLength, periodTitle, plural } from '../words.js';

/** One fact of the cover; `code` is for reading aloud. */
export interface Fact {
  readonly label: string;
  readonly text: string;
  readonly code: boolean;
}

/** Whose report, over what, of which standing. */
export interface Cover {
  readonly organization: string;
  readonly title: string;
  readonly subtitle: string;
  readonly period: string;
  readonly length: string;
  readonly status: string;
  readonly final: boolean;
  /** Why it has that standing, and what else is to be said of it. */
  readonly reasons: readonly string[];
  readonly facts: readonly Fact[];
  readonly note: string;
}

const CATEGORIES: Readonly<Record<string, string>> = {
  security: 'Security',
  availability: 'Availability',
  processing_integrity: 'Processing integrity',
  confidentiality: 'Confidentiality',
  privacy: 'Privacy',
};

/** Categories of the tests, in the order of the Trust Services Criteria. */
const categories = (content: ReportContent): string => {
  const named = new Set(content.results.flatMap(({ category }) => category));
  return Object.entries(CATEGORIES)
    .filter(([key]) => named.has(key))
    .map(([, word]) => word)
    .join(', ');
};

const systems = ({ scope }: ReportContent): string => {
  const parts = [plural(scope.servers.length, 'server'), plural(scope.gateways.length, 'gateway')];
  if (scope.accounts.length > 0) parts.push(plural(scope.accounts.length, 'AWS account'));
  return listed(parts);
};

const factsOf = (content: ReportContent, root: string): readonly Fact[] => {
  const { totals, ledgers } = content;
  const fact = (label: string, text: string, code = false): Fact => ({ label, text, code });
  return [
    fact('Report', content.report),
    fact('Evidence root', `${grouped(root.slice(0, 32))}\n${grouped(root.slice(32))}`, true),
    fact('Prepared by', `Management of ${content.organization}, with Countersign ${content.version}`),
    fact('Systems', systems(content)),
    fact('Categories', categories(content)),
    fact(
      'Recorded in the period',
      `${plural(totals.calls, 'call')}, ${plural(totals.approvals, 'approval request')}, ${plural(totals.events, 'CloudTrail event')}`,
    ),
    fact('Ledger', ledgers.map(({ size }) => `${figure(size)} records`).join(', ') || 'none'),
    fact('Controls tested', figure(content.results.length)),
  ];
};

/** @param root evidence root, hex */
export const coverOf = (content: ReportContent, root: string): Cover => {
  const final = content.status === 'FINAL';
  const standing = final ? [`Revision ${content.revision}. All sources are complete.`] : content.draftReasons;
  return {
    organization: content.organization,
    title: 'SOC 2 evidence report',
    subtitle: 'Access to MCP servers and tools',
    period: periodTitle(content.period),
    length: `${periodLength(content.period)}. Times in this report are UTC.`,
    status: content.demo ? `${content.status} · SAMPLE DATA` : content.status,
    final,
    reasons: [...standing, ...content.notes],
    facts: factsOf(content, root),
    note: 'Prepared by management from system records. It is evidence for an examination and not an opinion; each test says what it does not prove.',
  };
};
