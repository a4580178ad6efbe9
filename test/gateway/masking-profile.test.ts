/** The profile of the rule that lets a call through masks it: in the record of the request, and in the answer. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMaskFor } from '../../src/app/masking.js';
import { createKeyedDigester } from '../../src/base/digest.js';
import { rule, startHarness, stdioServer } from './harness.js';
import { openSession, raw, rpc } from './raw.js';

const PROFILES = [
  { name: 'default', detectors: [], keys: [] },
  { name: 'strict', detectors: ['personal'], keys: [] },
] as const;
const ADDRESS = 'ada.lovelace@example.org';

const visit = async (token: string) => {
  const harness = await startHarness({
    servers: [stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'))],
    policy: [rule({ id: 'strict', groups: ['interns'], masking: 'strict' }), rule({ id: 'all' })],
    deps: { maskFor: createMaskFor({ masking: PROFILES }, { digest: createKeyedDigester(Buffer.alloc(32, 7)) }) },
  });
  try {
    const url = `${harness.url}/fixture/mcp`;
    const headers = await openSession(url, token);
    const body = rpc(2, 'tools/call', { name: 'echo', arguments: { text: ADDRESS } });
    const answer = await raw(url, { headers, body });
    const call = (await harness.entries()).find(({ type, d }) => type === 'call' && d['method'] === 'tools/call');
    const args = call?.payloads['args'];
    expect(harness.defects).toEqual([]);
    return { answer: answer.body, args: args && 'data' in args ? args.data : '' };
  } finally {
    await harness.close();
  }
};

test('masks what another rule lets pass', async () => {
  const clear = await visit('jane');
  expect(clear.answer).toContain(ADDRESS);
  expect(clear.args).toContain(ADDRESS);
  const masked = await visit('joe:interns');
  expect(masked.answer).not.toContain(ADDRESS);
  expect(masked.answer).toContain('[redacted:email]');
  expect(masked.args).not.toContain(ADDRESS);
});
