/** Random histories of one approval workflow, with the promises checked from what the ledger holds. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ApprovalWorkflow } from '../../src/approval/workflow.js';
import type { ApprovalRecord } from '../../src/model/record.js';
import { ask, createStand, type Fault, ISSUER, person, RULES } from './stand.js';

/** Who is one person, by the links of `PEOPLE`. */
const PERSON: Readonly<Record<string, string>> = {
  ada: 'ada',
  'ada-admin': 'ada',
  'ada-bot': 'ada',
  bob: 'bob',
  'bob-admin': 'bob',
  'bob-bot': 'bob',
};
const SUBJECTS = [...Object.keys(PERSON), 'cyd', 'dan', 'eve'];
const AGENTS = ['ada-bot', 'bob-bot'];
const personOf = (subject: string): string => PERSON[subject] ?? subject;
const principal = (subject: string) =>
  person(subject, {
    kind: AGENTS.includes(subject) ? 'workload' : 'human',
    groups: subject === 'eve' ? ['engineering'] : ['leads'],
  });

type Step =
  | { readonly do: 'ask'; readonly who: string; readonly tool: string; readonly rule: string; readonly copies: number }
  | { readonly do: 'decide'; readonly who: string; readonly pick: number; readonly verdict: 'approve' | 'deny' }
  | { readonly do: 'revoke'; readonly who: string; readonly pick: number }
  | { readonly do: 'pass' | 'turn-back'; readonly ms: number }
  | { readonly do: 'sweep' | 'restart' }
  | { readonly do: 'fail'; readonly event: ApprovalRecord['event']; readonly fault: Fault };

const subject = fc.constantFrom(...SUBJECTS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      who: fc.constantFrom('ada', 'ada-bot', 'cyd'),
      tool: fc.constantFrom('t1', 't2'),
      rule: fc.constantFrom('two-eyes', 'three-eyes', 'window'),
      copies: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      who: subject,
      pick: fc.nat(20),
      verdict: fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'deny' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('revoke' as const), who: subject, pick: fc.nat(20) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('pass' as const, 'turn-back' as const),
      ms: fc.constantFrom(1, 60_000, 450_000, 900_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('sweep' as const, 'restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      event: fc.constantFrom('requested', 'approved', 'denied', 'granted', 'consumed', 'expired', 'revoked'),
      fault: fc.constantFrom('lost' as const, 'written' as const),
    }),
  },
);
/** Each group of steps runs at once. */
export const histories = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 25 });

interface Moment {
  readonly wall: number;
  readonly mono: number;
}

/** What was told to callers: which grants were handed out, and when. */
interface Told {
  readonly consumed: Map<string, Moment[]>;
  /** Requests whose revocation was answered as done. */
  readonly revoked: Set<string>;
  /** Decisions whose maker was told that they hold: request, person, verdict. */
  readonly decided: Set<string>;
  /** Monotonic time when each request was first seen. */
  readonly born: Map<string, number>;
  /** A restart forgets how far the wall clock was turned back before it; then the wall clock alone ends a request. */
  forgot: boolean;
}

