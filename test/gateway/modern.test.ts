/** Clients of revision 2026-07-28 in front of a server of the same revision: called, masked, recorded, held for approval. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, httpServer, principalOf, rule, startHarness } from './harness.js';
import { HEADERS, raw, rpc } from './raw.js';

let server: EraServer;
let harness: Harness;

beforeAll(async () => {
  server = await startEraServer('2026-07-28');
  harness = await startHarness({
    servers: [httpServer('eras', server.url)],
    policy: [
      rule({ id: 'asks', effect: 'approval', approval: 'two-eyes', groups: ['engineering'], tools: ['echo'] }),
      rule({ id: 'all', groups: ['engineering', 'interns'] }),
      rule({ id: 'tools', groups: ['readers'], tools: ['echo'] }),
    ],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: 1_000 },
  });
});
afterAll(async () => {
  await harness.close();
  await server.close();
});
beforeEach(() => void server.seen.splice(0));

const connect = async (token = 'joe:interns', answers: Readonly<Record<string, string>> | null = null) => {
  const capabilities = answers ? { elicitation: { form: {} } } : {};
  const client = new Client(
    { name: 'modern', version: '1' },
    { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  if (answers) client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { ...answers } }));
  const transport = new StreamableHTTPClientTransport(new URL(`${harness.url}/eras/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  return { client, transport };
};

const textOf = (result: unknown): string => {
  const { content } = Object(result);
  return Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? '').join('') : '';
};

describe('calls', () => {
  test('lists, calls, reads, prompts and has no session of its own', async () => {
    const { client, transport } = await connect();
    expect(client.getServerCapabilities()?.tools).toEqual({ listChanged: true });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('ask');
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } }))).toBe('echo: hello');
    expect((await client.readResource({ uri: 'note://a' })).contents).toMatchObject([{ text: 'a note' }]);
    expect((await client.getPrompt({ name: 'greet', arguments: { name: 'Ann' } })).messages).toHaveLength(1);
    expect(transport.sessionId).toBeUndefined();
    await client.close();
  });

  test('what mirrors the body goes to the server; neither token nor session id do', async () => {
    const { client } = await connect();
    await client.callTool({ name: 'echo', arguments: { text: 'x' } });
    expect(server.headers.at(-1)).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    expect(server.headers.at(-1)).not.toHaveProperty('authorization');
    expect(server.headers.at(-1)).not.toHaveProperty('mcp-session-id');
    await client.close();
  });

  test('is masked, and no cache may keep it for others', async () => {
    const { client } = await connect();
    const said = textOf(await client.callTool({ name: 'leak', arguments: {} }));
    expect(said).toContain('[redacted:');
    expect(said).not.toContain('AKIAIOSFODNN7EXAMPLE');
    const { cacheScope } = Object(await client.listTools());
    expect(cacheScope).toBe('private');
    const entries = JSON.stringify(await harness.entries());
    expect(entries).not.toContain('AKIAIOSFODNN7EXAMPLE');
    await client.close();
  });

  test('progress arrives in order, before the answer', async () => {
    const { client } = await connect();
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
    await client.callTool({ name: 'count', arguments: { to: 5 } }, { onprogress });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    await client.close();
  });

  test('a client that goes away has cancelled its call, at the server too', async () => {
    const { client } = await connect();
    const gone = new AbortController();
    const call = client.callTool({ name: 'wait', arguments: {} }, { signal: gone.signal });
    await expect.poll(() => server.seen).toEqual(['wait begins']);
    gone.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => server.seen).toEqual(['wait begins', 'wait ends']);
    await expect
      .poll(async () => (await harness.entries()).filter(({ type }) => type === 'result').at(-1)?.d['status'])
      .toBe('cancelled');
    await client.close();
  });

  test('clients that use the same ids do not disturb each other', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
    const said = await Promise.all(
      clients.map(({ client }, i) => client.callTool({ name: 'echo', arguments: { text: `n${i}` } })),
    );
    expect(said.map(textOf)).toEqual(clients.map((_, i) => `echo: n${i}`));
    await Promise.all(clients.map(({ client }) => client.close()));
  });
});

describe('input that a call asks for', () => {
  test('goes to the client and back; its state is sealed, and the responses are on record', async () => {
    const { client } = await connect('joe:interns', { word: 'please' });
    expect(textOf(await client.callTool({ name: 'ask', arguments: { what: 'which word?' } }))).toBe('you said please');
    expect(server.seen).toEqual(['ask {"word":"please"}']);
    const entries = await harness.entries();
    const responses = entries.filter(({ type, d }) => type === 'message' && d['kind'] === 'response').at(-1);
    expect(responses?.d).toMatchObject({ direction: 'to_server', forwarded: true });
    expect(JSON.stringify(responses?.payloads)).toContain('please');
    expect(JSON.stringify(entries)).not.toContain('state of which word?');
    const statuses = entries.filter(({ type }) => type === 'result').map(({ d }) => d['status']);
    expect(statuses.slice(-2)).toEqual(['input_required', 'ok']);
    await client.close();
  });
});

describe('what is refused', () => {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const post = (
    method: string,
    params: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
    token = 'joe:interns',
  ) =>
    raw(`${harness.url}/eras/mcp`, {
      headers: {
        ...HEADERS,
        authorization: `Bearer ${token}`,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...headers,
      },
      body: rpc(7, method, { ...params, _meta: meta }),
    });
  const call = { name: 'echo', arguments: { text: 'x' } };

  test.each([
    ['a method of the older revisions', () => post('ping', {}), 404, -32_601],
    ['another method in the header', () => post('tools/call', call, { 'mcp-method': 'tools/list' }), 400, -32_020],
    ['another tool in the header', () => post('tools/call', call, { 'mcp-name': 'leak' }), 400, -32_020],
    ['no tool in the header', () => post('tools/call', call), 400, -32_020],
    [
      'another argument in a header',
      () => post('tools/call', call, { 'mcp-name': 'echo', 'mcp-param-x': 'y' }),
      400,
      -32_020,
    ],
    [
      'responses that nobody asked for',
      () => post('tools/call', { ...call, inputResponses: {} }, { 'mcp-name': 'echo' }),
      200,
      -32_602,
    ],
    [
      'a state of nobody',
      () => post('tools/call', { ...call, requestState: 'x' }, { 'mcp-name': 'echo' }),
      200,
      -32_602,
    ],
    [
      'a state that is no text',
      () => post('tools/call', { ...call, requestState: 1 }, { 'mcp-name': 'echo' }),
      200,
      -32_602,
    ],
    ['a method that nobody knows, to those who may not', () => post('x/y', {}, {}, 'eve:marketing'), 404, -32_601],
    [
      'a resource to listen for that may not be read',
      () => post('subscriptions/listen', { notifications: { resourceSubscriptions: ['note://a'] } }, {}, 'lou:readers'),
      200,
      -31_001,
    ],
  ])('%s', async (_, request, status, code) => {
    const before = server.headers.length;
    const response = await request();
    expect({ status: response.status, body: JSON.parse(response.body) }).toMatchObject({
      status,
      body: { id: 7, error: { code } },
    });
    expect(server.headers.length).toBe(before);
    const last = (await harness.entries()).at(-1);
    expect(['refuse', 'call']).toContain(last?.type);
    expect(server.seen).toEqual([]);
  });

  test('GET and DELETE, which are of sessions', async () => {
    for (const method of ['GET', 'DELETE']) {
      const headers = { ...HEADERS, 'mcp-protocol-version': '2026-07-28' };
      expect((await raw(`${harness.url}/eras/mcp`, { method, headers })).status).toBe(405);
    }
  });
});

describe('approval', () => {
  test('a call waits over several rounds, runs once it is approved, and only once', async () => {
    const { client } = await connect('jane');
    const call = client.callTool({ name: 'echo', arguments: { text: 'approved' } });
    await expect.poll(() => harness.approvals.list().filter(({ state }) => state === 'pending')).toHaveLength(1);
    const [pending] = harness.approvals.list().filter(({ state }) => state === 'pending');
    expect(server.seen).toEqual([]);
    await harness.approvals.decide(pending?.id ?? '', principalOf('lea', ['leads']), 'approve', null, '127.0.0.1');
    expect(textOf(await call)).toBe('echo: approved');
    expect(server.seen).toEqual(['echo approved']);
    await client.close();
  });

  test('a call that is denied is told so', async () => {
    const { client } = await connect('jane');
    const call = client.callTool({ name: 'echo', arguments: { text: 'denied' } });
    const ended = expect(call).rejects.toThrow(/Not approved/);
    await expect.poll(() => harness.approvals.list().filter(({ state }) => state === 'pending')).toHaveLength(1);
    const [pending] = harness.approvals.list().filter(({ state }) => state === 'pending');
    await harness.approvals.decide(pending?.id ?? '', principalOf('lea', ['leads']), 'deny', null, '127.0.0.1');
    await ended;
    expect(server.seen).toEqual([]);
    await client.close();
  });
});

test('every forwarded call has one outcome', async () => {
  const entries = await harness.entries();
  const of = (type: string) => entries.filter((entry) => entry.type === type);
  const forwarded = of('call').filter(({ d }) => d['forwarded'] === true);
  const outcomes = of('result').map(({ d }) => d['call']);
  expect(new Set(outcomes).size).toBe(outcomes.length);
  expect(new Set(outcomes)).toEqual(new Set(forwarded.map(({ d }) => d['call'])));
  expect(
    of('session')
      .filter(({ d }) => d['event'] === 'opened')
      .map(({ d }) => d['revision']),
  ).toContain('2026-07-28');
  expect(harness.defects).toEqual([]);
});
