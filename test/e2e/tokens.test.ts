/** Tokens that are none: the running proxy answers 401, records why, and forwards nothing. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
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

/** Signed by a stranger's key, with a header that offers a way to that key. */
const offering = async (header: Readonly<Record<string, unknown>>, kid = KEY_ID): Promise<string> =>
  new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid, typ: 'at+jwt', ...header }).sign(other.privateKey);

const embedded = async (kid: string): Promise<string> => offering({ jwk: await exportJWK(other.publicKey) }, kid);

const typed = (typ: string): Promise<string> =>
  new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: KEY_ID, typ }).sign(pair.privateKey);

/** HS256 with the published key as the secret: the confusion of algorithms. */
const confused = async (): Promise<string> =>
  new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', kid: KEY_ID, typ: 'at+jwt' })
    .sign(Buffer.from(await exportSPKI(pair.publicKey)));

/** The header replaced after signing. */
const headed = async (header: object): Promise<string> => {
  const [, payload = '', signature = ''] = (await sign(claims())).split('.');
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), payload, signature].join('.');
};

const withGroups = async (): Promise<string> => {
  const [header = '', , signature = ''] = (await sign(claims())).split('.');
  const forged = Buffer.from(JSON.stringify(claims({ groups: ['admins'] }))).toString('base64url');
  return [header, forged, signature].join('.');
};

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
  ['with the published key as the secret', 'algorithm', confused],
  ['alg NONE, unsigned', 'algorithm', async () => (await headed({ alg: 'NONE' })).replace(/[^.]*$/, '')],
  ['alg nOnE over a true signature', 'algorithm', () => headed({ alg: 'nOnE', kid: KEY_ID, typ: 'at+jwt' })],
  [
    'with an algorithm that its key is not for',
    'unknown_key',
    () => headed({ alg: 'RS512', kid: KEY_ID, typ: 'at+jwt' }),
  ],
  ['with a header changed after signing', 'bad_signature', () => headed({ typ: 'at+jwt', kid: KEY_ID, alg: 'RS256' })],
  ['with groups changed after signing', 'bad_signature', withGroups],
  ['that brings its own key', 'bad_signature', () => embedded(KEY_ID)],
  ['that brings its own key under its own id', 'unknown_key', () => embedded('mine')],
  ['with jku', 'unknown_key', () => offering({ jku: 'https://evil.example/jwks' }, 'mine')],
  ['with jku under a known id', 'bad_signature', () => offering({ jku: 'https://evil.example/jwks' })],
  ['with x5u', 'bad_signature', () => offering({ x5u: 'https://evil.example/cert.pem' })],
  ['whose key id is a path', 'unknown_key', () => sign(claims(), other.privateKey, '../../../../dev/null')],
  ['whose key id is a query', 'unknown_key', () => sign(claims(), other.privateKey, "x' OR '1'='1")],
  ['with an extension nobody knows', 'algorithm', () => headed({ alg: 'RS256', kid: KEY_ID, crit: ['x'], x: 1 })],
  ['of the issuer with a slash', 'unknown_issuer', () => sign(claims({ iss: `${world.idp.issuer}/` }))],
  ['of the issuer in capitals', 'unknown_issuer', () => sign(claims({ iss: world.idp.issuer.toUpperCase() }))],
  ['of an issuer that begins alike', 'unknown_issuer', () => sign(claims({ iss: `${world.idp.issuer}.evil.example` }))],
  [
    'of an issuer with a user part',
    'unknown_issuer',
    () => sign(claims({ iss: `http://a@${new URL(world.idp.issuer).host}` })),
  ],
  ['for an audience that begins alike', 'wrong_audience', () => sign(claims({ aud: `${audience()}.evil.example` }))],
  ['for a list of other audiences', 'wrong_audience', () => sign(claims({ aud: ['a', 'b'] }))],
  ['expired beyond the skew', 'expired', () => sign(claims({ iat: now() - 900, exp: now() - 6 }))],
  ['issued in the future', 'not_yet_valid', () => sign(claims({ iat: now() + 120 }))],
  ['that is an ID token by type', 'malformed', () => typed('id_token')],
  ['that is an ID token by its nonce', 'malformed', () => sign(claims({ nonce: 'n' }))],
  ['of a logout', 'malformed', () => typed('logout+jwt')],
  ['bound to a key of the client', 'malformed', () => sign(claims({ cnf: { jkt: 'thumbprint' } }))],
  ['of 20 KiB', 'malformed', () => sign(claims({ filler: 'x'.repeat(20_000) }))],
  ['that is two tokens', 'malformed', async () => `${await sign(claims())},${await sign(claims())}`],
  ['without an expiry', 'missing_claim', () => sign(withoutExpiry())],
];

// Each from an address of its own: of one address only the first 20 a minute are recorded singly.
test.each(bad.map((row, i) => [...row, `127.0.0.${i + 2}`] as const))('a token %s is refused as %s', async (...row) => {
  const [, reason, make, from] = row;
  const token = await make();
  const response = await raw(world.url, {
    headers: { ...HEADERS, authorization: `Bearer ${token}` },
    body: initialize,
    from,
  });
  expect(response.status).toBe(401);
  expect(response.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token".*resource_metadata="http/);
  expect(`${response.body}${JSON.stringify(response.headers)}`).not.toContain(token);
  const records = [];
  for await (const { type, d } of readLedger(world.ledger)) if (type === 'auth') records.push(d);
  expect(records.at(-1)).toMatchObject({ reason, use: 'mcp', server: 'echo', address: from, count: 1 });
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
