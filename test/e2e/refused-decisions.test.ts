/** What can go wrong with a decision, through the HTTP interfaces of a running gateway: its own message, and a record. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { startGateway } from '../../src/app/proxy.js';
import { type ApprovalWorld, startApprovalWorld } from './approval-world.js';

let world: ApprovalWorld;
beforeAll(async () => {
  world = await startApprovalWorld({ startGateway, loadSettings });
});
afterAll(() => world?.close());

const UNKNOWN = '01KAV8Z0000000000000000000';

/** The decision is refused so, on record for this reason, and changes nothing. */
const refused = async (who: string, path: string, code: string, reason: string, type: 'refuse' | 'auth' = 'refuse') => {
  const before = await world.reasons(type);
  const answer = await world.api(who, path, true);
  expect(answer.code).toBe(code);
  const after = await world.reasons(type);
  expect(after.slice(before.length)).toEqual([reason]);
  return answer;
};

describe('a decision', () => {
  it('on an unknown request', () => refused('bob', `${UNKNOWN}/approve`, 'NOT_FOUND', 'approval_not_found'));

  it('on one that ended at its deadline', async () => {
    const { id } = await world.call('one_e', 'expired');
    world.pass(31_000);
    await refused('bob', `${id}/approve`, 'EXPIRED', 'approval_expired');
    expect(await world.records(id)).toEqual(['requested', 'expired']);
  });

  it('on one that is decided, or that its requester withdrew', async () => {
    const { id } = await world.call('one_d', 'decided');
    await world.api('bob', `${id}/deny`, true);
    await refused('cyd', `${id}/approve`, 'DECIDED', 'approval_decided');
    const other = await world.call('one_w', 'withdrawn');
    await world.api('ada', `${other.id}/revoke`, true);
    await refused('bob', `${other.id}/approve`, 'WITHDRAWN', 'approval_withdrawn');
    expect(await world.records(id)).toEqual(['requested', 'denied']);
  });

  it('by somebody whose groups may not decide', async () => {
    const { id } = await world.call('window_g', 'group');
    await refused('mo', `${id}/approve`, 'NOT_REVIEWER', 'approval_not_reviewer');
    expect(await world.records(id)).toEqual(['requested']);
  });

  it('with a token for calls, or with none', async () => {
    const { id } = await world.call('one_t', 'token');
    await refused('the agent', `${id}/approve`, 'LOGIN_REQUIRED', 'wrong_audience', 'auth');
    await refused('nobody', `${id}/approve`, 'LOGIN_REQUIRED', 'malformed', 'auth');
    expect(await world.records(id)).toEqual(['requested']);
  });

  it('by two people at the same millisecond: the first in order holds, the other is told', async () => {
    const { id } = await world.call('one_m', 'same time');
    const both = await Promise.all([world.api('bob', `${id}/approve`, true), world.api('cyd', `${id}/deny`, true)]);
    expect(new Set(both.map(({ code }) => code))).toEqual(new Set(['DECIDED', null]));
    expect((await world.records(id)).filter((event) => event === 'approved' || event === 'denied')).toHaveLength(1);
  });

  it('after the client left: it stands, and the repeated call finds the grant', async () => {
    const { id } = await world.call('one_l', 'left');
    world.leave('echo');
    await world.api('bob', `${id}/approve`, true);
    expect((await world.call('one_l', 'left')).body).toContain('Echo: left');
  });

  it('with a clock that is turned back: nothing lives longer', async () => {
    const { id } = await world.call('one_c', 'clock');
    world.turn(-3_600_000);
    world.pass(31_000);
    await expect.poll(async () => world.records(id), { timeout: 4_000 }).toEqual(['requested', 'expired']);
    world.turn(3_600_000);
  });

  it('with a login of more than five minutes ago', async () => {
    const { id } = await world.call('window_s', 'stale');
    world.pass(301_000);
    await refused('bob', `${id}/approve`, 'LOGIN_REQUIRED', 'stale_login', 'auth');
    expect(await world.records(id)).toEqual(['requested']);
  });
});
