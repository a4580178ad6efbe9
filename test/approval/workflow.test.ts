import { describe, expect, it, vi } from 'vitest';
import { createApprovals } from '../../src/approval/workflow.js';
import { systemClock } from '../../src/base/clock.js';
import { ulid } from '../../src/base/ulid.js';
import { ask, createJournal, createStand, ISSUER, idOf, PEOPLE, person, RULES, START } from './stand.js';

const ada = person('ada');
const bob = person('bob');
const cyd = person('cyd');
const call = ulid(START);
const never = new AbortController().signal;

describe('one request', () => {
  it('waits, is approved by another person, is used once', async () => {
    const { acquire, approvals, journal } = createStand();
    const first = await acquire(ask(ada));
    expect(first.state).toBe('pending');
    const id = idOf(first);
    expect(approvals.get(id)).toMatchObject({ state: 'pending', needed: 1, requester: { name: 'Ada' } });
    expect(await approvals.decide(id, bob, 'approve', 'looked at it', '192.0.2.7')).toMatchObject({
      ok: true,
      approval: { state: 'granted' },
    });
    expect(await acquire(ask(ada))).toMatchObject({ state: 'consumed', approval: id });
    expect(journal.events()).toEqual(['requested', 'approved', 'granted', 'consumed']);
    const next = await acquire(ask(ada));
    expect(next.state).toBe('pending');
    expect(next.approval).not.toBe(id);
  });

  it('records who decided, with what the token said, and the payloads apart', async () => {
    const { acquire, approvals, journal } = createStand();
    const id = idOf(await acquire(ask(person('ada', { actor: 'ada-bot' }))));
    await approvals.decide(id, bob, 'approve', ' fine ', '192.0.2.7');
    await acquire(ask(person('ada', { actor: 'ada-bot' })));
    expect(journal.bodies[0]).toMatchObject({
      event: 'requested',
      approval: id,
      requester: { iss: ISSUER, sub: 'ada', act: 'ada-bot', client_id: 'shared-client' },
      deadline: '2026-11-24T05:15:00.000Z',
      needed: 1,
      approved: 0,
      by: null,
      channel: null,
      call: null,
    });
    expect(journal.stored[0]?.payloads).toEqual({
      args: { data: '{"path":"/srv/files/a.txt","content":"[redacted:email]"}' },
      person: { data: '{"name":"Ada","email":"ada@example.com"}' },
      tool: { data: '{"description":null,"destructive":false}' },
    });
    expect(journal.bodies[1]).toMatchObject({
      event: 'approved',
      approved: 1,
      by: {
        iss: ISSUER,
        sub: 'bob',
        groups: ['leads'],
        amr: ['pwd'],
        auth_time: START / 1000,
        token: 'hs256:0000:1111',
      },
      channel: 'api',
      address: '192.0.2.7',
    });
    expect(journal.stored[1]?.payloads).toEqual({
      reason: { data: '"fine"' },
      person: { data: '{"name":"Bob","email":"bob@example.com"}' },
    });
    expect(journal.bodies[3]).toMatchObject({ event: 'consumed', by: null });
    expect(journal.bodies[3]?.call).toMatch(/^[0-9A-Z]{26}$/);
    for (const body of journal.bodies) expect(JSON.stringify(body)).not.toMatch(/Ada|Bob|example\.com/);
  });

  it('a denial is final, and says so without naming anybody', async () => {
    const { acquire, approvals } = createStand();
    const id = idOf(await acquire(ask(ada)));
    const waiting = approvals.acquire(ask(ada), call, 60_000, never);
    await approvals.decide(id, bob, 'deny', 'not today', '');
    expect(await waiting).toEqual({ state: 'denied', approval: id, reason: `A reviewer denied approval ${id}.` });
    expect(await approvals.decide(id, cyd, 'approve', null, '')).toEqual({ ok: false, reason: 'decided' });
    expect(approvals.get(id)?.state).toBe('denied');
    expect((await acquire(ask(ada))).approval).not.toBe(id);
  });

  it.each([
    ['principal', ask(cyd)],
    ['server', ask(ada, { server: 'billing' })],
    ['tool', ask(ada, { tool: 'move_file' })],
    ['arguments', ask(ada, { args: 'hs256:0000:bbbb' })],
    ['tool definition', ask(ada, { definition: 'changed' })],
    ['policy', ask(ada, { policy: 'p2' })],
  ])('a grant for another %s is another grant', async (_what, other) => {
    const { acquire, approvals } = createStand();
    const id = idOf(await acquire(ask(ada)));
    await approvals.decide(id, bob, 'approve', null, '');
    expect((await acquire(other)).state).toBe('pending');
    expect(await acquire(ask(ada))).toMatchObject({ state: 'consumed', approval: id });
  });

  it('an approval that is not configured is denied, without a record', async () => {
    const { acquire, journal } = createStand();
    expect(await acquire(ask(ada, { rule: 'gone' }))).toMatchObject({ state: 'denied', approval: null });
    expect(journal.events()).toEqual([]);
  });

  it('a reason is demanded where the rule says so, and blanks are none', async () => {
    const { acquire, approvals } = createStand();
    const id = idOf(await acquire(ask(ada, { rule: 'three-eyes' })));
    for (const verdict of ['approve', 'deny'] as const) {
      expect(await approvals.decide(id, bob, verdict, null, '')).toEqual({ ok: false, reason: 'reason_required' });
      expect(await approvals.decide(id, bob, verdict, ' \t', '')).toEqual({ ok: false, reason: 'reason_required' });
    }
    expect(await approvals.decide(id, bob, 'approve', 'ok', '')).toMatchObject({ ok: true });
  });
});

