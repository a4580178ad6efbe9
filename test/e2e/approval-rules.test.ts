/** What rules of approvals demand and limit, through the HTTP interfaces of a running gateway. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { startGateway } from '../../src/app/proxy.js';
import { freePort } from '../gateway/harness.js';
import { type ApprovalWorld, type Rules, startApprovalWorld } from './approval-world.js';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

/** Each rule serves tools of its own name. */
const rules =
  (hook: number): Rules =>
  ({ issuer }) =>
    `policy:
  - { id: wide-safe, approval: wide, groups: [engineering], servers: [echo], tools: ['wide_*'], when: "args.message.startsWith('safe ')" }
  - { id: wide-rest, approval: one, groups: [engineering], servers: [echo], tools: ['wide_*'] }
  - { id: named, approval: named, groups: [engineering], servers: [echo], tools: ['named_*'] }
  - { id: few, approval: few, groups: [engineering], servers: [echo], tools: ['few_*'] }
  - { id: one, approval: one, groups: [engineering], servers: [echo], tools: ['one_*'] }
  - { id: reasons, approval: reasons, groups: [engineering], servers: [echo], tools: ['reasons_*'] }
  - { id: strong, approval: strong, groups: [engineering], servers: [echo], tools: ['strong_*'] }
  - { id: signed, approval: signed, groups: [engineering], servers: [echo], tools: ['signed_*'] }
  - { id: limited, approval: limited, groups: [engineering], servers: [echo], tools: ['limited_*'] }
  - { id: hourly, approval: hourly, groups: [engineering], servers: [echo], tools: ['hourly_*'] }
  - { id: told, approval: told, groups: [engineering], servers: [echo], tools: ['told_*'] }
approvals:
  one: { reviewers: [leads], requireReason: false }
  wide: { reviewers: [leads], requireReason: false, window: { duration: 1m, uses: 100 } }
  named: { reviewers: [leads], requireReason: false, window: { duration: 1m, uses: 100, tools: [named_a, named_b] } }
  few: { reviewers: [leads], requireReason: false, window: { duration: 1m, uses: 2 } }
  reasons: { reviewers: [leads], requireReason: true, requireRequestReason: true }
  strong: { reviewers: [leads], requireReason: false, mfa: { amr: [hwk] } }
  signed: { reviewers: [leads], requireReason: false, passkey: required }
  limited: { reviewers: [leads], requireReason: false, limits: { open: 2 } }
  hourly: { reviewers: [leads], requireReason: false, limits: { perHour: 3 } }
  told: { reviewers: [leads], requireReason: false, channels: [ops] }
channels:
  ops: { webhook: { url: 'http://127.0.0.1:${hook}/hook', secret: { env: APPROVAL_HOOK } } }
people:
  - { person: ada@demo.invalid, subjects: ['${issuer}|ada', '${issuer}|ada-admin'], agents: [] }
`;

let world: ApprovalWorld;
let hook: Server;
const told: string[] = [];
beforeAll(async () => {
  const port = await freePort();
  hook = createServer((request, response) => {
    told.push(String(request.headers['webhook-id']));
    response.writeHead(410).end();
  });
  await new Promise<void>((resolve) => hook.listen(port, '127.0.0.1', resolve));
  process.env['APPROVAL_HOOK'] = SECRET;
  world = await startApprovalWorld({ startGateway, loadSettings }, rules(port));
});
afterAll(async () => {
  delete process.env['APPROVAL_HOOK'];
  hook.close();
  await world?.close();
});

const granted = async (tool: string, message: string): Promise<string> => {
  const { id } = await world.call(tool, message);
  expect(await world.api('bob', `${id}/approve`, true)).toMatchObject({ status: 200 });
  return id;
};
const ran = (message: string): boolean => world.reached.has(message);

describe('a grant', () => {
  it('is for these arguments: others are another request', async () => {
    const id = await granted('one_bound', 'pay 48');
    const other = await world.call('one_bound', 'pay 480');
    expect(other.id).not.toBe(id);
    await world.call('one_other', 'pay 48');
    expect([ran('pay 480'), ran('pay 48')]).toEqual([false, false]);
    await world.call('one_bound', 'pay 48');
    expect(ran('pay 48')).toBe(true);
  });

  it('is for this principal: another one asks anew', async () => {
    const id = await granted('one_mine', 'mine');
    expect((await world.call('one_mine', 'mine', 'echo', { who: 'eve' })).id).not.toBe(id);
    expect(ran('mine')).toBe(false);
  });

  it('and what waits are as before after a restart', async () => {
    const id = await granted('one_kept', 'kept');
    const waiting = await world.call('one_kept', 'kept waiting');
    await world.restart();
    expect((await world.api('bob', id)).approval).toMatchObject({ state: 'granted' });
    await world.api('bob', `${waiting.id}/approve`, true);
    await world.call('one_kept', 'kept');
    await world.call('one_kept', 'kept waiting');
    expect([ran('kept'), ran('kept waiting')]).toEqual([true, true]);
    expect(await world.records(waiting.id)).toEqual(['requested', 'approved', 'granted', 'consumed']);
  });
});

