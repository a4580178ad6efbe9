/** Servers that do not play along, behind the bridges between the eras. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { handClock } from '../identity/support.js';
import { type Harness, type HarnessOptions, httpServer, startHarness, stdioServer } from './harness.js';
import { events, HEADERS, openSession, raw, rpc, toolCall } from './raw.js';

const REVISION = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';
/** A process of the older revisions, to which `on` adds what it does with a message `m`. */
const legacyProcess = (on: string, first = ''): string => `
const rl = require('node:readline').createInterface({ input: process.stdin });
const send = (m) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\\n');
const text = (t) => ({ content: [{ type: 'text', text: t }] });
let call;
rl.on('line', (l) => { const m = JSON.parse(l);
  if (m.method === 'server/discover') { ${first === '' ? "send({ id: m.id, error: { code: -32601, message: 'no' } })" : first}; return; }
  if (m.method === 'initialize') { send({ id: m.id, result: { protocolVersion: '2025-11-25', capabilities: { tools: {}, logging: {} }, serverInfo: { name: 'x', version: '1' } } }); return; }
  if (m.method === 'logging/setLevel') { send({ id: m.id, result: {} }); return; }
  ${on}
});`;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const start = async (
  server: Parameters<typeof startHarness>[0]['servers'][number],
  deps: HarnessOptions['deps'] = {},
): Promise<Harness> => {
  const harness = await startHarness({ servers: [server], gateway: { callTimeout: 2_000 }, deps });
  closing.push(async () => {
    await harness.close();
    expect(harness.defects).toEqual([]);
  });
  return harness;
};
const startProcess = (script: string): Promise<Harness> => start(stdioServer('up', '-e', [script]));

const startHttp = async (
  answer: (message: Sent, request: IncomingMessage, response: ServerResponse) => void,
  deps: HarnessOptions['deps'] = {},
) => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      answer(chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8')), request, response),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return start(
    httpServer('up', `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/mcp`),
    deps,
  );
};