describe('who may decide', () => {
  it.each([
    ['the requester', ada, bob, 'ok'],
    ['himself', ada, ada, 'own_request'],
    ['himself as administrator', ada, person('ada', { groups: ['admin', 'admins', 'leads'] }), 'own_request'],
    ['his other account', ada, person('ada-admin'), 'own_request'],
    ["his agent's owner", person('ada-bot', { kind: 'workload' }), ada, 'own_request'],
    [
      "his agent's owner by another account",
      person('ada-bot', { kind: 'workload' }),
      person('ada-admin'),
      'own_request',
    ],
    ['his own agent', ada, person('ada-bot'), 'own_request'],
    ['the owner of the agent that acts for another', person('cyd', { actor: 'ada-bot' }), ada, 'own_request'],
    ['the agent that acts for another', person('cyd', { actor: 'new-bot' }), person('new-bot'), 'own_request'],
    ['the owner of the client', person('cyd', { clientId: 'bob-bot' }), bob, 'own_request'],
    ['a user of the same client', person('cyd'), bob, 'ok'],
    ['another person', person('ada-bot', { kind: 'workload' }), bob, 'ok'],
    ['somebody outside the groups', ada, person('eve', { groups: ['engineering'] }), 'not_reviewer'],
    ['somebody without groups', ada, person('eve', { groups: [] }), 'not_reviewer'],
    ['an administrator outside the groups', ada, person('eve', { groups: ['admin'] }), 'not_reviewer'],
    ['a workload', ada, person('svc', { kind: 'workload' }), 'not_reviewer'],
    ['an agent acting for a reviewer', ada, person('bob', { actor: 'some-bot' }), 'not_reviewer'],
    ['an agent with a token like a person', ada, person('bob-bot'), 'not_reviewer'],
    ['the same subject of another issuer', ada, person('ada', { issuer: 'https://other.example' }), 'ok'],
  ])('%s', async (_who, requester, reviewer, expected) => {
    const { acquire, approvals, restart } = createStand();
    const id = idOf(await acquire(ask(requester)));
    // The same after a restart: what the ledger holds is enough to tell.
    for (const run of [restart(), approvals]) {
      const result = await run.decide(id, reviewer, 'approve', null, '');
      expect(result.ok ? 'ok' : result.reason).toBe(expected);
    }
  });

  it('needs distinct people: one person of two accounts counts once', async () => {
    const { acquire, approvals } = createStand();
    const id = idOf(await acquire(ask(cyd, { rule: 'three-eyes' })));
    expect(await approvals.decide(id, bob, 'approve', 'ok', '')).toMatchObject({ approval: { state: 'pending' } });
    expect(await approvals.decide(id, bob, 'approve', 'ok', '')).toEqual({ ok: false, reason: 'already_decided' });
    expect(await approvals.decide(id, bob, 'deny', 'hm', '')).toEqual({ ok: false, reason: 'already_decided' });
    expect(await approvals.decide(id, person('bob-admin'), 'approve', 'ok', '')).toEqual({
      ok: false,
      reason: 'already_decided',
    });
    expect(await approvals.decide(id, ada, 'approve', 'ok', '')).toMatchObject({ approval: { state: 'granted' } });
  });

  it('shows a request to its requester and to who may decide it, to nobody else', async () => {
    const { acquire, approvals } = createStand();
    const id = idOf(await acquire(ask(person('ada-bot', { kind: 'workload' }))));
    expect(approvals.standing(id, ada)).toBe('own');
    expect(approvals.standing(id, bob)).toBe('reviewer');
    expect(approvals.standing(id, person('ada-bot', { kind: 'workload', groups: [] }))).toBe('own');
    expect(approvals.standing(id, person('eve', { groups: ['engineering'] }))).toBeNull();
    expect(approvals.standing(id, person('svc', { kind: 'workload' }))).toBeNull();
    expect(approvals.standing(ulid(START), bob)).toBeNull();
  });
});

