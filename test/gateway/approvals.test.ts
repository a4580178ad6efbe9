/** Approvals through the HTTP API of a running gateway: windows, revocation, reasons, retries. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, principalOf, rule, startHarness, stdioServer } from './harness.js';
import { events, openSession, raw, toolCall } from './raw.js';
import { raceForGrant } from './retries.js';

const lead = principalOf('lead', ['leads']);
let harness: Harness;
let url: string;

beforeEach(async () => {
  harness = await startHarness({
    servers: [stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'))],
    policy: [rule({ id: 'hang', effect: 'approval', approval: 'window', tools: ['hang'] }), rule({ id: 'all' })],
    approvals: [
      {
        name: 'window',
        reviewers: ['leads'],
        min: 1,
        deadline: 60_000,
        requireReason: false,
        window: { duration: 60_000, uses: 5, tools: [] },
      },
    ],
    gateway: { approvalHold: 100 },
  });
  url = `${harness.url}/fixture/mcp`;
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
});

describe('a window', () => {
  it('that is revoked ends the calls in flight under it, and no later call runs', async () => {
    const headers = await openSession(url);
    await raw(url, { headers, body: toolCall(1, 'hang', { n: 1 }) });
    const id = harness.approvals.list()[0]?.id ?? '';
    await harness.approvals.decide(id, lead, 'approve', null, '');
    const running = [2, 3].map((n) => raw(url, { headers, body: toolCall(n, 'hang', { n }) }));
    await expect.poll(() => harness.approvals.get(id)?.uses).toBe(2);
    await expect.poll(async () => (await calls()).filter(({ forwarded }) => forwarded).length).toBe(2);
    expect(await harness.approvals.revoke(id, lead, 'enough', '192.0.2.1')).toMatchObject({ ok: true });
    for (const answer of await Promise.all(running)) {
      expect(JSON.stringify(events(answer.body))).toContain('the approval of this call was revoked');
    }
    const later = await raw(url, { headers, body: toolCall(4, 'hang', { n: 4 }) });
    expect(JSON.stringify(events(later.body))).toContain('needs the approval of another person');
    expect((await calls()).filter(({ forwarded }) => forwarded)).toHaveLength(2);
    const statuses = (await harness.entries()).filter(({ type }) => type === 'result').map(({ d }) => d['status']);
    expect(statuses.filter((status) => status === 'cancelled')).toHaveLength(2);
  });
});

const calls = async () =>
  (await harness.entries()).filter(({ type, d }) => type === 'call' && d['target'] === 'hang').map(({ d }) => d);

describe('the reason of the caller', () => {
  it('reaches reviewers masked, and is no part of what is approved', async () => {
    const headers = await openSession(url);
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'hang',
        arguments: { n: 1 },
        _meta: { 'countersign/reason': 'ticket 4711 of ada@example.com' },
      },
    });
    await raw(url, { headers, body });
    const reason = harness.approvals.list()[0]?.requester.reason;
    expect(reason).toContain('ticket 4711');
    expect(reason).not.toContain('ada@example.com');
    await raw(url, { headers, body: toolCall(2, 'hang', { n: 1 }) });
    expect(harness.approvals.list()).toHaveLength(1);
  });
});

it('100 concurrent retries on one grant: executed exactly once', async () => {
  expect(await raceForGrant(100)).toEqual({ runs: 1, uses: 1, forwarded: 1, answered: 100, defects: [] });
});