interface Sent {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A request of revision 2026-07-28, and the messages it is answered with. */
const modern = async (
  harness: Harness,
  params: { readonly name?: string; readonly uri?: string; readonly [member: string]: unknown },
  { id = 1, method = 'tools/call', capabilities = {}, meta = {} }: Readonly<Record<string, unknown>> = {},
): Promise<readonly unknown[]> => {
  const body = rpc(Number(id), String(method), {
    ...params,
    _meta: { [`${PREFIX}protocolVersion`]: REVISION, [`${PREFIX}clientCapabilities`]: capabilities, ...Object(meta) },
  });
  const name = params.name ?? params.uri;
  const headers = {
    ...HEADERS,
    'mcp-protocol-version': REVISION,
    'mcp-method': String(method),
    ...(name === undefined ? {} : { 'mcp-name': name }),
  };
  const answer = await raw(`${harness.url}/up/mcp`, { headers, body });
  return answer.body.startsWith('{') ? [JSON.parse(answer.body)] : events(answer.body);
};

const call = (name: string, args: object = {}) => ({ name, arguments: args });
const stateOf = (answers: readonly unknown[]): string => String(Object(Object(answers.at(-1)).result).requestState);
const sent = async (harness: Harness): Promise<readonly unknown[]> =>
  (await harness.entries())
    .filter(({ type, d }) => type === 'message' && d['direction'] === 'to_server')
    .map(({ d }) => d['method']);

describe('a client of the newer era, a server of the older', () => {
  test('what the gateway says of its own accord is on record', async () => {
    const harness = await startProcess(
      legacyProcess("if (m.method === 'tools/call') send({ id: m.id, result: text('hello') });"),
    );
    expect(await modern(harness, call('echo'))).toMatchObject([
      { id: 1, result: { resultType: 'complete', content: [{ text: 'hello' }] } },
    ]);
    expect(await sent(harness)).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
    const [opened] = (await harness.entries()).filter(({ d }) => d['session'] !== undefined);
    expect(opened?.d).toMatchObject({ event: 'opened', revision: REVISION });
  });

  test('a process that ends when it is asked what it does not know is started anew', async () => {
    const harness = await startProcess(
      legacyProcess("if (m.method === 'tools/call') send({ id: m.id, result: text('hello') });", 'process.exit(1)'),
    );
    expect(await modern(harness, call('echo'))).toMatchObject([{ id: 1, result: { content: [{ text: 'hello' }] } }]);
  });

  test('a process that says nothing to it is of the older era', async () => {
    const harness = await startProcess(
      legacyProcess("if (m.method === 'tools/call') send({ id: m.id, result: text('hello') });", 'void 0'),
    );
    expect(await modern(harness, call('echo'))).toMatchObject([{ id: 1, result: { content: [{ text: 'hello' }] } }]);
  }, 10_000);

  test('a server that opens no session is told of in a sentence, and the call has its outcome', async () => {
    const harness = await startHttp(({ id }, _, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: 'closed today' } }));
    });
    expect(await modern(harness, call('echo'))).toMatchObject([
      { error: { message: expect.stringContaining('closed today') } },
    ]);
    const results = (await harness.entries()).filter(({ type }) => type === 'result');
    expect(results.map(({ d }) => d['status'])).toEqual(['upstream_lost']);
  });

  const ASKS = legacyProcess(`
  if (m.method === 'tools/call') { call = m.id; send({ id: 'q7', method: 'elicitation/create', params: { message: 'who?' } }); }
  else if (m.id === 'q7') send({ id: call, result: text(JSON.stringify(m.result ?? m.error)) });
  else if (m.method === 'notifications/cancelled') send({ method: 'notifications/message', params: { level: 'info', data: 'cancelled' } });`);

  test('a question is put to the client, and its answer goes back under the id of the server', async () => {
    const harness = await startProcess(ASKS);
    const can = { capabilities: { elicitation: { form: {} } } };
    const first = await modern(harness, call('ask'), can);
    expect(first).toMatchObject([
      {
        id: 1,
        result: {
          resultType: 'input_required',
          inputRequests: { q0: { method: 'elicitation/create', params: { message: 'who?' } } },
        },
      },
    ]);
    const inputResponses = { q0: { action: 'accept', content: { name: 'Ann' } } };
    const second = await modern(
      harness,
      { ...call('ask'), inputResponses, requestState: stateOf(first) },
      { ...can, id: 2 },
    );
    expect(second).toMatchObject([
      { id: 2, result: { content: [{ text: '{"action":"accept","content":{"name":"Ann"}}' }] } },
    ]);
    expect((await sent(harness)).filter((method) => method === null)).toHaveLength(2);
  });

  test('a question that the client cannot answer is answered for it', async () => {
    const harness = await startProcess(ASKS);
    const answers = await modern(harness, call('ask'));
    expect(JSON.stringify(answers)).toContain('The client cannot answer this');
  });

  test('a call whose client does not come back is withdrawn when the session ends', async () => {
    const harness = await startProcess(ASKS);
    await modern(harness, call('ask'), { capabilities: { elicitation: {} } });
    await harness.gateway.close('over');
    await expect.poll(() => sent(harness)).toContain('notifications/cancelled');
  });

  test('logs come to those who ask for them, from their level on', async () => {
    const harness = await startProcess(
      legacyProcess(`if (m.method !== 'tools/call') return;
        for (const level of ['debug', 'warning']) send({ method: 'notifications/message', params: { level, data: level } });
        send({ id: m.id, result: text('done') });`),
    );
    expect(await modern(harness, call('log'))).toHaveLength(1);
    const asked = await modern(harness, call('log'), { meta: { [`${PREFIX}logLevel`]: 'info' } });
    expect(asked).toMatchObject([{ params: { data: 'warning' } }, { result: {} }]);
    expect(await sent(harness)).toContain('logging/setLevel');
  });

  test('codes that the newer era does not have are those that it has', async () => {
    const harness = await startProcess(
      legacyProcess(
        "if (m.method === 'resources/read') send({ id: m.id, error: { code: -32002, message: 'not there' } });",
      ),
    );
    const answers = await modern(harness, { uri: 'note://a' }, { method: 'resources/read' });
    expect(answers).toMatchObject([{ id: 1, error: { code: -32602, message: 'not there' } }]);
  });

  test('pages that the client is to open first are input that the call requires; then it is made anew', async () => {
    const harness = await startProcess(
      legacyProcess(`if (m.method !== 'tools/call') return;
        const page = { mode: 'url', message: 'log in', url: 'https://x.test/', elicitationId: 'e' };
        if (call) send({ id: m.id, result: text('done') });
        else send({ id: m.id, error: { code: -32042, message: 'log in', data: { elicitations: [page] } } });
        call = m.id;`),
    );
    const can = { capabilities: { elicitation: { url: {} } } };
    const first = await modern(harness, call('log'), can);
    const e0 = { method: 'elicitation/create', params: { mode: 'url', url: 'https://x.test/' } };
    expect(first).toMatchObject([{ id: 1, result: { resultType: 'input_required', inputRequests: { e0 } } }]);
    const leg = { ...call('log'), inputResponses: { e0: { action: 'accept' } }, requestState: stateOf(first) };
    expect(await modern(harness, leg, { ...can, id: 2 })).toMatchObject([
      { id: 2, result: { resultType: 'complete' } },
    ]);
  });

  test('what a server says while no client is there is counted, and stops nobody else', async () => {
    const harness = await startProcess(
      legacyProcess(`
      if (m.method === 'tools/call' && m.params.name === 'ask') {
        send({ id: 'q7', method: 'elicitation/create', params: { message: 'who?' } });
        const { progressToken } = m.params._meta;
        for (let i = 1; i <= 500; i++) send({ method: 'notifications/progress', params: { progressToken, progress: i } });
      } else if (m.method === 'tools/call') send({ id: m.id, result: text('hello') });`),
    );
    const can = { capabilities: { elicitation: { form: {} } } };
    await modern(harness, call('ask'), { ...can, meta: { progressToken: 1 } });
    expect(await modern(harness, call('echo'), can)).toMatchObject([{ result: { content: [{ text: 'hello' }] } }]);
  });

  test('a stream that the server closes and goes on with later is one stream', async () => {
    let id: unknown;
    const harness = await startHttp((message, request, response) => {
      const stream = { 'content-type': 'text/event-stream' };
      if (request.method === 'GET') {
        expect(request.headers['last-event-id']).toBe('e1');
        response
          .writeHead(200, stream)
          .end(`id: e2\ndata: {"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]}}\n\n`);
      } else if (message.method === 'tools/call') {
        id = message.id;
        response.writeHead(200, stream).end('id: e1\nretry: 10\ndata:\n\n');
      } else if (message.method === 'initialize') {
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } };
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
      } else response.writeHead(message.id === undefined ? 202 : 400).end();
    });
    expect(await modern(harness, call('poll'))).toMatchObject([{ id: 1, result: { content: [] } }]);
  });
});

