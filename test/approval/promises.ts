/** What approvals promise, checked over the records of one history and what callers were told. */
import { expect } from 'vitest';
import type { ApprovalRecord } from '../../src/model/record.js';
import { AGENTS, mostUses, personOf, RULES } from './reference.js';
import { ISSUER } from './stand.js';

/** A request, or the use of a grant, by both clocks. */
interface Moment {
  readonly wall: number;
  readonly mono: number;
}

/** What was told to callers. */
export interface Told {
  /** Grants handed out: when the record of each use was on disk. */
  readonly consumed: Map<string, Moment[]>;
  /** Requests whose revocation was answered as done. */
  readonly revoked: Set<string>;
  /** Decisions whose maker was told that they hold: request, person, verdict. */
  readonly decided: Set<string>;
  /** When each request was written. */
  readonly born: Map<string, Moment>;
  /** A restart forgets how far the wall clock was turned back before it; then the wall clock alone ends a request. */
  forgot: boolean;
}

export const decisionKey = (id: string, who: string, verdict: string): string => JSON.stringify([id, who, verdict]);

const checkOrder = (own: readonly ApprovalRecord[]): void => {
  const events = own.map(({ event }) => event);
  expect(events.indexOf('requested')).toBe(0);
  expect(events.lastIndexOf('requested')).toBe(0);
  const used = events.filter((event) => event === 'consumed').length;
  const allowed = own[0]?.window ? mostUses(own[0].rule) : 1;
  expect(used, 'used too often').toBeLessThanOrEqual(allowed);
  const last = events.filter((event) => event !== 'revoked').at(-1);
  const ends = events.filter((event) => ['denied', 'expired', 'cancelled'].includes(event));
  expect(ends.length + (used === allowed ? 1 : 0), 'ended more than once').toBeLessThanOrEqual(1);
  if (ends.length > 0) expect(last, 'something happened after the end').toBe(ends[0]);
  // A grant that is used up may be revoked: the call may still run.
  const revoked = events.indexOf('revoked');
  if (revoked >= 0) expect(revoked, 'something happened after the revocation').toBe(events.length - 1);
  if (events.includes('consumed')) expect(events).toContain('granted');
};

/** All that a use is bound to, and a window is not, is as it was asked for. */
const checkBinding = (own: readonly ApprovalRecord[]): void => {
  const [first] = own;
  if (!first) return;
  for (const used of own.filter(({ event }) => event === 'consumed')) {
    const { requester, server, policy, rule } = used;
    expect({ requester, server, policy, rule }).toEqual({
      requester: first.requester,
      server: first.server,
      policy: first.policy,
      rule: first.rule,
    });
    if (first.window) continue;
    const { tool, args, definition } = used;
    expect({ tool, args, definition }).toEqual({ tool: first.tool, args: first.args, definition: first.definition });
  }
};

const checkPeople = (own: readonly ApprovalRecord[]): void => {
  const [first] = own;
  const deciders = own.flatMap(({ by, event }) => (event === 'approved' || event === 'denied' ? (by ?? []) : []));
  for (const by of deciders) {
    expect(by.iss).toBe(ISSUER);
    expect(AGENTS.includes(by.sub) || by.sub === 'eve', 'decided by nobody who may').toBe(false);
    expect(personOf(by.sub), 'decided by the requester').not.toBe(personOf(first?.requester.sub ?? ''));
  }
  expect(new Set(deciders.map(({ sub }) => personOf(sub))).size, 'one person decided twice').toBe(deciders.length);
  if (!own.some(({ event }) => event === 'granted')) return;
  const rule = RULES.find(({ name }) => name === first?.rule);
  const needed = Math.max(rule?.min ?? Number.POSITIVE_INFINITY, rule?.everyGroup ? rule.reviewers.length : 1);
  const approvals = own.filter(({ event }) => event === 'approved').length;
  expect(approvals, 'granted by too few people').toBeGreaterThanOrEqual(needed);
};

const checkUse = (own: readonly ApprovalRecord[], told: Told): void => {
  const [first] = own;
  if (!first) return;
  const uses = told.consumed.get(first.approval) ?? [];
  const recorded = own.filter(({ event }) => event === 'consumed');
  expect(recorded.length, 'handed out without a record').toBeGreaterThanOrEqual(uses.length);
  const end = Date.parse(own.find(({ event }) => event === 'granted')?.deadline ?? first.deadline);
  for (const used of uses) {
    expect(used.wall, 'consumed after the deadline').toBeLessThan(end);
    const elapsed = used.mono - (told.born.get(first.approval)?.mono ?? 0);
    const longest = first.window ? 900_000 + first.window.ms : 900_000;
    if (!told.forgot) expect(elapsed, 'consumed after the deadline by the monotonic clock').toBeLessThan(longest);
  }
};

/** Checks each request of a history. */
export const checkPromises = (records: readonly ApprovalRecord[], told: Told): void => {
  for (const id of new Set(records.map(({ approval }) => approval))) {
    const own = records.filter(({ approval }) => approval === id);
    checkOrder(own);
    checkBinding(own);
    checkPeople(own);
    checkUse(own, told);
  }
  const recorded = records.flatMap(({ approval, event, by }) =>
    event === 'approved' || event === 'denied'
      ? [decisionKey(approval, by?.sub ?? '', event === 'approved' ? 'approve' : 'deny')]
      : [],
  );
  for (const decision of told.decided) expect(recorded, 'a decision is not in the ledger').toContain(decision);
};
