/** Approved calls whose server asks the client for input, in every pair of eras: approved once, used once, run once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { principalOf, rule } from './harness.js';
import { type Cell, type Matrix, MODERN, startMatrix } from './matrix.js';

const REVISIONS = ['2025-11-25', MODERN];
const cells: readonly Cell[] = REVISIONS.flatMap((client) =>
  REVISIONS.map((server) => ({ client, server, transport: 'http' as const })),
);

let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix(REVISIONS, {
    policy: [rule({ id: 'two', effect: 'approval', approval: 'two-eyes', tools: ['ask'] }), rule({ id: 'all' })],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: 5_000 },
  });
});
afterAll(() => matrix.close());

test.each(cells)('a client of $client in front of a server of $server', async (cell) => {
  const { approvals, entries } = matrix.harness;
  const before = (await entries()).length;
  const client = await matrix.connect(cell);
  const call = client.callTool({ name: 'ask', arguments: { what: `which word, ${cell.client}?` } });
  const waiting = () => approvals.list().find(({ state }) => state === 'pending')?.id ?? '';
  await expect.poll(waiting).not.toBe('');
  await approvals.decide(waiting(), principalOf('lead', ['leads']), 'approve', null, '');
  expect(JSON.stringify((await call).content)).toContain('you said please');
  await client.close();

  const found = (await entries()).slice(before).map(({ type, d }) => ({ type, d }));
  const of = (type: string) => found.filter((entry) => entry.type === type).map(({ d }) => d);
  expect(of('approval').map(({ event }) => event)).toEqual(['requested', 'approved', 'granted', 'consumed']);
  const forwarded = of('call').filter(({ target, forwarded: out }) => target === 'ask' && out);
  expect(new Set(forwarded.map(({ approval }) => approval)).size).toBe(1);
  // Each further leg names the one before: together they are one use.
  const legs = forwarded.map(({ call: id }) => id);
  expect(forwarded.slice(1).map(({ continues }) => continues)).toEqual(legs.slice(0, -1));
  expect(matrix.harness.defects).toEqual([]);
});
