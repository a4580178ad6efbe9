/** Which era a request is of, held to the official SDK, and the headers that mirror a body. */
import { classifyInboundRequest } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/base/json.js';
import { readMessage } from '../../../src/gateway/protocol/2025-11-25/message.js';
import { REVISION } from '../../../src/gateway/protocol/2026-07-28/envelope.js';
import { eraOf } from '../../../src/gateway/protocol/2026-07-28/era.js';
import {
  encodeHeader,
  headerFault,
  headersFor,
  mirroredHeaders,
} from '../../../src/gateway/protocol/2026-07-28/headers.js';
import { declaredBy, parameterHeaders, parametersAgree } from '../../../src/gateway/protocol/2026-07-28/parameters.js';
import { Refusal } from '../../../src/gateway/refuse.js';

const PREFIX = 'io.modelcontextprotocol/';
const UNKNOWN = '2031-01-01';
const versions = fc.constantFrom(undefined, '2025-11-25', REVISION, UNKNOWN);
const METHODS = ['tools/call', 'tools/list', 'initialize', 'server/discover', 'notifications/progress', null] as const;

/** A message as it may be, and headers that may say something else. */
const requests = fc
  .record({
    method: fc.constantFrom(...METHODS),
    header: versions,
    claim: fc.oneof(versions, fc.constant(7)),
    capabilities: fc.constantFrom(undefined, {}, 'none'),
    clientInfo: fc.constantFrom(undefined, { name: 'a', version: '1' }, { name: 'a' }),
    methodHeader: fc.constantFrom(undefined, 'right', 'wrong'),
    nameHeader: fc.constantFrom(undefined, 'echo', 'other'),
  })
  .map(({ method, header, claim, capabilities, clientInfo, methodHeader, nameHeader }) => {
    const meta = {
      [`${PREFIX}protocolVersion`]: claim,
      [`${PREFIX}clientCapabilities`]: capabilities,
      [`${PREFIX}clientInfo`]: clientInfo,
    };
    const isNotification = method?.startsWith('notifications/') ?? false;
    const body = {
      jsonrpc: '2.0',
      ...(isNotification ? {} : { id: 1 }),
      ...(method === null ? { result: {} } : { method, params: { name: 'echo', arguments: {}, _meta: meta } }),
    };
    const headers = {
      ...(header === undefined ? {} : { 'mcp-protocol-version': header }),
      ...(methodHeader === undefined ? {} : { 'mcp-method': methodHeader === 'right' ? (method ?? '') : 'a/b' }),
      ...(nameHeader === undefined ? {} : { 'mcp-name': nameHeader }),
    };
    return { body: JSON.stringify(body), headers: mirroredHeaders(headers), header, claim, nameHeader, methodHeader };
  });
type Request = typeof requests extends fc.Arbitrary<infer T> ? T : never;

const ours = ({ body, headers }: Request): string | number => {
  try {
    return eraOf(readMessage(Buffer.from(body)), headers).era;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error.http).toBe(400);
    return error.code;
  }
};

/** What the official SDK would serve, and how. */
const theirs = ({ body, headers }: Request) => {
  const outcome = classifyInboundRequest({
    httpMethod: 'POST',
    ...(headers['mcp-protocol-version'] === undefined
      ? {}
      : { protocolVersionHeader: headers['mcp-protocol-version'] }),
    ...(headers['mcp-method'] === undefined ? {} : { mcpMethodHeader: headers['mcp-method'] }),
    ...(headers['mcp-name'] === undefined ? {} : { mcpNameHeader: headers['mcp-name'] }),
    body: JSON.parse(body),
  });
  if (outcome.kind === 'reject') return outcome.code;
  // It leaves revisions that it does not know, and what is missing, to whoever serves.
  if (outcome.kind === 'modern' && outcome.classification.revision !== REVISION) return -32_022;
  return outcome.kind;
};

test('the era of a request is the one that the official SDK finds', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const [own, sdk] = [ours(request), theirs(request)];
      if (own === sdk) return;
      // A header that names a revision nobody knows is refused as just that.
      if (request.header === UNKNOWN) expect(own).toBe(-32_022);
      // The SDK takes a client's answer for one of a session; under this header there is none.
      else if (request.body.includes('"result"')) expect({ own, sdk }).toEqual({ own: -32_600, sdk: 'legacy' });
      // The SDK looks for headers that must be there, and at the name, only when it serves.
      else {
        expect({ own, sdk }).toEqual({ own: -32_020, sdk: 'modern' });
        expect(request.header === undefined || request.methodHeader !== 'right' || request.nameHeader !== 'echo').toBe(
          true,
        );
      }
    }),
    { numRuns: 3_000 },
  );
});

