import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createDispatcher, openHttpUpstream } from '../../src/upstream/http.js';

test('a server that never accepts a notification is given up after its time', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  const dispatcher = createDispatcher(url.origin);
  const upstream = openHttpUpstream({ url, dispatcher, headers: {}, maxResponseBytes: 1024, deliveryTimeout: 100 });
  const bytes = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  const delivered = upstream.deliver({ bytes, receipt: { seq: 0, leaf: '' }, event: null, final: false });
  await expect(delivered).rejects.toMatchObject({ name: 'UpstreamError' });
  await upstream.close();
  await dispatcher.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}, 3_000);
