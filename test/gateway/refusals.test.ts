/** Bad input: refused with the protocol's own answer, recorded, nothing forwarded. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness, stdioServer } from './harness.js';
import { HEADERS, initialize, openSession, raw, rpc, toolCall } from './raw.js';

const log = join(mkdtempSync(join(tmpdir(), 'countersign-fixture-')), 'calls.log');
writeFileSync(log, '');
const script = join(import.meta.dirname, 'fixture-server.mjs');

let harness: Harness;
let session: Record<string, string>;
let url: string;

beforeAll(async () => {
  const fixture = stdioServer('fixture', script, [], { FIXTURE_LOG: log });
  harness = await startHarness({ servers: [fixture, stdioServer('other', script)] });
  url = `${harness.url}/fixture/mcp`;
  session = await openSession(url);
});
afterAll(() => harness.close());

const call = toolCall(1, 'echo', { text: 'x' });
const deep = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":${'['.repeat(100)}${']'.repeat(100)}}}}`;
const over = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text: 'x'.repeat(2 << 20) } },
});

interface Case {
  readonly name: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Headers to leave out. */
  readonly without?: readonly string[];
  readonly body?: string | Buffer;
  readonly status: number;
  readonly code?: number;
  /** Reason on record. */
  readonly reason: string;
  readonly type?: 'refuse' | 'auth';
}

/** The call with this in its `_meta`, as revision 2026-07-28 has it. */
const claiming = (envelope: Readonly<Record<string, unknown>>): string =>
  rpc(1, 'tools/call', {
    name: 'echo',
    arguments: {},
    _meta: Object.fromEntries(
      Object.entries(envelope).map(([name, value]) => [`io.modelcontextprotocol/${name}`, value]),
    ),
  });

