/** Lists show only what the principal may use; the definitions on record are those of the server. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rule, startHarness, stdioServer } from './harness.js';
import { openSession, raw, rpc } from './raw.js';

const script = join(import.meta.dirname, 'fixture-server.mjs');

test.each([
  ['jane', ['echo', 'wipe']],
  ['joe:interns', ['echo']],
])('%s sees %j', async (token, names) => {
  const harness = await startHarness({
    servers: [stdioServer('fixture', script)],
    policy: [
      rule({ id: 'wipe', effect: 'approval', approval: 'two-eyes', groups: ['engineering'], tools: ['wipe'] }),
      rule({ id: 'echo', groups: ['engineering', 'interns'], tools: ['echo'] }),
    ],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
  });
  try {
    const url = `${harness.url}/fixture/mcp`;
    const headers = await openSession(url, token);
    const { body } = await raw(url, { headers, body: rpc(1, 'tools/list') });
    expect(JSON.parse(body).result.tools.map((tool: { name: string }) => tool.name)).toEqual(names);
    const entries = await harness.entries();
    expect(entries.filter(({ type }) => type === 'tool').map(({ d }) => d['name'])).toEqual(['echo', 'wipe']);
    expect(harness.defects).toEqual([]);
  } finally {
    await harness.close();
  }
});
