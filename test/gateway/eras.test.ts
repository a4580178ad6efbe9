/** A client of both eras in front of a server of the older one: the gateway speaks the newer, and bridges. */
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness, stdioServer } from './harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ servers: [stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'))] });
});
afterAll(() => harness.close());

const transport = () =>
  new StreamableHTTPClientTransport(new URL(`${harness.url}/fixture/mcp`), {
    requestInit: { headers: { authorization: 'Bearer jane' } },
  });

test('it goes on with 2026-07-28', async () => {
  const client = new Client({ name: 'both', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport());
  const { tools } = await client.listTools();
  expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
  expect(tools.map(({ name }) => name)).toEqual(['echo', 'wipe']);
  await client.close();
});
