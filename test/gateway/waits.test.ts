/** A person takes longer than the client's own time limit: no call hangs, and the repeated call finds its grant. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Harness, principalOf, rule, startHarness, stdioServer } from './harness.js';

/** Longest wait of the client for one answer, and of the gateway for a person, milliseconds. */
const CLIENT = 1_000;
const HOLD = 400;
/** What the reviewer takes. */
const WAIT = 1_500;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({
    servers: [stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'))],
    policy: [rule({ id: 'two', effect: 'approval', approval: 'two-eyes', tools: ['echo'] }), rule({ id: 'all' })],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: HOLD },
  });
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
});

it('an official client of revision 2025-11-25 completes an approved call after a wait longer than its own limit', async () => {
  const client = await harness.connect('fixture', 'jane');
  const began = Date.now();
  const deciding = sleep(WAIT).then(() => {
    const id = harness.approvals.list()[0]?.id ?? '';
    return harness.approvals.decide(id, principalOf('lead', ['leads']), 'approve', null, '');
  });
  const texts: string[] = [];
  for (let error: unknown = true; error; ) {
    // A call that outlasted the client's limit would throw here.
    const result = await client.callTool({ name: 'echo', arguments: { n: 7 } }, { timeout: CLIENT });
    texts.push(JSON.stringify(result.content));
    error = result.isError;
  }
  expect(await deciding).toMatchObject({ ok: true });
  expect(Date.now() - began).toBeGreaterThan(CLIENT);
  expect(texts.length).toBeGreaterThan(2);
  expect(texts.slice(0, -1).every((text) => text.includes('needs the approval of another person'))).toBe(true);
  const entries = await harness.entries();
  const of = (type: string) => entries.filter((entry) => entry.type === type).map(({ d }) => d);
  expect(of('approval').map(({ event }) => event)).toEqual(['requested', 'approved', 'granted', 'consumed']);
  expect(of('call').filter(({ target, forwarded }) => target === 'echo' && forwarded)).toHaveLength(1);
  await client.close();
});