const cases: readonly Case[] = [
  { name: 'malformed JSON', body: '{"jsonrpc":"2.0",', status: 400, code: -32700, reason: 'malformed_json' },
  { name: 'empty body', body: '', status: 400, code: -32700, reason: 'malformed_json' },
  { name: 'a batch', body: `[${call}]`, status: 400, code: -32600, reason: 'batch' },
  {
    name: 'duplicate method',
    body: call.replace('{', '{"method":"ping",'),
    status: 400,
    code: -32700,
    reason: 'malformed_json',
  },
  {
    name: 'duplicate tool name',
    body: call.replace('"name"', '"name":"wipe","name"'),
    status: 400,
    code: -32700,
    reason: 'malformed_json',
  },
  {
    name: 'duplicate argument',
    body: toolCall(1, 'echo').replace('{}', '{"a":1,"\\u0061":2}'),
    status: 400,
    code: -32700,
    reason: 'malformed_json',
  },
  {
    name: 'invalid UTF-8',
    body: Buffer.from([...Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'), 0xc3, 0x28, ...Buffer.from('"}')]),
    status: 400,
    code: -32700,
    reason: 'malformed_json',
  },
  { name: 'a byte order mark', body: `\u{feff}${call}`, status: 400, code: -32700, reason: 'malformed_json' },
  {
    name: 'a lone surrogate',
    body: call.replace('"x"', '"\\ud800"'),
    status: 400,
    code: -32700,
    reason: 'malformed_json',
  },
  { name: 'over-deep nesting', body: deep, status: 400, code: -32700, reason: 'malformed_json' },
  { name: 'no jsonrpc member', body: '{"id":1,"method":"ping"}', status: 400, code: -32600, reason: 'not_jsonrpc' },
  {
    name: 'method that is no string',
    body: '{"jsonrpc":"2.0","id":1,"method":7}',
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  {
    name: 'Method in another case',
    body: call.replace('"method"', '"Method"'),
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  {
    name: 'a further member',
    body: call.replace('{', '{"extra":1,'),
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  {
    name: 'params as a list',
    body: '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  {
    name: 'an id that is an object',
    body: '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  {
    name: 'an id no double holds',
    body: '{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping"}',
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  {
    name: 'result and error at once',
    body: '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  { name: 'a body over the limit', body: over, status: 413, reason: 'too_large' },
  { name: 'text/plain', headers: { 'content-type': 'text/plain' }, body: call, status: 415, reason: 'content_type' },
  {
    name: 'a form',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: call,
    status: 415,
    reason: 'content_type',
  },
  { name: 'an encoded body', headers: { 'content-encoding': 'gzip' }, body: call, status: 415, reason: 'content_type' },
  {
    name: 'UTF-16',
    headers: { 'content-type': 'application/json; charset=utf-16' },
    body: call,
    status: 415,
    reason: 'content_type',
  },
  {
    name: 'JSON alone accepted',
    headers: { accept: 'application/json' },
    body: call,
    status: 406,
    reason: 'not_acceptable',
  },
  { name: 'another Host', headers: { host: 'evil.example' }, body: call, status: 403, reason: 'bad_host' },
  { name: 'another port in Host', headers: { host: '127.0.0.1:1' }, body: call, status: 403, reason: 'bad_host' },
  {
    name: 'another Origin',
    headers: { origin: 'https://evil.example' },
    body: call,
    status: 403,
    reason: 'bad_origin',
  },
  { name: 'Origin null', headers: { origin: 'null' }, body: call, status: 403, reason: 'bad_origin' },
  { name: 'no server at the path', path: '/nothing/mcp', body: call, status: 404, reason: 'not_found' },
  {
    name: 'the path of a server with more after it',
    path: '/fixture/mcp/x',
    body: call,
    status: 404,
    reason: 'not_found',
  },
  { name: 'PUT', method: 'PUT', body: call, status: 405, reason: 'method_not_allowed' },
  {
    name: 'a client of the HTTP+SSE transport of 2024-11-05',
    method: 'GET',
    headers: { accept: 'text/event-stream' },
    without: ['mcp-session-id'],
    status: 405,
    code: -32000,
    reason: 'sse_transport',
  },
  {
    name: 'an unknown revision',
    headers: { 'mcp-protocol-version': '2031-01-01' },
    body: call,
    status: 400,
    code: -32022,
    reason: 'protocol_version',
  },
  {
    name: 'a body that names another revision than its header',
    body: claiming({ protocolVersion: '2026-07-28', clientCapabilities: {} }),
    status: 400,
    code: -32020,
    reason: 'header_mismatch',
  },
  {
    name: 'a body that names a revision, and not what else it asks for',
    body: claiming({ protocolVersion: '2026-07-28' }),
    status: 400,
    code: -32602,
    reason: 'envelope',
  },
  {
    name: 'a body that names a revision nobody knows',
    headers: { 'mcp-protocol-version': '2031-01-01' },
    body: claiming({ protocolVersion: '2031-01-01', clientCapabilities: {} }),
    status: 400,
    code: -32022,
    reason: 'protocol_version',
  },
  {
    name: 'an answer of a client that names the revision without sessions',
    headers: { 'mcp-protocol-version': '2026-07-28' },
    body: '{"jsonrpc":"2.0","id":1,"result":{}}',
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  ...['Name', 'NAME', 'Arguments', 'argument\u017f', 'Uri', 'Ref', '_Meta', 'RequestState', 'inputresponses'].map(
    (member) => ({
      name: `${member} beside what is read`,
      body: rpc(1, 'tools/call', { name: 'echo', arguments: {}, [member]: 'wipe' }),
      status: 400,
      code: -32600,
      reason: 'not_jsonrpc',
    }),
  ),
  {
    name: 'Name in the reference of a completion',
    body: rpc(1, 'completion/complete', { ref: { type: 'ref/prompt', name: 'a', Name: 'b' } }),
    status: 400,
    code: -32600,
    reason: 'not_jsonrpc',
  },
  { name: 'no session', without: ['mcp-session-id'], body: call, status: 400, reason: 'session_required' },
  {
    name: 'an unknown session',
    headers: { 'mcp-session-id': '01ARZ3NDEKTSV4RRFFQ69G5FAV' },
    body: call,
    status: 404,
    reason: 'session_unknown',
  },
  {
    name: "another person's session",
    headers: { authorization: 'Bearer mallory' },
    body: call,
    status: 404,
    reason: 'session_unknown',
  },
  { name: "another server's session", path: '/other/mcp', body: call, status: 404, reason: 'session_unknown' },
  { name: 'a second initialize', body: initialize, status: 400, reason: 'session_initialized' },
  { name: 'no token', without: ['authorization'], body: call, status: 401, reason: 'no_token', type: 'auth' },
  {
    name: 'not a token',
    headers: { authorization: 'Bearer !!!' },
    body: call,
    status: 401,
    reason: 'malformed',
    type: 'auth',
  },
];

describe('bad input', () => {
  test.each(cases)(
    '$name',
    async ({ path, method, headers = {}, without = [], body = '', status, code, reason, type = 'refuse' }) => {
      const before = (await harness.entries()).length;
      const sent = Object.fromEntries(
        Object.entries({ ...session, ...headers }).filter(([name]) => !without.includes(name)),
      );
      const response = await raw(path === undefined ? url : `${harness.url}${path}`, {
        ...(method === undefined ? {} : { method }),
        headers: sent,
        body,
      });
      expect(response.status).toBe(status);
      const error = JSON.parse(response.body);
      expect(error).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
      if (code !== undefined) expect(error.error.code).toBe(code);
      const added = (await harness.entries()).slice(before);
      // Beyond 20 a minute from one address they are counted, not written singly: see strangers.test.ts.
      const single = added.filter((entry) => entry.type === type);
      for (const entry of single) expect(entry.d['reason']).toBe(reason);
      expect(added.filter((entry) => entry.type === 'call' || entry.type === 'message')).toEqual([]);
      expect(readFileSync(log, 'utf8')).toBe('');
    },
  );

  test('each is on record: singly up to 20, then counted by reason', async () => {
    await harness.gateway.close('flush');
    const noted = (await harness.entries()).filter(({ type }) => type === 'refuse' || type === 'auth');
    const total = noted.reduce((sum, { d }) => sum + Number(d['count']), 0);
    expect(total).toBe(cases.length);
    const reasons = new Set(noted.map(({ d }) => d['reason']));
    for (const { reason } of cases) expect(reasons).toContain(reason);
    expect(JSON.stringify(noted)).not.toContain('!!!');
  });
});

describe('401', () => {
  test('says where the metadata is, and the metadata is served', async () => {
    const { authorization: _, ...without } = HEADERS;
    const response = await raw(url, { headers: without, body: initialize });
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toContain('resource_metadata=');
    const metadata = await raw(`${harness.url}/.well-known/oauth-protected-resource/fixture/mcp`, { method: 'GET' });
    expect(metadata.status).toBe(200);
    expect(metadata.headers['access-control-allow-origin']).toBe('*');
  });
});

describe('what is no HTTP request', () => {
  const send = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
      });
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });

  test.each([
    ['garbage', 'nonsense\r\n\r\n', '400', 'malformed_http'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
      'malformed_http',
    ],
    ['an endless head', `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, '431', 'head_too_large'],
  ])('%s is refused and recorded', async (_name, bytes, status, reason) => {
    const fresh = await startHarness({ servers: [] });
    url = `${fresh.url}/none/mcp`;
    expect(await send(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const refused = (await fresh.entries()).filter(({ type }) => type === 'refuse');
    expect(refused.map(({ d }) => d['reason'])).toEqual([reason]);
    await fresh.close();
  });
});
