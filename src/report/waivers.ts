/** Waivers in tables: what they say, and how much falls under them. */
import type { TestResult } from '../model/evidence.js';
import type { ReportContent } from './content.js';
import { csv } from './csv.js';

/** How many exceptions of a result fall under a waiver. */
export const waived = ({ exceptions }: TestResult): number => exceptions.filter(({ waiver }) => waiver !== null).length;

/** How many exceptions fall under this one. */
export const waivedBy = (results: readonly TestResult[], id: string): number =>
  results.reduce((sum, { exceptions }) => sum + exceptions.filter(({ waiver }) => waiver === id).length, 0);

/** `waivers.csv`. */
export const waiverTable = ({ waivers, results }: ReportContent): string =>
  csv(
    [
      'waiver_id',
      'control_id',
      'items',
      'person',
      'what',
      'reason',
      'requester',
      'approver',
      'starts',
      'expires',
      'revoked_at',
      'exceptions_covered',
    ],
    waivers.map(({ id, scope, reason, requester, approver, starts, expires, revoked }) => [
      id,
      scope.control,
      scope.items?.join(' ') ?? null,
      scope.person,
      scope.what,
      reason,
      requester,
      approver,
      starts,
      expires,
      revoked,
      waivedBy(results, id),
    ]),
  );
