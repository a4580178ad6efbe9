/** What happens to calls that go another way than answer and done. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, principalOf, rule, startHarness, stdioServer } from './harness.js';
import { events, openSession, raw, rpc, toolCall } from './raw.js';

const script = join(import.meta.dirname, 'fixture-server.mjs');
let log: string;
let harness: Harness;
let url: string;

beforeEach(async () => {
  log = join(mkdtempSync(join(tmpdir(), 'countersign-fixture-')), 'calls.log');
  writeFileSync(log, '');
  harness = await startHarness({
    servers: [stdioServer('fixture', script, [], { FIXTURE_LOG: log })],
    policy: [
      rule({ id: 'wipe', effect: 'approval', approval: 'two-eyes', groups: ['engineering'], tools: ['wipe'] }),
      rule({ id: 'all', groups: ['engineering'] }),
    ],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { callTimeout: 1_500 },
  });
  url = `${harness.url}/fixture/mcp`;
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
});

const results = async () =>
  (await harness.entries()).filter(({ type }) => type === 'result').map(({ d }) => d['status']);
const reached = (): string[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the answer of the server', () => {
  test.each([
    ['die', 'upstream_lost'],
    ['garbage', 'upstream_lost'],
    ['duplicate', 'upstream_lost'],
    ['hang', 'timed_out'],
    ['huge', 'upstream_lost'],
  ])('%s: the client is told, the outcome is %s', async (tool, status) => {
    const headers = await openSession(url);
    const response = await raw(url, { headers, body: toolCall(7, tool) });
    const answer = response.body.startsWith('{') ? JSON.parse(response.body) : events(response.body).at(-1);
    expect(answer).toMatchObject({ id: 7, error: { code: -31004 } });
    expect((await results()).at(-1)).toBe(status);
  });

  test('bytes outside masks are those of the server, numbers included', async () => {
    const headers = await openSession(url);
    const body = toolCall(1, 'echo').replace('{}', '{"n":12345678901234567890,"f":1.0,"s":"\\u00e9"}');
    const response = await raw(url, { headers, body });
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
  });

  test('an answer to nothing goes no further, and is recorded', async () => {
    const headers = await openSession(url);
    const response = await raw(url, { headers, body: toolCall(1, 'stray') });
    expect(response.body).not.toContain('nobody-asked');
    const stray = (await harness.entries()).find(({ type, d }) => type === 'message' && d['kind'] === 'response');
    expect(stray?.d['forwarded']).toBe(false);
  });
});

describe('requests of the server', () => {
  test('reach the client masked on the stream of the call; only their answers go back', async () => {
    const headers = await openSession(url);
    const asked = raw(url, { headers, body: toolCall(1, 'ask') });
    await soon(150);
    const wrong = await raw(url, { headers, body: '{"jsonrpc":"2.0","id":"other","result":{}}' });
    expect(wrong.status).toBe(202);
    const answered = await raw(url, { headers, body: '{"jsonrpc":"2.0","id":"q1","result":{"action":"decline"}}' });
    expect(answered.status).toBe(202);
    const [question, answer] = events((await asked).body);
    expect(JSON.stringify(question)).toContain('[redacted:email]');
    expect(JSON.stringify(answer)).toContain('decline');
    const replies = (await harness.entries()).filter(
      ({ type, d }) => type === 'message' && d['direction'] === 'to_server' && d['kind'] === 'response',
    );
    expect(replies.map(({ d }) => d['forwarded'])).toEqual([false, true]);
  });
});

describe('cancellation', () => {
  test('ends a call under way; its late answer is recorded and kept back', async () => {
    const headers = await openSession(url);
    const call = raw(url, { headers, body: toolCall(5, 'late') });
    await soon(100);
    await raw(url, { headers, body: rpc(undefined, 'notifications/cancelled', { requestId: 5 }) });
    expect(JSON.parse((await call).body)).toMatchObject({ id: 5, error: { code: -31004 } });
    await soon(400);
    expect(await results()).toContain('cancelled');
    expect(reached()).toContain('cancelled 5');
  });

  test('a call that waits for approval never runs once cancelled, also when it is approved afterwards', async () => {
    const headers = await openSession(url);
    const call = raw(url, { headers, body: toolCall(5, 'wipe') });
    await soon(100);
    const [approval] = harness.approvals.list();
    await raw(url, { headers, body: rpc(undefined, 'notifications/cancelled', { requestId: 5 }) });
    await call;
    await harness.approvals.decide(approval?.id ?? '', principalOf('lead', ['leads']), 'approve', null, '127.0.0.1');
    await soon(100);
    expect(reached().filter((line) => line.startsWith('wipe'))).toEqual([]);
  });

  test('an id under way cannot be used twice', async () => {
    const headers = await openSession(url);
    const first = raw(url, { headers, body: toolCall(5, 'late') });
    await soon(50);
    const second = await raw(url, { headers, body: toolCall(5, 'echo') });
    expect(JSON.parse(second.body).error.message).toContain('a request with this id is under way');
    expect((await first).status).toBe(200);
  });
});

describe('approval', () => {
  test('holds the call, runs it once after another person approved exactly it', async () => {
    const headers = await openSession(url);
    const call = raw(url, { headers, body: toolCall(1, 'wipe', { path: '/a' }) });
    await expect.poll(() => harness.approvals.list().length).toBe(1);
    expect(reached()).toEqual([]);
    const [approval] = harness.approvals.list();
    const own = await harness.approvals.decide(
      approval?.id ?? '',
      principalOf('jane', ['leads']),
      'approve',
      null,
      '127.0.0.1',
    );
    expect(own).toEqual({ ok: false, reason: 'own_request' });
    await harness.approvals.decide(approval?.id ?? '', principalOf('lead', ['leads']), 'approve', null, '127.0.0.1');
    const [answer] = events((await call).body);
    expect(JSON.stringify(answer)).toContain('/a');
    expect(reached()).toEqual(['wipe {"path":"/a"}']);
    const call2 = (await harness.entries()).filter(({ type, d }) => type === 'call' && d['target'] === 'wipe').at(-1);
    expect(call2?.d).toMatchObject({ forwarded: true, approval: approval?.id, risk: 'high' });
    // The same call again needs a new approval: the grant was used.
    const again = await raw(url, { headers, body: toolCall(2, 'wipe', { path: '/a' }) });
    expect(JSON.stringify(events(again.body))).toContain('needs the approval of another person');
    expect(reached()).toHaveLength(1);
  });

  test('a client that could not wait calls again and finds the grant; other arguments do not', async () => {
    const headers = await openSession(url);
    const first = await raw(url, { headers, body: toolCall(1, 'wipe', { path: '/a' }) });
    expect(events(first.body)[0]).toMatchObject({ result: { isError: true } });
    const [approval] = harness.approvals.list();
    await harness.approvals.decide(approval?.id ?? '', principalOf('lead', ['leads']), 'approve', null, '127.0.0.1');
    const other = await raw(url, { headers, body: toolCall(2, 'wipe', { path: '/b' }) });
    expect(events(other.body)[0]).toMatchObject({ result: { isError: true } });
    const same = await raw(url, {
      headers,
      body: `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"arguments":{ "path" : "/a" },"name":"wipe"}}`,
    });
    expect(JSON.stringify(events(same.body))).toContain('/a');
    expect(reached()).toEqual(['wipe {"path":"/a"}']);
  });

  test('a denial is told and recorded', async () => {
    const headers = await openSession(url);
    const call = raw(url, { headers, body: toolCall(1, 'wipe') });
    await expect.poll(() => harness.approvals.list().length).toBe(1);
    const [approval] = harness.approvals.list();
    await harness.approvals.decide(approval?.id ?? '', principalOf('lead', ['leads']), 'deny', 'no', '127.0.0.1');
    expect(events((await call).body)[0]).toMatchObject({ error: { code: -31002 } });
    expect(reached()).toEqual([]);
  });

  test('a number that a double cannot hold is not put up for approval', async () => {
    const headers = await openSession(url);
    const response = await raw(url, { headers, body: toolCall(1, 'wipe').replace('{}', '{"n":12345678901234567890}') });
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31007 } });
    expect(harness.approvals.list()).toEqual([]);
  });
});

describe('the listening stream', () => {
  test('carries what belongs to no call, and only one is open per session', async () => {
    const headers = await openSession(url);
    const { promise, heard, stop } = listenTo(headers);
    // The first stream is open once something comes on it.
    await raw(url, { headers, body: rpc(undefined, 'notifications/say', { data: 'first' }) });
    await expect.poll(heard, { timeout: 10_000 }).toContain('first');
    const second = await raw(url, { method: 'GET', headers });
    expect(second.status).toBe(409);
    await raw(url, { headers, body: rpc(undefined, 'notifications/say', { data: 'write to a@example.test' }) });
    await expect.poll(heard, { timeout: 10_000 }).toContain('[redacted:email]');
    stop();
    expect(await promise).not.toContain('a@example.test');
  });

  test('DELETE ends the session and its process; the next request is told to open another', async () => {
    const headers = await openSession(url);
    expect((await raw(url, { method: 'DELETE', headers })).status).toBe(204);
    expect((await raw(url, { headers, body: toolCall(1, 'echo') })).status).toBe(404);
    const closed = (await harness.entries()).find(({ type, d }) => type === 'session' && d['event'] === 'closed');
    expect(closed?.d).toMatchObject({ reason: 'ended by the client' });
  });
});

describe('a ledger that cannot write', () => {
  test('refuses every call; nothing is forwarded', async () => {
    const headers = await openSession(url);
    await harness.ledger.close('gone');
    const response = await raw(url, { headers, body: toolCall(1, 'echo') });
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31003 } });
    expect(reached()).toEqual([]);
    // Its end cannot be recorded either; processes and connections are freed all the same.
    await expect(harness.close()).rejects.toThrow('the ledger could not be written');
    harness = await startHarness({ servers: [] });
  });
});

const listenTo = (
  headers: Record<string, string>,
): { promise: Promise<string>; heard: () => string; stop: () => void } => {
  const abort = new AbortController();
  let body = '';
  const promise = (async () => {
    try {
      const response = await fetch(url, { headers: { ...headers, accept: 'text/event-stream' }, signal: abort.signal });
      for await (const chunk of response.body ?? []) body += Buffer.from(chunk).toString('utf8');
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
    return body;
  })();
  return { promise, heard: () => body, stop: () => abort.abort() };
};
