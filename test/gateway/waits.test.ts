/** A person takes longer than the client's own time limit: no call hangs, and the approved call completes. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport, UrlElicitationRequiredError } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, httpServer, principalOf, rule, startHarness } from './harness.js';

/** Longest wait of the client for one answer, and of the gateway for a person, milliseconds. */
const CLIENT = 2_000;
const HOLD = 500;
/** What the reviewer takes. */
const WAIT = 2_800;
const PAGE = 'https://approve.example.com';

let server: EraServer;
let harness: Harness;
beforeAll(async () => {
  server = await startEraServer('both');
});
afterAll(() => server.close());
beforeEach(async () => {
  server.seen.splice(0);
  harness = await startHarness({
    servers: [httpServer('eras', server.url)],
    policy: [rule({ id: 'two', effect: 'approval', approval: 'two-eyes', tools: ['echo'] }), rule({ id: 'all' })],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: HOLD },
    deps: { approvalPage: PAGE },
  });
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
});

interface Asked {
  readonly pages: string[];
}

/** @param pin a revision; the newest of the older ones where not given */
const connect = async (pin?: string, opens: 'accept' | 'decline' | null = null): Promise<Client & Asked> => {
  const pages: string[] = [];
  const client = new Client(
    { name: 'waits', version: '1' },
    {
      capabilities: opens ? { elicitation: { url: {} } } : {},
      ...(pin ? { versionNegotiation: { mode: { pin } } } : {}),
    },
  );
  if (opens)
    client.setRequestHandler('elicitation/create', ({ params }) => {
      pages.push('url' in params ? params.url : 'no page');
      return { action: opens };
    });
  const requestInit = { headers: { authorization: 'Bearer jane' } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${harness.url}/eras/mcp`), { requestInit }));
  return Object.assign(client, { pages });
};

const waiting = () => harness.approvals.list()[0]?.id ?? '';
const approveAfter = async (ms: number) => {
  await sleep(ms);
  return harness.approvals.decide(waiting(), principalOf('lead', ['leads']), 'approve', null, '');
};
const say = (client: Client) => client.callTool({ name: 'echo', arguments: { text: 'paid' } }, { timeout: CLIENT });
const completed = async (began: number): Promise<void> => {
  expect(Date.now() - began).toBeGreaterThan(CLIENT);
  expect(server.seen).toEqual(['echo paid']);
  const entries = await harness.entries();
  const of = (type: string) => entries.filter((entry) => entry.type === type).map(({ d }) => d);
  expect(of('approval').map(({ event }) => event)).toEqual(['requested', 'approved', 'granted', 'consumed']);
  expect(of('call').filter(({ target, forwarded }) => target === 'echo' && forwarded)).toHaveLength(1);
  expect(of('call').filter(({ target }) => target === 'echo').length).toBeGreaterThan(2);
};

it('an official client of revision 2025-11-25: told who approves and where, it calls again', async () => {
  const client = await connect();
  const began = Date.now();
  const deciding = approveAfter(WAIT);
  const texts: string[] = [];
  for (let error: unknown = true; error; ) {
    // A call that outlasted the client's limit would throw here.
    const result = await say(client);
    texts.push(JSON.stringify(result.content));
    error = result.isError;
  }
  expect(await deciding).toMatchObject({ ok: true });
  expect(texts.at(-1)).toContain('echo: paid');
  for (const text of texts.slice(0, -1)) {
    expect(text).toContain('one person of leads');
    expect(text).toContain(`${PAGE}/requests/${waiting()}`);
    expect(text).toContain('call again with the same arguments');
  }
  await completed(began);
  await client.close();
});

it('an official client of revision 2025-11-25 that opens pages: the error that leads there', async () => {
  const client = await connect(undefined, 'accept');
  const began = Date.now();
  const deciding = approveAfter(WAIT);
  const refused: unknown[] = [];
  for (;;) {
    const result = await say(client).catch((error: unknown) => void refused.push(error));
    if (result) break;
  }
  expect(await deciding).toMatchObject({ ok: true });
  expect(refused.every((error) => error instanceof UrlElicitationRequiredError)).toBe(true);
  const [first] = refused;
  expect(first instanceof UrlElicitationRequiredError && first.elicitations).toMatchObject([
    { mode: 'url', url: `${PAGE}/requests/${waiting()}`, elicitationId: waiting() },
  ]);
  await completed(began);
  await client.close();
});

it('an official client of revision 2026-07-28: one call, over several legs that each end in time', async () => {
  const client = await connect('2026-07-28');
  const began = Date.now();
  const [result, decided] = await Promise.all([say(client), approveAfter(WAIT)]);
  expect(decided).toMatchObject({ ok: true });
  expect(JSON.stringify(result.content)).toContain('echo: paid');
  await completed(began);
  await client.close();
});

it('an official client of revision 2026-07-28 that opens pages: the user is led there once', async () => {
  const client = await connect('2026-07-28', 'accept');
  const began = Date.now();
  const [result] = await Promise.all([say(client), approveAfter(WAIT)]);
  expect(JSON.stringify(result.content)).toContain('echo: paid');
  expect(client.pages).toEqual([`${PAGE}/requests/${waiting()}`]);
  await completed(began);
  await client.close();
});

it('a user who does not open the page ends the call, not the request', async () => {
  const client = await connect('2026-07-28', 'decline');
  await expect(say(client)).rejects.toThrow(/Not approved: the page of the approval was not opened/);
  expect(harness.approvals.list()).toMatchObject([{ state: 'pending' }]);
  expect(await approveAfter(0)).toMatchObject({ ok: true });
  expect(JSON.stringify((await say(client)).content)).toContain('echo: paid');
  expect(server.seen).toEqual(['echo paid']);
  await client.close();
});