describe('deadlines', () => {
  it.each([
    ['both clocks', (stand: ReturnType<typeof createStand>) => stand.clock.pass(900_000)],
    ['the wall clock alone', (stand: ReturnType<typeof createStand>) => void (stand.clock.wall += 900_000)],
    [
      'the monotonic clock alone, the wall clock turned back',
      (stand: ReturnType<typeof createStand>) => {
        stand.clock.mono += 900_000;
        stand.clock.wall -= 3_600_000;
      },
    ],
  ])('%s ends a request and an unused grant', async (_which, pass) => {
    const stand = createStand();
    const pending = idOf(await stand.acquire(ask(ada)));
    const granted = idOf(await stand.acquire(ask(ada, { tool: 'move_file' })));
    await stand.approvals.decide(granted, bob, 'approve', null, '');
    pass(stand);
    expect(await stand.approvals.decide(pending, bob, 'approve', null, '')).toEqual({
      ok: false,
      reason: 'expired',
    });
    expect(stand.approvals.get(pending)?.state).toBe('expired');
    await stand.approvals.sweep();
    expect(stand.approvals.get(granted)?.state).toBe('expired');
    expect(stand.journal.events().filter((event) => event === 'expired')).toHaveLength(2);
    const again = await stand.acquire(ask(ada, { tool: 'move_file' }));
    expect(again).toMatchObject({ state: 'pending' });
    expect(again.approval).not.toBe(granted);
  });

  it('one millisecond before the deadline a grant is still good', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    stand.clock.pass(899_999);
    await stand.approvals.sweep();
    await stand.approvals.decide(id, bob, 'approve', null, '');
    expect(await stand.acquire(ask(ada))).toMatchObject({ state: 'consumed', approval: id });
  });

  it('a grant whose record takes until after the deadline does not run', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    await stand.approvals.decide(id, bob, 'approve', null, '');
    stand.journal.delay = async () => stand.clock.pass(900_000);
    expect(await stand.acquire(ask(ada))).toMatchObject({ state: 'expired', approval: id });
    stand.journal.delay = async () => {};
    expect((await stand.acquire(ask(ada))).approval).not.toBe(id);
  });

  it('an approval whose record takes until after the deadline does not grant', async () => {
    const stand = createStand();
    const id = idOf(await stand.acquire(ask(ada)));
    stand.journal.delay = async () => stand.clock.pass(900_000);
    expect(await stand.approvals.decide(id, bob, 'approve', null, '')).toMatchObject({
      approval: { state: 'expired' },
    });
    expect(stand.journal.events()).toEqual(['requested', 'approved', 'expired']);
  });
});

