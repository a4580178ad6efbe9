/** The workflow against its reference, command by command (fast-check, model-based). */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type ApprovalWorkflow, createApprovals } from '../../src/approval/workflow.js';
import type { Clock } from '../../src/base/clock.js';
import {
  asked,
  type Call,
  decided,
  principalOf,
  type Reference,
  type Request,
  RULES,
  SUBJECTS,
  settle,
  takenBack,
} from './reference.js';
import { ask, createClock, createJournal, ISSUER, PEOPLE, START } from './stand.js';

/** The real workflow over a ledger that outlives it. */
export interface Real {
  readonly clock: ReturnType<typeof createClock>;
  readonly journal: ReturnType<typeof createJournal>;
  approvals: ApprovalWorkflow;
}
export type Command = fc.AsyncCommand<Reference, Real, boolean>;

/** A workflow as a process begins with it: from the ledger alone. */
export const begin = (journal: Real['journal'], clock: Clock, policy: string): ApprovalWorkflow => {
  const approvals = createApprovals({ ledger: journal, clock, rules: RULES, people: PEOPLE, policy });
  approvals.restore(journal.stored);
  return approvals;
};

const CALL = '01KAV8Z0000000000000000000';
export const askOf = ({ who, tool, args, definition, rule }: Call, policy: string) =>
  ask(principalOf(who), { tool, args: `hs256:0000:${args}`, definition, rule, policy });

/** One of the requests so far; none where there is none. */
const chosen = ({ requests }: Reference, pick: number): Request | undefined => requests[pick % requests.length];

/** Every request is as the reference says, and no decision is lost. */
const compare = async (model: Reference, { approvals }: Real): Promise<void> => {
  settle(model);
  await approvals.sweep();
  const real = approvals.list().map(({ id, state, uses, decisions }) => ({
    id,
    state,
    uses,
    decisions: decisions.map(({ by, verdict }) => ({ by: by.slice(ISSUER.length + 1), verdict })),
  }));
  const wanted = model.requests.map(({ id, state, uses, decisions }) => ({ id, state, uses, decisions }));
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  expect(real.sort(byId)).toEqual(wanted.sort(byId));
};

const askCommand = (call: Call): Command => ({
  check: () => true,
  run: async (model, { approvals }) => {
    const what = askOf(call, model.policy);
    const outcome = await approvals.acquire(what, CALL, 0, new AbortController().signal);
    const { request, runs } = asked(model, call);
    request.id ||= outcome.approval ?? '';
    expect(outcome).toMatchObject({ state: runs ? 'consumed' : 'pending', approval: request.id });
  },
  toString: () => `ask ${JSON.stringify(call)}`,
});

const decideCommand = (by: string, pick: number, verdict: 'approve' | 'deny', reason: string | null): Command => ({
  check: ({ requests }) => requests.length > 0,
  run: async (model, { approvals }) => {
    const request = chosen(model, pick);
    if (!request) return;
    const result = await approvals.decide(request.id, principalOf(by), verdict, reason, '');
    const why = decided(model, request, by, verdict, reason);
    expect(result.ok ? null : result.reason).toBe(why);
  },
  toString: () => `${verdict} ${pick} by ${by}, reason ${reason}`,
});

const takeBackCommand = (by: string, pick: number): Command => ({
  check: ({ requests }) => requests.length > 0,
  run: async (model, { approvals }) => {
    const request = chosen(model, pick);
    if (!request) return;
    const result = await approvals.revoke(request.id, principalOf(by), null, '');
    expect(result.ok ? null : result.reason).toBe(takenBack(model, request, by));
  },
  toString: () => `take back ${pick} by ${by}`,
});

const passCommand = (ms: number): Command => ({
  check: () => true,
  run: async (model, { clock }) => {
    clock.pass(ms);
    model.now += ms;
  },
  toString: () => `pass ${ms} ms`,
});

const sweepCommand: Command = {
  check: () => true,
  run: compare,
  toString: () => 'sweep',
};

const restartCommand = (policy: string): Command => ({
  check: () => true,
  run: async (model, real) => {
    real.approvals = begin(real.journal, real.clock, policy);
    model.policy = policy;
    await compare(model, real);
  },
  toString: () => `restart under ${policy}`,
});

export const call: fc.Arbitrary<Call> = fc.record({
  who: fc.constantFrom('ada', 'ada-bot', 'cyd'),
  tool: fc.constantFrom('t1', 't2'),
  args: fc.constantFrom('aaaa', 'bbbb'),
  definition: fc.constantFrom('d1', 'd1', 'd1', 'd2'),
  rule: fc.constantFrom(...RULES.map(({ name }) => name)),
});
export const subject = fc.constantFrom(...SUBJECTS);
export const verdict = fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'deny' as const);
export const pick = fc.nat(7);
const reason = fc.constantFrom('because', 'because', null);

/** Calls, decisions, retries, revocations, ends, restarts and changes of policy in any order. */
export const commands = fc.commands<Reference, Real, boolean>(
  [
    call.map(askCommand),
    // A retry is the same call again: few of them, so that they come often.
    fc
      .constantFrom('one', 'window')
      .map((rule) => askCommand({ who: 'ada', tool: 't1', args: 'aaaa', definition: 'd1', rule })),
    fc.tuple(subject, pick, verdict, reason).map((args) => decideCommand(...args)),
    fc
      .tuple(fc.constantFrom('bob', 'cyd'), pick, fc.constant('because'))
      .map(([by, n, why]) => decideCommand(by, n, 'approve', why)),
    fc.tuple(subject, pick).map((args) => takeBackCommand(...args)),
    fc.constantFrom(1, 60_000, 450_000, 899_999, 900_000).map(passCommand),
    fc.constant(sweepCommand),
    fc.constantFrom('p1', 'p1', 'p1', 'p2').map(restartCommand),
  ],
  { size: '+1', maxCommands: 60 },
);

/** Runs one history. @returns the transitions on record */
export const runCommands = async (history: Iterable<Command>): Promise<string[]> => {
  const clock = createClock();
  const journal = createJournal(clock);
  const real: Real = { clock, journal, approvals: begin(journal, clock, 'p1') };
  const model: Reference = { now: START, policy: 'p1', requests: [] };
  await fc.asyncModelRun(() => ({ model, real }), history);
  await restartCommand(model.policy).run(model, real);
  return journal.events();
};
