/** A client that goes away while its call waits for a person: what that means is up to its revision. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, httpServer, principalOf, rule, startHarness } from './harness.js';

let server: EraServer;
let harness: Harness;
beforeEach(async () => {
  server = await startEraServer('both');
  harness = await startHarness({
    servers: [httpServer('eras', server.url)],
    policy: [rule({ id: 'two', effect: 'approval', approval: 'two-eyes', tools: ['echo'] }), rule({ id: 'all' })],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: 20_000 },
  });
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
  await server.close();
});

const connect = async (revision: string) => {
  /** Ends every connection that is open. */
  const gone = new AbortController();
  const client = new Client({ name: 'leaves', version: '1' }, { versionNegotiation: { mode: modeOf(revision) } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${harness.url}/eras/mcp`), {
      requestInit: { headers: { authorization: 'Bearer jane' } },
      fetch: (url, init) =>
        fetch(url, { ...init, signal: AbortSignal.any([gone.signal, ...(init?.signal ? [init.signal] : [])]) }),
    }),
  );
  return { client, gone };
};
const modeOf = (revision: string) => (revision === '2026-07-28' ? { pin: revision } : ('legacy' as const));
const say = { name: 'echo', arguments: { text: 'once' } };
const waiting = () => harness.approvals.list()[0]?.id ?? '';
const approve = () => harness.approvals.decide(waiting(), principalOf('lead', ['leads']), 'approve', null, '');
const uses = async () => (await harness.entries()).filter(({ d }) => d['event'] === 'consumed').length;

it('2026-07-28: the call is cancelled, and never runs; the same call made anew finds the grant', async () => {
  const { client, gone } = await connect('2026-07-28');
  const call = client.callTool(say).catch(() => 'gone');
  await expect.poll(waiting).not.toBe('');
  gone.abort();
  await expect
    .poll(async () =>
      (await harness.entries()).filter(({ d }) => d['target'] === 'echo').map(({ d }) => d['forwarded']),
    )
    .toEqual([false]);
  expect(await approve()).toMatchObject({ ok: true });
  await sleep(100);
  expect([server.seen, await uses()]).toEqual([[], 0]);
  const again = await connect('2026-07-28');
  expect(JSON.stringify((await again.client.callTool(say)).content)).toContain('echo: once');
  expect([server.seen, await uses()]).toEqual([['echo once'], 1]);
  await Promise.all([again.client.close(), client.close()]);
  await call;
});

it('2025-11-25: a broken connection cancels nothing; the call runs once it is approved, and its outcome is on record', async () => {
  const { client, gone } = await connect('2025-11-25');
  const call = client.callTool(say).catch(() => 'gone');
  await expect.poll(waiting).not.toBe('');
  gone.abort();
  await sleep(100);
  expect(await approve()).toMatchObject({ ok: true });
  await expect.poll(() => server.seen).toEqual(['echo once']);
  await expect
    .poll(async () => (await harness.entries()).filter(({ type }) => type === 'result').at(-1)?.d['status'])
    .toBe('ok');
  expect(await uses()).toBe(1);
  await client.close();
  await call;
});
