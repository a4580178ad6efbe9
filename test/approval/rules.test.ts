/** What a rule can demand beyond one approval of one call. */
import { describe, expect, it } from 'vitest';
import { ulid } from '../../src/base/ulid.js';
import type { ApprovalAsk } from '../../src/model/approval.js';
import type { ApprovalRule } from '../../src/model/settings.js';
import { ask, createStand, idOf, person, START } from './stand.js';

const ada = person('ada');
const bob = person('bob');
const cyd = person('cyd');
const BASE: ApprovalRule = { name: 'r', reviewers: ['leads'], min: 1, deadline: 900_000, requireReason: false };
const stand = (rule: Partial<ApprovalRule>) => createStand({ rules: [{ ...BASE, ...rule }] });
const call = (more: Parameters<typeof ask>[1] = {}): ApprovalAsk => ask(ada, { rule: 'r', ...more });

describe('every group', () => {
  const both = { reviewers: ['leads', 'security'], everyGroup: true };

  it('is granted when each group is spoken for by another person, whatever the order', async () => {
    const { acquire, approvals } = stand(both);
    const id = idOf(await acquire(call()));
    expect(approvals.get(id)?.needed).toBe(2);
    const wide = person('bob', { groups: ['leads', 'security'] });
    await approvals.decide(id, wide, 'approve', null, '');
    expect(approvals.get(id)?.state).toBe('pending');
    await approvals.decide(id, person('cyd', { groups: ['leads'] }), 'approve', null, '');
    expect(approvals.get(id)?.state).toBe('granted');
  });

  it('two people of one group do not speak for the other', async () => {
    const { acquire, approvals, restart } = stand(both);
    const id = idOf(await acquire(call()));
    for (const who of ['bob', 'cyd']) {
      await approvals.decide(id, person(who, { groups: ['leads'] }), 'approve', null, '');
    }
    expect(approvals.get(id)).toMatchObject({ state: 'pending', everyGroup: true });
    const again = restart();
    await again.sweep();
    expect(again.get(id)?.state).toBe('pending');
    await again.decide(id, person('dan', { groups: ['security'] }), 'approve', null, '');
    expect(again.get(id)?.state).toBe('granted');
  });
});

describe('what requester and reviewer must bring', () => {
  it('a reason of the requester', async () => {
    const { acquire, approvals } = stand({ requireRequestReason: true });
    expect(await acquire(call())).toMatchObject({ state: 'denied', approval: null });
    const id = idOf(await acquire({ ...call(), reason: 'ticket 4711' }));
    expect(approvals.get(id)?.requester.reason).toBe('ticket 4711');
  });

  it.each([
    [{ amr: ['pwd'] }, false],
    [{ amr: ['pwd', 'hwk'] }, true],
    [{ amr: [], acr: 'phr' }, true],
  ])('a strong login: %j', async (login, ok) => {
    const { acquire, approvals, journal } = stand({ mfa: { amr: ['hwk', 'otp'], acr: ['phr'] } });
    const id = idOf(await acquire(call()));
    const result = await approvals.decide(id, person('bob', login), 'approve', null, '');
    expect(result.ok || result.reason).toBe(ok || 'mfa_required');
    expect(journal.events()).toEqual(ok ? ['requested', 'approved', 'granted'] : ['requested']);
  });

  it('a passkey to approve, none to deny', async () => {
    const { acquire, approvals } = stand({ passkey: 'required' });
    const id = idOf(await acquire(call()));
    expect(await approvals.decide(id, bob, 'approve', null, '')).toEqual({ ok: false, reason: 'passkey_required' });
    expect(await approvals.decide(id, bob, 'deny', null, '')).toMatchObject({ ok: true });
  });
});

