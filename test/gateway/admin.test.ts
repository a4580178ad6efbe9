/** The admin listener answers for its health under its own names and under addresses, and under no other name. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAdmin } from '../../src/gateway/admin.js';
import { raw } from './raw.js';

const server = createAdmin({
  hosts: new Set(['gateway.example.com:8081', 'localhost:8081']),
  routes: [],
  health: () => ({ ok: true }),
  onDefect: (error) => {
    throw error;
  },
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/healthz`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each([
  ['gateway.example.com:8081', 200],
  ['Localhost:8081', 200],
  ['10.1.2.3:8081', 200],
  ['10.1.2.3', 200],
  ['[fd00::1]:8081', 200],
  ['rebound.example.net:8081', 403],
  ['gateway.example.com', 403],
  ['10.1.2.3.example.net', 403],
])('Host %j gets HTTP %d', async (host, status) => {
  expect((await raw(url, { method: 'GET', headers: { host } })).status).toBe(status);
});
