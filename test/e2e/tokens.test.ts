/** Tokens that are none: the running proxy answers 401, records why, and forwards nothing. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { HEADERS, initialize, raw } from '../gateway/raw.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const reached = new Set<string>();
const KEY_ID = 'test-key';
const pair = await generateKeyPair('RS256', { extractable: true });
const other = await generateKeyPair('RS256', { extractable: true });

let world: ProxyWorld;
let child: ChildProcess;
let stopEcho: () => void;

beforeAll(async () => {
  const echo = await startEcho(reached, 0);
  stopEcho = () => void echo.server.close();
  world = await prepareProxy(echo.url, {
    ...(await exportJWK(pair.privateKey)),
    alg: 'RS256',
    use: 'sig',
    kid: KEY_ID,
  });
  child = await world.start();
});
afterAll(async () => {
  child.kill('SIGKILL');
  stopEcho();
  await world.idp.close();
});

const now = (): number => Math.floor(Date.now() / 1000);
const audience = (): string => new URL(world.url).origin;

const claims = (over: JWTPayload = {}): JWTPayload => ({
  iss: world.idp.issuer,
  sub: 'jane',
  aud: audience(),
  client_id: 'countersign-cli',
  groups: ['engineering'],
  iat: now() - 10,
  exp: now() + 300,
  ...over,
});

const sign = (payload: JWTPayload, key: typeof pair.privateKey = pair.privateKey, kid = KEY_ID): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, typ: 'at+jwt' }).sign(key);

const withoutExpiry = (): JWTPayload => {
  const { exp: _, ...rest } = claims();
  return rest;
};

const withSecret = (payload: JWTPayload): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: KEY_ID, typ: 'at+jwt' }).sign(Buffer.alloc(32, 1));

const bad: readonly (readonly [string, string, () => Promise<string> | string])[] = [
  ['expired', 'expired', () => sign(claims({ iat: now() - 900, exp: now() - 300 }))],
  ['not yet valid', 'not_yet_valid', () => sign(claims({ nbf: now() + 300 }))],
  ['for another audience', 'wrong_audience', () => sign(claims({ aud: 'https://elsewhere.example' }))],
  ['for approvals', 'wrong_audience', () => sign(claims({ aud: `${audience()}/approvals`, auth_time: now() }))],
  [
    'for calls and approvals at once',
    'wrong_audience',
    () => sign(claims({ aud: [audience(), `${audience()}/approvals`] })),
  ],
  ['of another issuer', 'unknown_issuer', () => sign(claims({ iss: 'https://evil.example' }))],
  ['alg none', 'algorithm', () => new UnsecuredJWT(claims()).encode()],
  ['signed with a shared secret', 'algorithm', () => withSecret(claims())],
  ['of an unknown key', 'unknown_key', () => sign(claims(), other.privateKey, 'other-key')],
  ['signed by another key under a known id', 'bad_signature', () => sign(claims(), other.privateKey)],
  ['without an expiry', 'missing_claim', () => sign(withoutExpiry())],
];

test.each(bad)('a token %s is refused as %s', async (_name, reason, make) => {
  const token = await make();
  const response = await raw(world.url, {
    headers: { ...HEADERS, authorization: `Bearer ${token}` },
    body: initialize,
  });
  expect(response.status).toBe(401);
  expect(response.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token".*resource_metadata="http/);
  expect(`${response.body}${JSON.stringify(response.headers)}`).not.toContain(token);
  const records = [];
  for await (const { type, d } of readLedger(world.ledger)) if (type === 'auth') records.push(d);
  expect(records.at(-1)).toMatchObject({ reason, use: 'mcp', server: 'echo', count: 1 });
  expect(JSON.stringify(records)).not.toContain(token.split('.')[2] || token);
  expect(reached.size).toBe(0);
});

test('a good one is served; no token at all is told where to get one', async () => {
  const good = await sign(claims());
  const served = await raw(world.url, { headers: { ...HEADERS, authorization: `Bearer ${good}` }, body: initialize });
  expect(served.status).toBe(200);
  const { authorization: _, ...without } = HEADERS;
  const refused = await raw(world.url, { headers: without, body: initialize });
  expect(refused.status).toBe(401);
  expect(refused.headers['www-authenticate']).not.toContain('error=');
});

test('SIGTERM ends it in order: sessions and the ledger are closed on record', async () => {
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  const types = [];
  for await (const { type } of readLedger(world.ledger)) types.push(type);
  expect(types.at(-1)).toBe('stop');
  expect(types).toEqual(
    expect.arrayContaining(['seg', 'start', 'config', 'auth', 'session', 'call', 'result', 'stop']),
  );
});