/** Answers `server/discover` and refuses `initialize`; `on` answers the rest. */
const modernServer = (on: (message: Sent, request: IncomingMessage) => object) =>
  startHttp((message, request, response) => {
    const discovered = {
      result: { resultType: 'complete', supportedVersions: [REVISION], capabilities: { tools: {} } },
    };
    const answer =
      message.method === 'server/discover'
        ? discovered
        : message.method === 'initialize'
          ? { error: { code: -32601, message: 'Method not found' } }
          : on(message, request);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
  });

describe('a client of the older era, a server of the newer', () => {
  test('arguments that go into headers are learnt of from the server', async () => {
    const schema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
    const harness = await modernServer(({ method, params }, { headers }) => {
      if (method === 'tools/list')
        return { result: { resultType: 'complete', tools: [{ name: 'run', inputSchema: schema }] } };
      const region = Object(params?.['arguments']).region;
      if (headers['mcp-param-region'] !== region) return { error: { code: -32020, message: 'Header mismatch' } };
      return { result: { resultType: 'complete', content: [{ type: 'text', text: `in ${String(region)}` }] } };
    });
    const headers = await openSession(`${harness.url}/up/mcp`);
    const { body } = await raw(`${harness.url}/up/mcp`, { headers, body: toolCall(1, 'run', { region: 'eu' }) });
    expect(body).toContain('in eu');
  });

  test('every request says what the session knows', async () => {
    const metas: unknown[] = [];
    const harness = await modernServer(({ params, method }) => {
      if (method === 'tools/call') metas.push(params?.['_meta']);
      return { result: { resultType: 'complete', content: [] } };
    });
    const headers = await openSession(`${harness.url}/up/mcp`);
    const url = `${harness.url}/up/mcp`;
    await raw(url, { headers, body: rpc(1, 'logging/setLevel', { level: 'error' }) });
    await raw(url, { headers, body: toolCall(2, 'run') });
    expect(metas).toEqual([
      {
        [`${PREFIX}protocolVersion`]: REVISION,
        [`${PREFIX}clientCapabilities`]: {},
        [`${PREFIX}clientInfo`]: { name: 'raw', version: '1' },
        [`${PREFIX}logLevel`]: 'error',
      },
    ]);
  });

  test('a server that asks without end is stopped', async () => {
    let rounds = 0;
    const harness = await modernServer(() => ({
      result: { resultType: 'input_required', requestState: `s${rounds++}` },
    }));
    const headers = await openSession(`${harness.url}/up/mcp`);
    const { body } = await raw(`${harness.url}/up/mcp`, { headers, body: toolCall(1, 'run') });
    expect(body).toContain('"error"');
    expect(rounds).toBeLessThan(40);
    expect(body).not.toContain('"s1"');
  });

  test('a client that answers with an error ends its call', async () => {
    const ask = { form: { method: 'elicitation/create', params: { message: 'who?' } } };
    const harness = await modernServer(() => ({ result: { resultType: 'input_required', inputRequests: ask } }));
    const url = `${harness.url}/up/mcp`;
    const headers = await openSession(url);
    const answered = raw(url, { headers, body: toolCall(1, 'run') });
    await expect
      .poll(async () => (await harness.entries()).filter(({ d }) => d['method'] === 'elicitation/create').length)
      .toBe(1);
    const question = (await harness.entries()).find(({ d }) => d['method'] === 'elicitation/create');
    const content = Object(question?.payloads['content']).data;
    const { id } = JSON.parse(String(content));
    await raw(url, { headers, body: JSON.stringify({ jsonrpc: '2.0', id, error: { code: -1, message: 'no' } }) });
    expect((await answered).body).toContain('did not answer');
  });
});

