/** Calls to a server that wants tokens of its own: what it sees, what is on record, and what becomes of failures. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { createKeyedDigester } from '../../src/base/digest.js';
import { member, parseJson, stringOf, toValue } from '../../src/base/json.js';
import { createTokens } from '../../src/upstream/oauth-tokens.js';
import { createUpstreams } from '../../src/upstream/open.js';
import { authenticatorOf, issuerSettings, MCP } from '../identity/support.js';
import {
  type AuthorizationServer,
  GATEWAY,
  RESOURCE,
  startAuthorizationServer,
} from '../upstream/authorization-server.js';
import { type Harness, httpServer, startHarness } from './harness.js';

let provider: AuthorizationServer;
let harness: Harness;
/** Who the server was asked for, by token. */
const seen: unknown[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
    provider.read(token).then(
      (claims) => {
        seen.push(claims);
        const asked = parseJson(chunks.length === 0 ? Buffer.from('{}') : Buffer.concat(chunks));
        const id = member(asked, 'id');
        const method = stringOf(member(asked, 'method'));
        if (!id) return response.writeHead(202).end();
        const opened = {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 's', version: '1' },
        };
        const result = method === 'initialize' ? opened : { content: [{ type: 'text', text: 'paid' }] };
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify({ jsonrpc: '2.0', id: toValue(id), result }));
      },
      () => response.writeHead(401).end(),
    );
  });
});

beforeAll(async () => {
  provider = await startAuthorizationServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/mcp`;
  const digest = createKeyedDigester(Buffer.alloc(32, 7));
  const clock = systemClock();
  const settings = {
    at: { kind: 'issuer', issuer: provider.issuer },
    clientId: GATEWAY.id,
    clientSecret: { env: 'SECRET' },
    clientAuth: 'basic',
    scopes: [],
    resource: RESOURCE,
    audience: null,
  } as const;
  const secret = { get: async () => GATEWAY.secret, stale: () => undefined };
  const tokens = new Map(
    (['token_exchange', 'client_credentials'] as const).map((grant) => [
      grant === 'token_exchange' ? 'exchanged' : 'own',
      createTokens('the server', { ...settings, grant }, { clock, digest, secret }),
    ]),
  );
  harness = await startHarness({
    servers: [httpServer('exchanged', url), httpServer('own', url)],
    deps: {
      authenticator: authenticatorOf([issuerSettings(provider.issuer)], { digest }),
      upstreams: createUpstreams({
        clock,
        maxResponseBytes: 1 << 20,
        secrets: new Map(),
        tokens,
        environment: {},
        gatewayKeys: null,
        onStderr: () => undefined,
      }),
    },
  });
});
afterAll(async () => {
  await harness.close();
  server.close();
  server.closeAllConnections();
  await provider.close();
});

test('the server is asked for the caller, by an exchanged token that is on record by name alone', async () => {
  const token = await provider.subjectToken('jane', MCP);
  const client = await harness.connect('exchanged', token);
  await client.callTool({ name: 'pay', arguments: {} });
  expect(seen).not.toHaveLength(0);
  for (const claims of seen) expect(claims).toMatchObject({ sub: 'jane', act: { sub: GATEWAY.id } });
  expect(provider.asked).toHaveLength(1);
  const entries = await harness.entries();
  const call = entries.find(({ type, d }) => type === 'call' && d['target'] === 'pay');
  expect(call?.d['credential']).toMatchObject({
    kind: 'oauth',
    grant: 'token_exchange',
    issuer: provider.issuer,
    client_id: GATEWAY.id,
    token: expect.stringMatching(/^hs256:/),
  });
  expect(JSON.stringify(entries)).not.toContain(token);
  expect(JSON.stringify(entries)).not.toContain(GATEWAY.secret);
  await client.close();
});

test('a caller with a newer token is asked for by a newer one', async () => {
  const [first, second] = [await provider.subjectToken('ben', MCP), await provider.subjectToken('ben', MCP)];
  const before = provider.asked.length;
  const client = await harness.connect('exchanged', first);
  expect(provider.asked).toHaveLength(before + 1);
  const other = await harness.connect('exchanged', second);
  expect(provider.asked).toHaveLength(before + 2);
  await client.close();
  await other.close();
});

test('where no token is given, the call ends with a sentence that is on record, and nothing was sent', async () => {
  const client = await harness.connect('own', await provider.subjectToken('jane', MCP));
  await client.callTool({ name: 'pay', arguments: {} });
  await client.close();
  provider.failure = 'invalid_scope';
  const before = seen.length;
  const token = await provider.subjectToken('cyd', MCP);
  const problem: unknown = await harness.connect('exchanged', token).catch((error: unknown) => error);
  expect(String(problem)).toContain('got no token for the server: its token endpoint answered invalid_scope');
  expect(seen).toHaveLength(before);
  const entries = await harness.entries();
  const outcome = entries.findLast(({ type }) => type === 'result');
  expect(outcome?.d).toMatchObject({ status: 'upstream_lost' });
  expect(JSON.stringify(outcome)).toContain('invalid_scope');
  provider.failure = null;
});