export const runHistory = async (groups: readonly (readonly Step[])[]): Promise<{ events: string[] }> => {
  const stand = createStand();
  const told: Told = { consumed: new Map(), revoked: new Set(), decided: new Set(), born: new Map(), forgot: false };
  let revokedBefore: ReadonlySet<string> = new Set();
  let turnedBack = false;
  let run: ApprovalWorkflow = stand.approvals;
  let fault: { event: string; fault: Fault } | null = null;
  stand.journal.fault = (event) => {
    if (fault?.event !== event) return null;
    const found = fault.fault;
    fault = null;
    return found;
  };
  stand.journal.delay = () => new Promise((resolve) => setImmediate(resolve));

  const decide = async (who: string, pick: number, verdict: 'approve' | 'deny'): Promise<void> => {
    const known = run.list();
    const id = known[pick % Math.max(1, known.length)]?.id;
    const result = id && (await run.decide(id, principal(who), verdict, 'because', '').catch(() => undefined));
    if (id && result && result.ok) told.decided.add(JSON.stringify([id, who, verdict]));
  };

  const revoke = async (who: string, pick: number): Promise<void> => {
    const known = run.list();
    const id = known[pick % Math.max(1, known.length)]?.id;
    const result = id && (await run.revoke(id, principal(who), null, '').catch(() => undefined));
    if (id && result && result.ok) told.revoked.add(id);
  };

  const perform = async (todo: Step): Promise<void> => {
    if (todo.do === 'ask') {
      const what = ask(principal(todo.who), { tool: todo.tool, rule: todo.rule });
      const copies = Array.from({ length: todo.copies }, () =>
        run.acquire(what, '01KAV8Z0000000000000000000', 0, new AbortController().signal),
      );
      for (const result of await Promise.allSettled(copies)) {
        if (result.status === 'rejected' || result.value.state !== 'consumed') continue;
        const id = result.value.approval;
        const uses = told.consumed.get(id) ?? [];
        expect(uses.length, 'a grant was handed out too often').toBeLessThan(most(todo.rule));
        // Groups run at once, so only a revocation that was over before this group counts.
        expect(revokedBefore.has(id), 'a revoked grant was handed out').toBe(false);
        told.consumed.set(id, [...uses, { wall: stand.clock.wall, mono: stand.clock.mono }]);
      }
    } else if (todo.do === 'decide') await decide(todo.who, todo.pick, todo.verdict);
    else if (todo.do === 'revoke') await revoke(todo.who, todo.pick);
    else if (todo.do === 'pass') stand.clock.pass(todo.ms);
    else if (todo.do === 'turn-back') {
      stand.clock.wall -= todo.ms;
      stand.clock.mono += 1;
      turnedBack = true;
    } else if (todo.do === 'sweep') await run.sweep().catch(() => undefined);
    else if (todo.do === 'fail') fault = { event: todo.event, fault: todo.fault };
  };

  for (const group of groups) {
    revokedBefore = new Set(told.revoked);
    await Promise.all(group.map(perform));
    // A restart ends what is under way, so it stands alone.
    if (group.some((todo) => todo.do === 'restart')) {
      run = stand.restart();
      told.forgot ||= turnedBack;
    }
    for (const { id } of run.list()) if (!told.born.has(id)) told.born.set(id, stand.clock.mono);
  }
  for (const id of new Set(stand.journal.bodies.map(({ approval }) => approval))) {
    const own = stand.journal.bodies.filter(({ approval }) => approval === id);
    checkOrder(own);
    checkPeople(own);
    checkUse(own, told);
  }
  checkNothingLost(stand, told);
  return { events: stand.journal.events() };
};

/** Most calls of one grant. */
const most = (rule: string): number => RULES.find(({ name }) => name === rule)?.window?.uses ?? 1;

/** Whoever was told that a decision holds finds it in the ledger, and after a restart in the request. */
const checkNothingLost = (stand: ReturnType<typeof createStand>, { decided }: Told): void => {
  const again = stand.restart();
  const recorded = stand.journal.bodies.flatMap(({ approval, event, by }) =>
    event === 'approved' || event === 'denied'
      ? [JSON.stringify([approval, by?.sub, event === 'approved' ? 'approve' : 'deny'])]
      : [],
  );
  const rebuilt = again
    .list()
    .flatMap(({ id, decisions }) =>
      decisions.map(({ by, verdict }) => JSON.stringify([id, by.slice(ISSUER.length + 1), verdict])),
    );
  for (const decision of decided) {
    expect(recorded, 'a decision is not in the ledger').toContain(decision);
    expect(rebuilt, 'a decision is gone after a restart').toContain(decision);
  }
};

const checkOrder = (own: readonly ApprovalRecord[]): void => {
  const events = own.map(({ event }) => event);
  expect(events.indexOf('requested')).toBe(0);
  expect(events.lastIndexOf('requested')).toBe(0);
  const used = events.filter((event) => event === 'consumed').length;
  const allowed = most(own[0]?.rule ?? '');
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
  const needed = RULES.find(({ name }) => name === first?.rule)?.min ?? Number.POSITIVE_INFINITY;
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
    const elapsed = used.mono - (told.born.get(first.approval) ?? 0);
    const longest = first.window ? 900_000 + first.window.ms : 900_000;
    if (!told.forgot) expect(elapsed, 'consumed after the deadline by the monotonic clock').toBeLessThan(longest);
  }
};
