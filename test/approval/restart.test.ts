import { describe, expect, it } from 'vitest';
import type { StoredApproval } from '../../src/approval/stored.js';
import { createApprovals } from '../../src/approval/workflow.js';
import { CountersignError } from '../../src/base/errors.js';
import type { ApprovalRecord } from '../../src/model/record.js';
import { ask, createStand, type Fault, ISSUER, idOf, PEOPLE, person, RULES } from './stand.js';

const ada = person('ada');
const bob = person('bob');
const cyd = person('cyd');
const signal = () => new AbortController().signal;

describe('restart', () => {
  it('rebuilds every state from the ledger', async () => {
    const stand = createStand();
    const make = async (tool: string) => idOf(await stand.acquire(ask(ada, { tool })));
    const pending = await make('pending');
    const granted = await make('granted');
    await stand.approvals.decide(granted, bob, 'approve', 'fine', '');
    const consumed = await make('consumed');
    await stand.approvals.decide(consumed, bob, 'approve', null, '');
    await stand.acquire(ask(ada, { tool: 'consumed' }));
    const denied = await make('denied');
    await stand.approvals.decide(denied, bob, 'deny', 'no', '');
    const half = idOf(await stand.acquire(ask(ada, { rule: 'three-eyes' })));
    await stand.approvals.decide(half, bob, 'approve', 'one', '');

    const again = stand.restart();
    expect(again.list()).toEqual(stand.approvals.list());
    expect(again.get(pending)?.state).toBe('pending');
    expect(await again.acquire(ask(ada, { tool: 'granted' }), granted, 0, signal())).toMatchObject({
      state: 'consumed',
      approval: granted,
    });
    expect(await again.acquire(ask(ada, { tool: 'pending' }), pending, 0, signal())).toMatchObject({
      state: 'pending',
      approval: pending,
    });
    expect((await again.acquire(ask(ada, { tool: 'consumed' }), pending, 0, signal())).approval).not.toBe(consumed);
    expect(await again.decide(half, person('bob-admin'), 'approve', 'two', '')).toMatchObject({
      reason: 'already_decided',
    });
    expect(await again.decide(half, cyd, 'approve', 'two', '')).toMatchObject({ approval: { state: 'granted' } });
    expect(await again.decide(denied, cyd, 'approve', null, '')).toMatchObject({ reason: 'decided' });
  });

  it('a crash after the last approval and before the grant: the grant is made up', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    stand.journal.fault = (event) => (event === 'granted' ? 'lost' : null);
    await expect(stand.approvals.decide(id, bob, 'approve', null, '')).rejects.toThrow(CountersignError);
    stand.journal.fault = () => null;
    const again = stand.restart();
    expect(again.get(id)?.state).toBe('pending');
    await again.sweep();
    expect(again.get(id)?.state).toBe('granted');
    expect(stand.journal.events()).toEqual(['requested', 'approved', 'granted']);
  });

  it('counts two approvers once who are found to be one person', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada, { rule: 'three-eyes' })));
    await stand.approvals.decide(id, cyd, 'approve', 'one', '');
    stand.journal.fault = (event) => (event === 'granted' ? 'lost' : null);
    await expect(stand.approvals.decide(id, person('cyd-admin'), 'approve', 'two', '')).rejects.toThrow();
    stand.journal.fault = () => null;
    const people = [...PEOPLE, { person: 'Cyd', subjects: [`${ISSUER}|cyd`, `${ISSUER}|cyd-admin`], agents: [] }];
    const again = createApprovals({ ledger: stand.journal, clock: stand.clock, rules: RULES, people, policy: 'p1' });
    again.restore(stand.journal.stored);
    await again.sweep();
    expect(again.get(id)?.state).toBe('pending');
    expect(await again.decide(id, bob, 'approve', 'two', '')).toMatchObject({ approval: { state: 'granted' } });
  });

  it('an ask that is withdrawn while the grant is made up does not consume', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    stand.journal.fault = (event) => (event === 'granted' ? 'lost' : null);
    await expect(stand.approvals.decide(id, bob, 'approve', null, '')).rejects.toThrow();
    stand.journal.fault = () => null;
    const again = stand.restart();
    const controller = new AbortController();
    stand.journal.delay = async () => controller.abort();
    expect(await again.acquire(ask(ada), id, 0, controller.signal)).toMatchObject({ state: 'cancelled', approval: id });
    expect(stand.journal.events()).toEqual(['requested', 'approved', 'granted']);
  });

  it('what ended meanwhile expires, and gives nothing', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    await stand.approvals.decide(id, bob, 'approve', null, '');
    stand.clock.pass(900_000);
    const again = stand.restart();
    await again.sweep();
    expect(again.get(id)?.state).toBe('expired');
  });

  it('a wall clock turned back across the restart gives no more time', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    stand.clock.pass(600_000);
    await stand.approvals.decide(id, bob, 'approve', null, '');
    stand.clock.wall -= 86_400_000;
    const again = stand.restart();
    stand.clock.pass(300_000);
    await again.sweep();
    expect(again.get(id)?.state).toBe('expired');
  });

  it.each([
    ['policy', 'p2', (payloads: StoredApproval['payloads']) => payloads],
    ['arguments, which were erased', 'p1', () => ({})],
  ])('cancels an open request of another %s', async (_what, policy, payloads) => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    await stand.approvals.decide(id, bob, 'approve', null, '');
    const again = createApprovals({ ledger: stand.journal, clock: stand.clock, rules: RULES, people: PEOPLE, policy });
    again.restore(stand.journal.stored.map((record) => ({ ...record, payloads: payloads(record.payloads) })));
    const next = await again.acquire(ask(ada), id, 0, signal());
    expect(next.state).toBe('pending');
    expect(next.approval).not.toBe(id);
    expect(again.get(id)?.state).toBe('cancelled');
    expect(stand.journal.events()).toEqual(['requested', 'approved', 'granted', 'cancelled', 'requested']);
  });

  it('passes over a request whose first record is pruned', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    await stand.approvals.decide(id, bob, 'approve', null, '');
    stand.journal.stored.shift();
    const again = stand.restart();
    expect(again.get(id)).toBeUndefined();
    expect((await again.acquire(ask(ada), id, 0, signal())).state).toBe('pending');
  });

  it.each([
    ['an unknown event', { event: 'blessed' }],
    ['no approval id', { approval: 'x' }],
    ['none needed', { needed: 0 }],
    ['a deadline that is none', { deadline: 'soon' }],
    ['a bare digest of arguments', { args: 'abc' }],
  ])('refuses a record with %s', async (_what, change) => {
    const stand = createStand();
    await stand.acquire(ask(ada));
    const [record] = stand.journal.stored;
    const d = { ...stand.journal.bodies[0], ...change };
    stand.journal.stored.splice(0, 1, { payloads: record?.payloads ?? {}, t: record?.t ?? 0, d });
    expect(() => stand.restart()).toThrow(expect.objectContaining({ code: 'APPROVAL_RECORD_INVALID' }));
  });

  it('refuses a decision by nobody, a time and a payload that cannot be read', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    await stand.approvals.decide(id, bob, 'approve', 'ok', '');
    const [first, second] = stand.journal.stored;
    if (!first || !second) throw new Error('two records are expected');
    const invalid = expect.objectContaining({ code: 'APPROVAL_RECORD_INVALID' });
    const run = (...records: (typeof first)[]) => {
      stand.journal.stored.splice(0, Number.POSITIVE_INFINITY, ...records);
      return () => stand.restart();
    };
    expect(run(first, { ...second, d: { ...stand.journal.bodies[1], by: null } })).toThrow(invalid);
    expect(run({ ...first, t: 'yesterday' })).toThrow(invalid);
    expect(run(first, { ...second, payloads: { reason: { data: '{' } } })).toThrow(invalid);
    expect(run(first, { ...second, payloads: {} })).not.toThrow();
  });
});