const call = (args: unknown, name = 'echo') =>
  readMessage(
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } })),
  );

describe('headers', () => {
  test('that are made of a message agree with it, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const message = call({}, name);
        expect(headerFault(message, headersFor(message))).toBeUndefined();
        expect(headersFor(message)['mcp-name']).toMatch(/^[\t -~]*$/);
      }),
    );
  });

  test.each([
    ['no version', { 'mcp-protocol-version': undefined }, 'MCP-Protocol-Version'],
    ['no method', { 'mcp-method': undefined }, 'Mcp-Method'],
    ['another method', { 'mcp-method': 'tools/list' }, 'Mcp-Method'],
    ['no name', { 'mcp-name': undefined }, 'Mcp-Name'],
    ['another name', { 'mcp-name': 'wipe' }, 'Mcp-Name'],
    ['a name in another case', { 'mcp-name': 'Echo' }, 'Mcp-Name'],
    ['two names', { 'mcp-name': 'echo, wipe' }, 'Mcp-Name'],
    ['a name that is no Base64', { 'mcp-name': '=?base64?ZWNobw?=' }, 'Mcp-Name'],
    ['a name of bytes that are no text', { 'mcp-name': '=?base64?/w==?=' }, 'Mcp-Name'],
    ['an argument that is none', { 'mcp-param-region': 'us' }, 'Mcp-Param'],
  ])('%s', (_, changed, fault) => {
    const message = call({ region: 'eu', count: 42, deep: { flag: true } });
    const all: Record<string, string | undefined> = { ...headersFor(message), 'mcp-param-region': 'eu', ...changed };
    const headers = Object.fromEntries(Object.entries(all).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
    expect(headerFault(message, headers)).toBe(fault);
  });

  test('an encoded name is the name', () => {
    const message = call({});
    expect(headerFault(message, { ...headersFor(message), 'mcp-name': '=?base64?ZWNobw==?=' })).toBeUndefined();
    expect(encodeHeader(' a')).toBe('=?base64?IGE=?=');
    expect(encodeHeader('=?base64?x?=')).toMatch(/^=\?base64\?/);
  });
});

describe('arguments in headers', () => {
  const tool = parseJson(
    Buffer.from(
      JSON.stringify({
        name: 'echo',
        inputSchema: {
          properties: {
            region: { type: 'string', 'x-mcp-header': 'Region' },
            count: { type: 'integer', 'x-mcp-header': 'Count' },
            deep: { properties: { flag: { type: 'boolean', 'x-mcp-header': 'Flag' } } },
            list: { items: { properties: { no: { type: 'string', 'x-mcp-header': 'No' } } } },
            bad: { type: 'string', 'x-mcp-header': 'no header' },
          },
        },
      }),
    ),
  );
  const declared = declaredBy(tool);

  test('are those that the tool declares where a chain of properties leads to them', () => {
    expect(declared.map(({ header }) => header)).toEqual(['mcp-param-region', 'mcp-param-count', 'mcp-param-flag']);
  });

  test('made of the arguments, they agree; a missing or another one does not', () => {
    const message = call({ region: 'Zürich', count: 42, deep: { flag: true } });
    const headers = parameterHeaders(declared, message);
    expect(headers).toEqual({
      'mcp-param-region': '=?base64?WsO8cmljaA==?=',
      'mcp-param-count': '42',
      'mcp-param-flag': 'true',
    });
    expect(parametersAgree(declared, message, headers)).toBe(true);
    expect(parametersAgree(declared, message, { ...headers, 'mcp-param-count': '42.0' })).toBe(true);
    for (const [name, value] of [
      ['count', '43'],
      ['count', '0x2a'],
      ['flag', 'false'],
      ['region', 'Zurich'],
    ] as const)
      expect(parametersAgree(declared, message, { ...headers, [`mcp-param-${name}`]: value })).toBe(false);
    expect(parametersAgree(declared, message, {})).toBe(false);
    expect(parametersAgree(declared, call({ region: null }), {})).toBe(true);
  });
});
