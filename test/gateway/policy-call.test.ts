import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { policyCall } from '../../src/gateway/policy-call.js';

const SERVER = {
  id: 'files',
  upstream: { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: {} },
  aws: null,
  data: null,
  masking: 'default',
} as const;

const callOf = (params: string) => {
  const bytes = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
  const message = { kind: 'request', method: 'tools/call', id: '1', bytes, node: parseJson(bytes) } as const;
  const client = { address: '127.0.0.1', userAgent: null };
  return policyCall({ message, server: SERVER, client }, { at: 0, tool: null });
};

describe('policyCall', () => {
  it('names server, method and target, and reads the arguments', () => {
    const call = callOf('{"name":"read","arguments":{"path":"/a","list":[{"x":1}]}}');
    expect(call).toMatchObject({ server: 'files', method: 'tools/call', target: 'read' });
    expect(JSON.stringify(call.args())).toBe('{"path":"/a","list":[{"x":1}]}');
    expect(callOf('{"name":"read"}').args()).toEqual({});
  });

  it.each([
    ['two names that differ in case alone', '{"path":"/a","Path":"/b"}'],
    ['such names further down', '{"a":[{"path":"/a","PATH":"/b"}]}'],
    ['a compatibility form of a name', '{"file":"/a","\uFB01le":"/b"}'],
    ['a name with a long s', '{"test":"/a","te\u017Ft":"/b"}'],
    ['a number that no double holds', '{"n":12345678901234567890}'],
  ])('does not read arguments with %s', (_, args) => {
    expect(() => callOf(`{"name":"read","arguments":${args}}`).args()).toThrow();
  });
});
