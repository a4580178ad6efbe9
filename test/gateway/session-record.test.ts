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

test('a refused opening is recorded by the next call', async () => {
  const append = harness.ledger.append.bind(harness.ledger);
  harness.ledger.append = (draft) =>
    failing && draft.type === 'session' ? Promise.reject(new CountersignError('LEDGER_BUSY', {})) : append(draft);
  const call = (id: number) =>
    raw(`${harness.url}/up/mcp`, {
      headers: { ...HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
      body: rpc(id, 'tools/list', {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      }),
    });
  expect((await call(1)).body).toContain('cannot record');
  failing = false;
  expect((await call(2)).status).toBe(200);
  expect((await call(3)).status).toBe(200);
  const entries = await harness.entries();
  expect(entries.filter(({ type, d }) => type === 'session' && d['event'] === 'opened')).toHaveLength(1);
  expect(entries.filter(({ type, d }) => type === 'call' && d['forwarded'] === true)).toHaveLength(2);
});