describe('a window', () => {
  it('serves calls within the condition of its policy rule, and no others', async () => {
    const id = await granted('wide_tool', 'safe 1');
    await world.call('wide_tool', 'safe 2');
    expect(ran('safe 2')).toBe(true);
    const other = await world.call('wide_tool', 'dangerous');
    expect(ran('dangerous')).toBe(false);
    expect(other.id).not.toBe(id);
    expect((await world.api('bob', other.id)).approval).toMatchObject({ rule: 'one', policyRule: 'wide-rest' });
  });

  it('is the one principal’s', async () => {
    await granted('wide_own', 'safe own');
    await world.call('wide_own', 'safe eve', 'echo', { who: 'eve' });
    expect(ran('safe eve')).toBe(false);
  });

  it('that names tools serves those', async () => {
    await granted('named_a', 'first');
    await world.call('named_b', 'second');
    expect(ran('second')).toBe(true);
    await world.call('named_c', 'third');
    expect(ran('third')).toBe(false);
  });

  it('ends with its last use', async () => {
    const id = await granted('few_tool', 'few 0');
    for (const message of ['few 1', 'few 2', 'few 3']) await world.call('few_tool', message);
    expect([ran('few 1'), ran('few 2'), ran('few 3')]).toEqual([true, true, false]);
    expect((await world.api('bob', id)).approval).toMatchObject({ state: 'consumed', window: { uses: 2, of: 2 } });
  });
});

describe('a rule can demand', () => {
  it('a reason of whoever asks', async () => {
    const { body, id } = await world.call('reasons_a', 'no reason');
    expect(body).toContain('needs the reason of whoever asks');
    expect(id).toBe('');
  });

  it('a reason of the reviewer', async () => {
    const { id } = await world.call('reasons_b', 'with reason', 'echo', { why: 'ticket 4711' });
    expect((await world.api('bob', id)).approval).toMatchObject({ requestReason: 'ticket 4711' });
    for (const reason of [null, ' '])
      expect(await world.api('bob', `${id}/approve`, true, reason)).toMatchObject({ code: 'REASON_REQUIRED' });
    expect(await world.api('bob', `${id}/approve`, true, 'agreed')).toMatchObject({ status: 200 });
    await world.call('reasons_b', 'with reason', 'echo', { why: 'ticket 4711' });
    expect(ran('with reason')).toBe(true);
  });

  it('a stronger login', async () => {
    const { id } = await world.call('strong_a', 'strong');
    expect(await world.api('bob', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'MFA_REQUIRED' });
    expect(await world.records(id)).toEqual(['requested']);
  });

  it('a passkey to approve, none to deny', async () => {
    const { id } = await world.call('signed_a', 'signed');
    expect(await world.api('bob', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'PASSKEY_REQUIRED' });
    expect(await world.api('bob', `${id}/deny`, true)).toMatchObject({ status: 200 });
    expect(await world.records(id)).toEqual(['requested', 'denied']);
  });

  it('another person than the one behind a second account of the requester', async () => {
    const { id } = await world.call('one_linked', 'linked');
    expect(await world.api('ada-admin', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'OWN_REQUEST' });
    expect(await world.records(id)).toEqual(['requested']);
  });
});

describe('a rule limits', () => {
  it('how many requests of one principal wait', async () => {
    for (const message of ['l1', 'l2']) await world.call('limited_a', message);
    const { body, id } = await world.call('limited_a', 'l3');
    expect(body).toContain('2 requests under limited that wait');
    expect(id).toBe('');
    expect((await world.all('call')).at(-1)).toMatchObject({ forwarded: false, target: 'limited_a', approval: null });
    // Nobody else has less room.
    expect((await world.call('limited_a', 'l3', 'echo', { who: 'eve' })).id).not.toBe('');
  });

  it('how many are asked for within an hour, however they end', async () => {
    for (const message of ['h1', 'h2', 'h3']) {
      const { id } = await world.call('hourly_a', message);
      await world.api('bob', `${id}/deny`, true);
    }
    expect((await world.call('hourly_a', 'h4')).body).toContain('3 times under hourly within an hour');
    world.pass(3_600_000);
  });
});

it('a webhook that is not taken is on record as dead', async () => {
  const { id } = await world.call('told_a', 'told');
  await expect
    .poll(() => world.all('notice'), { timeout: 20_000 })
    .toMatchObject([
      { event: 'dead', channel: 'ops', approval: id, kind: 'requested', attempts: 1, problem: 'it answered 410' },
    ]);
  const [notice] = await world.all('notice');
  expect(told).toEqual([notice?.['message']]);
});