type Event = ApprovalRecord['event'];

/** Brings a request to the step whose record fails. */
const steps: Readonly<
  Record<Exclude<Event, 'cancelled' | 'revoked'>, (stand: ReturnType<typeof createStand>) => Promise<unknown>>
> = {
  requested: (stand) => stand.acquire(ask(ada)),
  approved: (stand) => stand.approvals.decide(firstId(stand), bob, 'approve', null, ''),
  denied: (stand) => stand.approvals.decide(firstId(stand), bob, 'deny', null, ''),
  granted: (stand) => stand.approvals.decide(firstId(stand), bob, 'approve', null, ''),
  consumed: (stand) => stand.acquire(ask(ada)),
  expired: (stand) => {
    stand.clock.pass(900_000);
    return stand.approvals.sweep();
  },
};
const firstId = (stand: ReturnType<typeof createStand>): string => stand.approvals.list()[0]?.id ?? '';

const prepare = async (event: keyof typeof steps) => {
  const stand = createStand();
  if (event === 'requested') return stand;
  const id = idOf(await stand.acquire(ask(ada)));
  if (event === 'consumed') await stand.approvals.decide(id, bob, 'approve', null, '');
  return stand;
};

type Step = keyof typeof steps;
const WRITE_FAILED = 'LEDGER_WRITE_FAILED';
const surely = (fault: Fault): boolean => fault === 'invalid' || fault === 'busy';
const table = (['requested', 'approved', 'denied', 'granted', 'consumed', 'expired'] as const).flatMap((event) =>
  (['lost', 'written', 'invalid', 'busy'] as const).map((fault): [Step, Fault] => [event, fault]),
);