describe('a window', () => {
  const window = { duration: 3_600_000, uses: 3, tools: [] };

  it('serves calls with other arguments, up to its uses, each on record', async () => {
    const { acquire, approvals, journal } = stand({ window });
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    for (const args of ['hs256:0:a', 'hs256:0:b', 'hs256:0:c'] as const) {
      expect(await acquire(call({ args }))).toMatchObject({ state: 'consumed', approval: id });
    }
    expect(approvals.get(id)).toMatchObject({ state: 'consumed', uses: 3 });
    const next = await acquire(call({ args: 'hs256:0:d' }));
    expect(next.state).toBe('pending');
    expect(next.approval).not.toBe(id);
    const uses = journal.bodies.filter(({ event }) => event === 'consumed');
    expect(uses.map(({ args, uses: count }) => [args, count])).toEqual([
      ['hs256:0:a', 1],
      ['hs256:0:b', 2],
      ['hs256:0:c', 3],
    ]);
  });

  it.each([
    ['another person', { principal: 'https://idp.example|zoe' }],
    ['another server', { server: 'billing' }],
    ['another tool', { tool: 'move_file' }],
    ['another definition', { definition: 'changed' }],
    ['another policy', { policy: 'p2' }],
  ] as const)('does not serve %s', async (_what, other) => {
    const { acquire, approvals } = stand({ window });
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    const outcome = await acquire(call(other));
    expect(outcome.state).toBe('pending');
    expect(outcome.approval).not.toBe(id);
  });

  it('does not serve a call that another policy rule sends', async () => {
    const { acquire, approvals } = stand({ window });
    const id = idOf(await acquire({ ...call(), policyRule: 'small-files' }));
    await approvals.decide(id, bob, 'approve', null, '');
    expect((await acquire({ ...call(), policyRule: 'all-files' })).state).toBe('pending');
    expect((await acquire({ ...call(), policyRule: 'small-files' })).state).toBe('consumed');
  });

  it('that names tools serves those, keeps to their definitions, and no others', async () => {
    const { acquire, approvals, restart } = stand({
      window: { ...window, uses: 9, tools: ['write_file', 'move_file'] },
    });
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    expect(await acquire(call({ tool: 'move_file', definition: 'd1' }))).toMatchObject({ approval: id });
    expect((await acquire(call({ tool: 'move_file', definition: 'd2' }))).state).toBe('pending');
    expect((await acquire(call({ tool: 'delete_file' }))).state).toBe('pending');
    const again = restart();
    expect(again.get(id)).toEqual(approvals.get(id));
    const outcome = await again.acquire(call({ tool: 'move_file', definition: 'd3' }), ulid(START), 0, signal());
    expect(outcome.state).toBe('pending');
  });

  it('ends at an absolute time, by either clock, also after a restart', async () => {
    const { acquire, approvals, clock, restart } = stand({ window });
    const id = idOf(await acquire(call()));
    clock.pass(600_000);
    await approvals.decide(id, bob, 'approve', null, '');
    const ends = clock.now() + window.duration;
    clock.pass(window.duration - 1);
    expect((await acquire(call())).state).toBe('consumed');
    const again = restart();
    expect(again.get(id)).toMatchObject({ state: 'granted', uses: 1, deadline: ends });
    clock.wall -= 1_000_000;
    clock.mono += 1;
    expect((await acquire(call())).state).toBe('pending');
    expect(approvals.get(id)?.state).toBe('expired');
  });

  it('1,000 calls that race for 3 uses: three win', async () => {
    const { acquire, approvals, journal } = stand({ window });
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    journal.delay = () => new Promise((resolve) => setImmediate(resolve));
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => acquire(call())));
    expect(outcomes.filter(({ state, approval }) => state === 'consumed' && approval === id)).toHaveLength(3);
  });
});

const signal = () => new AbortController().signal;

