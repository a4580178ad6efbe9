/** Signs of life while a call waits for a person. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { HttpReply } from '../../src/gateway/reply.js';

let server: Server;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => {
  vi.useRealTimers();
  server.close();
});

/** What a client reads of a reply. */
const read = async (use: (reply: HttpReply) => void): Promise<string> => {
  server = createServer((_, response) => use(new HttpReply(response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return (await fetch(`http://127.0.0.1:${port}/`)).text();
};
const pass = (times: number): void => void vi.advanceTimersByTime(times * 15_000);
const token = (text: string) => parseJson(Buffer.from(text));
const events = (body: string) =>
  body.split('\n\n').flatMap((event) => (event.startsWith('data: ') ? [JSON.parse(event.slice(6)).params] : []));

it('comments, where the client gave no token for progress', async () => {
  const body = await read((reply) => {
    reply.hold();
    pass(2);
    reply.end();
  });
  expect(body).toBe(': keep-alive\n\n: keep-alive\n\n');
});

it.each([['"t"', 't'] as const, ['7', 7] as const])(
  'progress that grows, for the token %s',
  async (text, progressToken) => {
    const body = await read((reply) => {
      reply.hold(token(text));
      pass(3);
      reply.end();
    });
    const seen = events(body);
    expect(seen).toHaveLength(3);
    expect(seen.every((one) => one.progressToken === progressToken && one.message === 'waits for approval')).toBe(true);
    const values = seen.map(({ progress }) => progress);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(new Set(values).size).toBe(3);
    // A server counts from 1 or from hundredths: what it says later is still more.
    expect(Math.max(...values)).toBeLessThan(0.001);
  },
);

it('no progress any more once the call runs, nor for a token that is none', async () => {
  const body = await read((reply) => {
    reply.hold(token('1'));
    pass(1);
    reply.hold();
    pass(1);
    reply.hold(token('{}'));
    pass(1);
    reply.end();
  });
  expect(events(body)).toHaveLength(1);
  expect(body.match(/: keep-alive/g)).toHaveLength(2);
});