describe('a server that went back to an older revision', () => {
  /** Speaks 2026-07-28 until it is set back; then as the official SDK of the older revisions does. */
  const changing = async (legacy: (message: Sent, request: IncomingMessage) => object | undefined) => {
    const { clock, turn } = handClock();
    const state = { older: false, ran: 0, probes: 0, turnedAway: 0 };
    const json = (response: ServerResponse, status: number, body: object, more = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...more });
      response.end(JSON.stringify({ jsonrpc: '2.0', ...body }));
    };
    const complete = { resultType: 'complete', content: [{ type: 'text', text: 'new' }] };
    const harness = await startHttp(
      (message, request, response) => {
        const { id, method } = message;
        if (method === 'server/discover') state.probes++;
        if (!state.older) {
          const discovered = { resultType: 'complete', supportedVersions: [REVISION], capabilities: { tools: {} } };
          json(response, 200, { id, result: method === 'server/discover' ? discovered : complete });
          return;
        }
        const answer = legacy(message, request);
        if (answer) {
          if (method === 'tools/call') state.ran++;
          if ('html' in answer) response.writeHead(502).end(String(answer.html));
          else json(response, 200, 'error' in answer ? { id, ...answer } : { id, result: answer });
        } else if (method === 'initialize') {
          const opened = {
            protocolVersion: '2025-11-25',
            capabilities: { tools: {} },
            serverInfo: { name: 'x', version: '1' },
          };
          json(response, 200, { id, result: opened }, { 'mcp-session-id': 's1' });
        } else if (id === undefined) response.writeHead(202).end();
        else if (request.headers['mcp-session-id'] === 's1' && method === 'tools/call') {
          state.ran++;
          json(response, 200, { id, result: { content: [{ type: 'text', text: 'old' }] } });
        } else {
          state.turnedAway++;
          json(response, 400, { id: null, error: { code: -32_000, message: 'Bad Request: Server not initialized' } });
        }
      },
      { clock },
    );
    return { harness, state, turn };
  };
  const texts = (answers: readonly unknown[]) => JSON.stringify(answers).match(/"text":"\w+"/g);

  test('is noticed at its first answer, and the call that it turned away is made once', async () => {
    const { harness, state, turn } = await changing(() => undefined);
    expect(texts(await modern(harness, { name: 'a' }))).toEqual(['"text":"new"']);
    state.older = true;
    // A server is asked for its era no more often than every few seconds.
    turn(6_000);
    expect(await modern(harness, { name: 'a' }, { id: 2 })).toMatchObject([
      { id: 2, result: { resultType: 'complete', content: [{ text: 'old' }] } },
    ]);
    expect(state).toMatchObject({ ran: 1, probes: 2 });
    expect(texts(await modern(harness, { name: 'a' }, { id: 3 }))).toEqual(['"text":"old"']);
    expect(state).toMatchObject({ ran: 2, probes: 2 });
  });

  test('that answers without a session is noticed by results that do not say their kind', async () => {
    const { harness, state, turn } = await changing(({ method }) =>
      method === 'tools/call' ? { content: [{ type: 'text', text: 'loose' }] } : undefined,
    );
    await modern(harness, { name: 'a' });
    state.older = true;
    turn(6_000);
    expect(texts(await modern(harness, { name: 'a' }, { id: 2 }))).toEqual(['"text":"loose"']);
    // The answer was given; from the next call on the server is spoken to as it is.
    expect(await modern(harness, { name: 'a' }, { id: 3 })).toMatchObject([{ result: { resultType: 'complete' } }]);
    expect(state).toMatchObject({ ran: 2, probes: 2 });
  });

  test.each([
    ['-32000', { error: { code: -32_000, message: 'half done' } }],
    ['-32600', { error: { code: -32_600, message: 'half done' } }],
  ])('an error %s of the call itself is its outcome: it may have run, and is not made again', async (_, failure) => {
    const { harness, state, turn } = await changing(({ method }) => (method === 'tools/call' ? failure : undefined));
    await modern(harness, { name: 'a' });
    state.older = true;
    turn(6_000);
    expect(await modern(harness, { name: 'a' }, { id: 2 })).toMatchObject([{ id: 2, ...failure }]);
    expect(state).toMatchObject({ ran: 1 });
  });

  test('an answer that is no JSON-RPC is no proof that the call did not run: it is not made again', async () => {
    const { harness, state, turn } = await changing(({ method }) =>
      method === 'tools/call' ? { html: '<h1>Bad Gateway</h1>' } : undefined,
    );
    await modern(harness, { name: 'a' });
    state.older = true;
    turn(6_000);
    expect(await modern(harness, { name: 'a' }, { id: 2 })).toMatchObject([{ id: 2, error: { code: -31_004 } }]);
    expect(state).toMatchObject({ ran: 1, probes: 1 });
    await modern(harness, { name: 'a' }, { id: 3 });
    expect(state).toMatchObject({ ran: 2, probes: 2 });
  });

  test('is not looked for behind every error of a server that is up to date', async () => {
    let probes = 0;
    const harness = await startHttp(({ id, method }, _, response) => {
      if (method === 'server/discover') probes++;
      const discovered = { resultType: 'complete', supportedVersions: [REVISION], capabilities: { tools: {} } };
      const body = method === 'server/discover' ? { result: discovered } : { error: { code: -32_601, message: 'no' } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    });
    for (const id of [1, 2, 3, 4]) {
      expect(await modern(harness, { name: 'a' }, { id })).toMatchObject([{ id, error: { code: -32_601 } }]);
    }
    expect(probes).toBe(1);
  });
});