describe('waiting', () => {
  it('a waiting call gets the grant as soon as it is given', async () => {
    const { approvals } = createStand();
    const waiting = approvals.acquire(ask(ada), call, 60_000, never);
    await vi.waitFor(() => expect(approvals.list()).toHaveLength(1));
    const id = approvals.list()[0]?.id ?? '';
    await approvals.decide(id, bob, 'approve', null, '');
    expect(await waiting).toMatchObject({ state: 'consumed', approval: id });
  });

  it('a wait that is over tells to call again, by real clocks', async () => {
    const clock = systemClock();
    const approvals = createApprovals({ ledger: createJournal(clock), clock, rules: RULES, people: PEOPLE });
    const outcome = await approvals.acquire(ask(ada), call, 40, never);
    expect(outcome).toMatchObject({ state: 'pending' });
    expect('reason' in outcome && outcome.reason).toMatch(
      /^Approval [0-9A-Z]{26} waits for one person of leads until .*; call again with the same arguments/,
    );
  });

  it('a wait ends at the deadline, by real clocks', async () => {
    const clock = systemClock();
    const rules = RULES.map((rule) => ({ ...rule, deadline: 60 }));
    const journal = createJournal(clock);
    const approvals = createApprovals({ ledger: journal, clock, rules, people: PEOPLE });
    expect(await approvals.acquire(ask(ada), call, 30_000, never)).toMatchObject({ state: 'expired' });
    expect(journal.events()).toEqual(['requested', 'expired']);
  });

  it('a withdrawn ask never consumes; the request stays for a retry', async () => {
    const { acquire, approvals, journal } = createStand();
    const controller = new AbortController();
    const waiting = approvals.acquire(ask(ada), call, 60_000, controller.signal);
    await vi.waitFor(() => expect(approvals.list()).toHaveLength(1));
    const id = approvals.list()[0]?.id ?? '';
    controller.abort();
    expect(await waiting).toMatchObject({ state: 'cancelled', approval: id });
    await approvals.decide(id, bob, 'approve', null, '');
    expect(journal.events()).toEqual(['requested', 'approved', 'granted']);
    expect(await acquire(ask(ada), controller.signal)).toMatchObject({ state: 'cancelled', approval: null });
    expect(await acquire(ask(ada))).toMatchObject({ state: 'consumed', approval: id });
  });

  it('an ask withdrawn while its use is written does not run, and the grant is gone', async () => {
    const { acquire, approvals, journal } = createStand();
    const id = idOf(await acquire(ask(ada)));
    await approvals.decide(id, bob, 'approve', null, '');
    const controller = new AbortController();
    journal.delay = async () => controller.abort();
    expect(await acquire(ask(ada), controller.signal)).toMatchObject({ state: 'cancelled', approval: id });
    expect(journal.events().at(-1)).toBe('consumed');
    expect((await acquire(ask(ada))).approval).not.toBe(id);
  });

  it('an ask withdrawn between grant and use does not consume', async () => {
    const { acquire, approvals, journal } = createStand();
    const controller = new AbortController();
    const waiting = approvals.acquire(ask(ada), call, 60_000, controller.signal);
    await vi.waitFor(() => expect(approvals.list()).toHaveLength(1));
    const id = approvals.list()[0]?.id ?? '';
    const deciding = approvals.decide(id, bob, 'approve', null, '');
    controller.abort();
    await deciding;
    expect((await waiting).state).toBe('cancelled');
    expect(journal.events()).not.toContain('consumed');
    expect((await acquire(ask(ada))).state).toBe('consumed');
  });
});

