/** Groups that a token leaves out: read from a double of Microsoft Graph, or the token is refused. */
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openGroupSources } from '../../src/app/group-sources.js';
import { createKeyedDigester } from '../../src/base/digest.js';
import type { BearerAuthenticator } from '../../src/identity/authenticator.js';
import { unauthorizedChallenge } from '../../src/identity/challenge.js';
import { authenticatorOf, handClock, issuerSettings, newKey, sign } from './support.js';

const OID = '11111111-2222-3333-4444-555555555555';
const SECRET = 'graph-client-secret-0123456789';
const key = newKey();
/** getMemberGroups of Microsoft Graph v1.0, the token endpoint of a tenant, and keys of an issuer. */
const graph = { groups: ['g1'] as unknown, status: 200, hangs: false, asked: [] as string[], tokens: 0, life: 3_600 };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    const json = (status: number, value: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const { url = '' } = request;
    if (url === '/.well-known/openid-configuration') return json(200, { issuer: origin, jwks_uri: `${origin}/keys` });
    if (url === '/keys') return json(200, { keys: [publicKey] });
    if (url === '/token') {
      const asked = new URLSearchParams(body);
      const good = asked.get('client_secret') === SECRET && asked.get('scope') === `${origin}/.default`;
      if (!good) return json(401, { error: 'invalid_client' });
      return json(200, { access_token: `graph-${++graph.tokens}`, token_type: 'Bearer', expires_in: graph.life });
    }
    graph.asked.push(`${request.headers.authorization ?? ''} ${url} ${body}`);
    if (graph.hangs) return undefined;
    return json(graph.status, { value: graph.groups });
  });
});
let origin = '';
let publicKey: object = {};
let auth: BearerAuthenticator;
let hand: ReturnType<typeof handClock>;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  origin = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const { kty, n, e, kid, alg } = key;
  publicKey = { kty, n, e, kid, alg, use: 'sig' };
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(async () => {
  Object.assign(graph, { groups: ['g1', 'g2'], status: 200, hangs: false, asked: [], tokens: 0 });
  hand = handClock();
  const settings = issuerSettings(origin, {
    preset: 'entra',
    groupOverage: {
      clientId: 'reader',
      clientSecret: { env: 'GRAPH' },
      tokenUrl: `${origin}/token`,
      graph: origin,
      securityEnabledOnly: true,
    },
  });
  const digest = createKeyedDigester(Buffer.alloc(32, 7));
  const groups = await openGroupSources([settings], { clock: hand.clock, environment: { GRAPH: SECRET }, digest });
  auth = authenticatorOf([settings], { clock: hand.clock, groups });
  expect(await auth.ready()).toEqual([]);
});
afterEach(() => auth.close());

const left = {
  groups: undefined,
  _claim_names: { groups: 's' },
  _claim_sources: { s: { endpoint: 'http://127.0.0.1:9/x' } },
};
const ask = async (claims: Readonly<Record<string, unknown>> = {}) => {
  const token = await sign(key, origin, { ...left, oid: OID, scp: 'x', jti: String(Math.random()), ...claims });
  return auth.authenticate(`Bearer ${token}`, 'mcp');
};

test('the groups are those of Graph, asked once for an account and kept for five minutes', async () => {
  const answers = await Promise.all([ask(), ask({ _claim_names: undefined, hasgroups: true })]);
  for (const answer of answers) expect(answer).toMatchObject({ ok: true, principal: { groups: ['g1', 'g2'] } });
  expect(graph.asked).toEqual([
    `Bearer graph-1 /v1.0/directoryObjects/${OID}/getMemberGroups {"securityEnabledOnly":true}`,
  ]);
  graph.groups = ['g3'];
  hand.turn(4 * 60_000);
  expect(await ask()).toMatchObject({ ok: true, principal: { groups: ['g1', 'g2'] } });
  hand.turn(2 * 60_000);
  expect(await ask()).toMatchObject({ ok: true, principal: { groups: ['g3'] } });
});

test('a token with its groups asks nobody', async () => {
  expect(await ask({ _claim_names: undefined, groups: ['own'] })).toMatchObject({ principal: { groups: ['own'] } });
  expect(graph.asked).toEqual([]);
});

test.each([
  ['Graph fails', { status: 503 }],
  ['Graph refuses', { status: 403 }],
  ['the answer is no list', { groups: 'all' }],
  ['there are too many', { groups: Array.from({ length: 1_001 }, (_, at) => `g${at}`) }],
])('where %s nobody gets in without groups', async (_, change) => {
  Object.assign(graph, change);
  expect(await ask()).toMatchObject({ ok: false, reason: 'groups_unavailable' });
  Object.assign(graph, { status: 200, groups: ['g1'] });
  // Graph has a pause after a failure; then the next call gets in.
  expect(await ask()).toMatchObject({ ok: false, reason: 'groups_unavailable' });
  expect(graph.asked).toHaveLength(1);
  hand.turn(6_000);
  expect(await ask()).toMatchObject({ ok: true, principal: { groups: ['g1'] } });
});

test('a token that Graph refuses is fetched anew', async () => {
  graph.status = 401;
  await ask();
  graph.status = 200;
  hand.turn(6_000);
  expect(await ask()).toMatchObject({ ok: true });
  expect(graph.tokens).toBe(2);
});

test('an account without an object id, or with one of another form, is refused unasked', async () => {
  for (const oid of [undefined, '../users/x', 'a'.repeat(36)]) {
    expect(await ask({ oid })).toMatchObject({ ok: false, reason: 'groups_unavailable' });
  }
  expect(graph.asked).toEqual([]);
});

test('a Graph that hangs holds nobody for longer than its time', async () => {
  graph.hangs = true;
  expect(await ask()).toMatchObject({ ok: false, reason: 'groups_unavailable' });
}, 10_000);

test('the client is told in a sentence', () => {
  const challenge = unauthorizedChallenge({ metadataUrl: 'https://mcp.example.com/x', reason: 'groups_unavailable' });
  expect(challenge).toContain('the token leaves out groups for their number, and they cannot be read at present');
});