describe('revoking', () => {
  it('ends the calls in flight under a window, and the window', async () => {
    const { acquire, approvals, journal, restart } = stand({ window: { duration: 3_600_000, uses: 5, tools: [] } });
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    const use = await acquire(call());
    if (use.state !== 'consumed') throw new Error('the window did not serve');
    expect(use.revoked.aborted).toBe(false);
    expect(await approvals.revoke(id, cyd, 'over', '192.0.2.1')).toMatchObject({ ok: true });
    expect(use.revoked.aborted).toBe(true);
    expect((await acquire(call())).approval).not.toBe(id);
    expect(journal.bodies.find(({ event }) => event === 'revoked')).toMatchObject({ by: { sub: 'cyd' } });
    expect(restart().get(id)?.state).toBe('revoked');
  });

  it('ends a single call that runs, and an unused grant', async () => {
    const { acquire, approvals } = stand({});
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    const use = await acquire(call());
    if (use.state !== 'consumed') throw new Error('the grant was not used');
    await approvals.revoke(id, ada, null, '');
    expect(use.revoked.aborted).toBe(true);
    const other = idOf(await acquire(call({ tool: 't2' })));
    await approvals.decide(other, bob, 'approve', null, '');
    await approvals.revoke(other, bob, null, '');
    expect((await acquire(call({ tool: 't2' }))).approval).not.toBe(other);
  });

  it('once, where its record is in doubt', async () => {
    const { acquire, approvals, journal } = stand({});
    const id = idOf(await acquire(call()));
    await approvals.decide(id, bob, 'approve', null, '');
    await acquire(call());
    let faults = 1;
    journal.fault = (event) => (event === 'revoked' && faults-- > 0 ? 'written' : null);
    const both = await Promise.allSettled([approvals.revoke(id, ada, null, ''), approvals.revoke(id, ada, null, '')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(journal.events().filter((event) => event === 'revoked')).toHaveLength(1);
  });

  it('the requester withdraws; a reviewer denies instead', async () => {
    const { acquire, approvals } = stand({});
    const id = idOf(await acquire(call()));
    expect(await approvals.revoke(id, bob, null, '')).toEqual({ ok: false, reason: 'not_granted' });
    expect(await approvals.revoke(id, ada, null, '')).toMatchObject({ ok: true, approval: { state: 'cancelled' } });
  });

  it.each([
    ['an outsider', person('eve', { groups: ['engineering'] }), 'not_reviewer'],
    ['an agent', person('bob-bot', { kind: 'workload' }), 'not_reviewer'],
  ])('%s may not', async (_who, by, reason) => {
    const { acquire, approvals, journal } = stand({});
    const id = idOf(await acquire(call()));
    await approvals.decide(id, cyd, 'approve', null, '');
    expect(await approvals.revoke(id, by, null, '')).toEqual({ ok: false, reason });
    expect(journal.events()).not.toContain('revoked');
  });
});

describe('limits of a rule', () => {
  it('so many waiting, and so many an hour, also after a restart', async () => {
    const { acquire, clock, restart } = stand({ limits: { open: 2, perHour: 3 }, deadline: 60_000 });
    for (const tool of ['t1', 't2']) expect((await acquire(call({ tool }))).state).toBe('pending');
    expect(await acquire(call({ tool: 't3' }))).toMatchObject({ state: 'denied', approval: null });
    clock.pass(60_000);
    expect((await acquire(call({ tool: 't3' }))).state).toBe('pending');
    expect(await acquire(call({ tool: 't4' }))).toMatchObject({ state: 'denied' });
    const again = restart();
    expect(await again.acquire(call({ tool: 't4' }), ulid(START), 0, signal())).toMatchObject({ state: 'denied' });
    clock.pass(3_600_000);
    expect((await acquire(call({ tool: 't4' }))).state).toBe('pending');
  });
});

describe('a call that goes on under the grant that it used', () => {
  const granted = async (rule: Partial<ApprovalRule> = {}) => {
    const world = stand(rule);
    const id = idOf(await world.acquire(call()));
    await world.approvals.decide(id, bob, 'approve', null, '');
    return { ...world, id };
  };

  it('only once the grant was used, and using nothing up', async () => {
    const { acquire, approvals, id, journal } = await granted();
    expect(approvals.continuation(id, call())).toBeNull();
    await acquire(call());
    expect(approvals.continuation(id, call())?.revoked.aborted).toBe(false);
    expect(approvals.continuation(id, call())).not.toBeNull();
    expect(journal.events().filter((event) => event === 'consumed')).toHaveLength(1);
  });

  it.each([
    ['arguments', { args: 'hs256:0000:bbbb' }],
    ['tool', { tool: 't2' }],
    ['server', { server: 'billing' }],
    ['definition', { definition: 'changed' }],
    ['policy', { policy: 'p2' }],
    ['principal', { principal: `${person('eve').issuer}|eve` }],
  ] as const)('never with another %s', async (_, more) => {
    const { acquire, approvals, id } = await granted();
    await acquire(call());
    expect(approvals.continuation(id, call(more))).toBeNull();
  });

  it('neither revoked, nor over, nor unknown', async () => {
    const { acquire, approvals, id, clock } = await granted({
      window: { duration: 60_000, uses: 2, tools: ['write_file'] },
    });
    await acquire(call());
    const use = approvals.continuation(id, call({ args: 'hs256:0000:bbbb' }));
    expect(use?.revoked.aborted).toBe(false);
    expect(approvals.continuation(ulid(START), call())).toBeNull();
    expect(approvals.continuation(id, call({ tool: 't2' }))).toBeNull();
    clock.pass(59_999);
    expect(approvals.continuation(id, call())).not.toBeNull();
    clock.pass(1);
    expect(approvals.continuation(id, call())).toBeNull();
    const other = await granted();
    await other.acquire(call());
    await other.approvals.revoke(other.id, bob, null, '');
    expect(other.approvals.continuation(other.id, call())).toBeNull();
  });
});