describe('races', () => {
  it('of 50 asks for one grant exactly one consumes', async () => {
    const { approvals, journal } = createStand();
    journal.delay = () => new Promise((resolve) => setTimeout(resolve, 1));
    const asks = Array.from({ length: 50 }, (_, i) =>
      approvals.acquire(ask(ada), ulid(START + i), 60_000, new AbortController().signal),
    );
    await vi.waitFor(() => expect(approvals.list()).toHaveLength(1));
    const id = approvals.list()[0]?.id ?? '';
    await approvals.decide(id, bob, 'approve', null, '');
    const outcomes = await Promise.all(asks);
    expect(outcomes.filter(({ state }) => state === 'consumed')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.state !== 'consumed') expect(outcome).toMatchObject({ state: 'cancelled', approval: id });
    }
    expect(journal.events()).toEqual(['requested', 'approved', 'granted', 'consumed']);
  });

  it('of 50 asks after the grant exactly one consumes, the others share one new request', async () => {
    const { acquire, approvals, journal } = createStand();
    const id = idOf(await acquire(ask(ada)));
    await approvals.decide(id, bob, 'approve', null, '');
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => acquire(ask(ada))));
    expect(outcomes.filter(({ state }) => state === 'consumed')).toHaveLength(1);
    expect(journal.events().filter((event) => event === 'consumed')).toHaveLength(1);
    expect(journal.events().filter((event) => event === 'requested').length).toBeLessThanOrEqual(2);
  });

  it('approve and deny at once: the first in order holds', async () => {
    const { acquire, approvals, journal } = createStand();
    const id = idOf(await acquire(ask(ada)));
    const [approve, deny] = await Promise.all([
      approvals.decide(id, bob, 'approve', null, ''),
      approvals.decide(id, cyd, 'deny', null, ''),
    ]);
    expect(approve).toMatchObject({ ok: true, approval: { state: 'granted' } });
    expect(deny).toEqual({ ok: false, reason: 'decided' });
    expect(journal.events()).toEqual(['requested', 'approved', 'granted']);
  });

  it('the same person twice at once counts once', async () => {
    const { acquire, approvals } = createStand();
    const id = idOf(await acquire(ask(cyd, { rule: 'three-eyes' })));
    const results = await Promise.all(
      [bob, person('bob-admin'), bob].map((who) => approvals.decide(id, who, 'approve', 'ok', '')),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(approvals.get(id)?.state).toBe('pending');
  });
});

describe('limits', () => {
  it('20 open requests of one principal, then a denial with its reason', async () => {
    const { acquire, approvals, clock } = createStand();
    for (let i = 0; i < 20; i++) expect((await acquire(ask(ada, { tool: `t${i}` }))).state).toBe('pending');
    expect(await acquire(ask(ada, { tool: 'one-more' }))).toEqual({
      state: 'denied',
      approval: null,
      reason: 'This principal has 20 approval requests open, which is the most.',
    });
    expect((await acquire(ask(ada, { tool: 't3' }))).state).toBe('pending');
    expect((await acquire(ask(cyd))).state).toBe('pending');
    clock.pass(900_000);
    expect((await acquire(ask(ada, { tool: 'one-more' }))).state).toBe('pending');
    expect(approvals.list().filter(({ state }) => state === 'pending')).toHaveLength(1);
  });

  it('1,000 open requests in all', async () => {
    const { acquire } = createStand();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => acquire(ask(person(`p${i % 100}`), { tool: `t${i}` }))));
    expect(await acquire(ask(ada))).toMatchObject({ state: 'denied', approval: null });
  });

  it('arguments nobody can read', async () => {
    const { acquire } = createStand({ limits: { argsBytes: 1000, argsTotal: 1500 } });
    const long = (tool: string, length: number) => ({ ...ask(ada, { tool }), maskedArgs: `"${'x'.repeat(length)}"` });
    expect((await acquire(long('a', 2000))).state).toBe('denied');
    expect((await acquire(long('b', 900))).state).toBe('pending');
    expect((await acquire(long('c', 900))).state).toBe('denied');
  });

  it('keeps a bounded history of what ended', async () => {
    const { acquire, approvals } = createStand({ limits: { history: 3 } });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(idOf(await acquire(ask(ada))));
      await approvals.decide(ids[i] ?? '', bob, 'deny', null, '');
    }
    expect(approvals.list().map(({ id }) => id)).toEqual(expect.arrayContaining(ids.slice(2)));
    expect(approvals.list()).toHaveLength(3);
  });
});
