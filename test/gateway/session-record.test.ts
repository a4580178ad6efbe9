/** The opening of a shared session is on record once, also where the ledger refuses it at first. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, httpServer, startHarness } from './harness.js';
import { HEADERS, raw, rpc } from './raw.js';

let server: EraServer;
let harness: Harness;
let failing = true;
beforeAll(async () => {
  server = await startEraServer('2026-07-28');
  harness = await startHarness({ servers: [httpServer('up', server.url)] });
});
afterAll(async () => {
  await harness.close();
  await server.close();
});

const call = (id: number, token = 'jane', capabilities: object = {}) =>
  raw(`${harness.url}/up/mcp`, {
    headers: {
      ...HEADERS,
      authorization: `Bearer ${token}`,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    },
    body: rpc(id, 'tools/list', {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': capabilities,
      },
    }),
  });

test('a refused opening is recorded by the next call', async () => {
  const append = harness.ledger.append.bind(harness.ledger);
  harness.ledger.append = (draft) =>
    failing && draft.type === 'session' ? Promise.reject(new CountersignError('LEDGER_BUSY', {})) : append(draft);
  expect((await call(1)).body).toContain('cannot record');
  failing = false;
  expect((await call(2)).status).toBe(200);
  expect((await call(3)).status).toBe(200);
  const entries = await harness.entries();
  expect(entries.filter(({ type, d }) => type === 'session' && d['event'] === 'opened')).toHaveLength(1);
  expect(entries.filter(({ type, d }) => type === 'call' && d['forwarded'] === true)).toHaveLength(2);
});

test("a session is one principal's, whatever its clients can do", async () => {
  for (const token of ['jane', 'joe', 'jane'])
    for (const capabilities of [{}, { elicitation: {} }, { experimental: { x: ' joe'.repeat(200) } }])
      expect((await call(9, token, capabilities)).status).toBe(200);
  const calls = (await harness.entries()).filter(({ type }) => type === 'call');
  const owners = new Map<unknown, Set<unknown>>();
  for (const { d } of calls) {
    const { sub } = Object(d['principal']);
    owners.set(d['session'], (owners.get(d['session']) ?? new Set()).add(sub));
  }
  expect([...owners.values()].map((subjects) => [...subjects])).toEqual([['jane'], ['joe']]);
});
