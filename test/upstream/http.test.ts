import { createServer, type RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { fixedSecrets, sessionCredentials } from '../../src/upstream/credentials.js';
import { createDispatcher, openHttpUpstream } from '../../src/upstream/http.js';

const open = async (answer: RequestListener) => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  const dispatcher = createDispatcher(url.origin);
  const upstream = openHttpUpstream({
    url,
    dispatcher,
    credentials: sessionCredentials(fixedSecrets({}), null),
    maxResponseBytes: 1024,
    deliveryTimeout: 100,
  });
  const close = async (): Promise<void> => {
    await upstream.close();
    await dispatcher.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { upstream, close };
};

const NOTIFICATION = {
  bytes: Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}'),
  receipt: { seq: 0, leaf: '' },
  event: null,
  final: false,
};

test('a server that never accepts a notification is given up after its time', async () => {
  const { upstream, close } = await open(() => {});
  await expect(upstream.deliver(NOTIFICATION)).rejects.toMatchObject({ name: 'UpstreamError' });
  await close();
}, 3_000);

test('what a server says in answer to a notification goes nowhere, and is counted', async () => {
  const { upstream, close } = await open((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end('data: {"jsonrpc":"2.0","method":"notifications/a"}\n\nid: 1\ndata:\n\ndata: {}\n\n');
  });
  await upstream.deliver(NOTIFICATION);
  expect(upstream.dropped).toBe(2);
  await close();
});