/** The state after a restart: what was lost never was, what was written holds. */
const AFTER: Readonly<Record<Step, Readonly<Record<'written' | 'not', string | undefined>>>> = {
  requested: { written: 'pending', not: undefined },
  approved: { written: 'granted', not: 'pending' },
  denied: { written: 'denied', not: 'pending' },
  granted: { written: 'granted', not: 'granted' },
  consumed: { written: 'consumed', not: 'granted' },
  expired: { written: 'expired', not: 'expired' },
};

describe('a record that cannot be written has no effect', () => {
  it.each(table)('%s, %s', async (event, fault) => {
    const stand = await prepare(event);
    const before = stand.approvals.list();
    stand.journal.fault = (next) => (next === event ? fault : null);
    await expect(steps[event](stand)).rejects.toMatchObject({
      code: { invalid: 'RECORD_INVALID', busy: 'LEDGER_BUSY', lost: WRITE_FAILED, written: WRITE_FAILED }[fault],
    });
    // The state is as before; of a failed grant the approval before it stands.
    expect(stand.approvals.list().map(({ state }) => state)).toEqual(before.map(({ state }) => state));

    stand.journal.fault = () => null;
    const again = stand.restart();
    await again.sweep();
    const expected = AFTER[event][fault === 'written' ? 'written' : 'not'];
    expect(again.get(stand.journal.bodies[0]?.approval ?? '')?.state).toBe(expected);
  });

  it.each(table.filter(([event, fault]) => !surely(fault) && event !== 'requested'))(
    '%s, %s: what is in doubt stays so until the restart',
    async (event, fault) => {
      const stand = await prepare(event);
      stand.journal.fault = (next) => (next === event ? fault : null);
      await expect(steps[event](stand)).rejects.toThrow();
      stand.journal.fault = () => null;
      const written = stand.journal.events();
      await expect(stand.acquire(ask(ada))).rejects.toMatchObject({ code: 'LEDGER_WRITE_FAILED' });
      await expect(stand.approvals.decide(firstId(stand), cyd, 'approve', null, '')).rejects.toThrow();
      await stand.approvals.sweep();
      expect(stand.journal.events()).toEqual(written);
    },
  );

  it.each(table.filter(([event, fault]) => fault === 'lost' && event !== 'requested'))(
    '%s, %s: a ledger that goes on without it resolves the doubt',
    async (event) => {
      const stand = await prepare(event);
      stand.journal.fault = (next) => (next === event ? 'lost' : null);
      await expect(steps[event](stand)).rejects.toThrow();
      stand.journal.fault = () => null;
      stand.approvals.resolveDoubts();
      if (event === 'granted') await stand.approvals.sweep();
      else await steps[event](stand);
      expect(stand.journal.events().at(-1)).toBe(event === 'approved' ? 'granted' : event);
    },
  );

  it.each(table.filter(([event, fault]) => surely(fault) && event !== 'requested'))(
    '%s, %s: the next try has its effect',
    async (event, fault) => {
      const stand = await prepare(event);
      stand.journal.fault = (next) => (next === event ? fault : null);
      await expect(steps[event](stand)).rejects.toThrow();
      stand.journal.fault = () => null;
      if (event === 'granted') await stand.approvals.sweep();
      else await steps[event](stand);
      expect(stand.journal.events().at(-1)).toBe(event === 'approved' ? 'granted' : event);
    },
  );

  it.each(['lost', 'written'] as const)('a use that is %s is never two', async (fault) => {
    const stand = await prepare('consumed');
    stand.journal.fault = (next) => (next === 'consumed' ? fault : null);
    const id = firstId(stand);
    const failed = await Promise.allSettled(Array.from({ length: 3 }, () => stand.acquire(ask(ada))));
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true);
    stand.journal.fault = () => null;
    const again = stand.restart();
    const uses = await Promise.all(Array.from({ length: 3 }, () => again.acquire(ask(ada), id, 0, signal())));
    expect(uses.filter(({ state }) => state === 'consumed')).toHaveLength(fault === 'written' ? 0 : 1);
    expect(stand.journal.events().filter((event) => event === 'consumed')).toHaveLength(1);
  });

  it('asks that meet in a request which cannot be written are all refused', async () => {
    const stand = createStand();
    stand.journal.fault = () => 'lost';
    const asks = await Promise.allSettled(Array.from({ length: 5 }, () => stand.acquire(ask(ada))));
    expect(asks.every(({ status }) => status === 'rejected')).toBe(true);
    stand.journal.fault = () => null;
    expect((await stand.acquire(ask(ada))).state).toBe('pending');
  });
});
