import { createHmac, createPublicKey } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import type { BearerAuthenticator } from '../../src/identity/authenticator.js';
import type { AuthRefusal, TokenUse } from '../../src/model/principal.js';
import * as given from './support.js';
import { AGENT, APPROVALS, CLI, MCP } from './support.js';

const key = given.newKey();
let idp: IdentityProvider;
let auth: BearerAuthenticator;

beforeAll(async () => {
  idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: given.people,
    clients: given.clients,
    audience: [MCP],
    approvalAudience: APPROVALS,
    key,
  });
  auth = given.authenticatorOf([given.issuerSettings(idp.issuer)]);
  expect(await auth.ready()).toEqual([]);
});
afterAll(async () => {
  auth.close();
  await idp.close();
});

const outcome = async (token: string, use: TokenUse = 'mcp', by = auth): Promise<AuthRefusal | 'ok'> => {
  const answer = await by.authenticate(`Bearer ${token}`, use);
  if (!answer.ok) expect(JSON.stringify(answer)).not.toContain(token);
  return answer.ok ? 'ok' : answer.reason;
};
const signed = (claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}) =>
  given.sign(key, idp.issuer, claims, header);

test('a revoked account is refused at once, also where its token was good a moment ago', async () => {
  const revoked = new Set<string>();
  const by = given.authenticatorOf([given.issuerSettings(idp.issuer)], {
    revocations: { has: ({ subject }) => revoked.has(subject) },
  });
  const { accessToken } = await idp.loginAs('ada', MCP, CLI);
  expect(await outcome(accessToken, 'mcp', by)).toBe('ok');
  revoked.add('ada');
  expect(await outcome(accessToken, 'mcp', by)).toBe('revoked');
  revoked.delete('ada');
  expect(await outcome(accessToken, 'mcp', by)).toBe('ok');
  by.close();
});

describe('tokens of a real provider', () => {
  test('a person: who, in which groups, how and when logged in', async () => {
    const { accessToken } = await idp.loginAs('ada', MCP, CLI);
    const answer = await auth.authenticate(`bearer  ${accessToken}`, 'mcp');
    const claims = decodeJwt(accessToken);
    expect(answer).toEqual({
      ok: true,
      principal: {
        issuer: idp.issuer,
        subject: 'ada',
        kind: 'human',
        groups: ['engineering', 'platform-leads'],
        clientId: CLI,
        actor: null,
        amr: ['pwd', 'otp', 'mfa'],
        acr: null,
        authTime: claims['auth_time'],
        tokenId: expect.stringMatching(/^hs256:[0-9a-f]{8}:[0-9a-f]{64}$/),
        expiresAt: claims.exp,
        name: 'Ada Adams',
        email: 'ada@example.com',
      },
    });
    expect(JSON.stringify(answer)).not.toContain(claims.jti);
  });

  test('a workload', async () => {
    const { accessToken } = await idp.clientToken(AGENT, MCP);
    const answer = await auth.authenticate(`Bearer ${accessToken}`, 'mcp');
    expect(answer).toMatchObject({ ok: true, principal: { kind: 'workload', subject: AGENT, groups: ['agents'] } });
  });

  test('each token serves one use alone', async () => {
    const mcp = await idp.loginAs('ada', MCP, CLI);
    const approval = await idp.loginAs('ada', APPROVALS, CLI);
    const agent = await idp.clientToken(AGENT, APPROVALS);
    expect(await outcome(mcp.accessToken, 'mcp')).toBe('ok');
    expect(await outcome(mcp.accessToken, 'approval')).toBe('wrong_audience');
    expect(await outcome(approval.accessToken, 'approval')).toBe('ok');
    expect(await outcome(approval.accessToken, 'mcp')).toBe('wrong_audience');
    expect(await outcome(agent.accessToken, 'approval')).toBe('missing_claim');
  });

  test('an ID token is no access token', async () => {
    const { idToken } = await idp.loginAs('ada', MCP, CLI);
    expect(await outcome(idToken ?? '')).not.toBe('ok');
    const permissive = given.authenticatorOf([given.issuerSettings(idp.issuer, { audience: [CLI] })]);
    expect(await outcome(idToken ?? '', 'mcp', permissive)).toBe('malformed');
    permissive.close();
  });

  test('a token expires while it is remembered, and a login grows old', async () => {
    const hand = given.handClock();
    const by = given.authenticatorOf([given.issuerSettings(idp.issuer)], { clock: hand.clock });
    const mcp = (await idp.loginAs('ada', MCP, CLI)).accessToken;
    const approval = await signed({ aud: APPROVALS, auth_time: given.seconds(), exp: given.seconds() + 7200 });
    expect([await outcome(mcp, 'mcp', by), await outcome(approval, 'approval', by)]).toEqual(['ok', 'ok']);
    hand.turn(15 * 60_000 + 2_000);
    expect([await outcome(mcp, 'mcp', by), await outcome(approval, 'approval', by)]).toEqual(['ok', 'ok']);
    hand.turn(10_000);
    expect(await outcome(approval, 'approval', by)).toBe('stale_login');
    hand.turn(45 * 60_000);
    expect(await outcome(mcp, 'mcp', by)).toBe('expired');
    by.close();
  });
});

describe('what is sent instead of a token', () => {
  test.each([undefined, '', 'Basic dXNlcjpwYXNz', 'bearerx'])('%j is no token', async (header) => {
    expect(await auth.authenticate(header, 'mcp')).toEqual({ ok: false, reason: 'no_token', claimed: {} });
  });

  const object = Buffer.from('{}').toString('base64url');
  const duplicate = Buffer.from('{"iss":"a","iss":"b"}').toString('base64url');
  test.each([
    'Bearer',
    'Bearer ',
    'Bearer opaque',
    'Bearer a.b.c',
    `Bearer ${object}.${object}`,
    `Bearer ${object}.${object}.x.y.z`,
    `Bearer ${object}.${duplicate}.x`,
    `Bearer ${object}.${object}.x, Bearer ${object}.${object}.x`,
    `Bearer ${Buffer.from('[]').toString('base64url')}.${object}.x`,
    `Bearer ${object}.${object}.${'x'.repeat(16_384)}`,
  ])('malformed: %.60s', async (header) => {
    expect(await auth.authenticate(header, 'mcp')).toEqual({ ok: false, reason: 'malformed', claimed: {} });
  });
});

describe('signatures', () => {
  const header = { alg: 'RS256', kid: key.kid, typ: 'at+jwt' };
  const claims = () => ({ iss: idp.issuer, sub: 'ada', aud: MCP, exp: given.seconds() + 600 });

  test('alg none, in any spelling, is refused by name', async () => {
    for (const alg of ['none', 'None', 'nOnE']) {
      expect(await outcome(given.forge({ ...header, alg }, claims(), ''))).toBe('algorithm');
    }
  });

  test('HS256 under the public key is refused', async () => {
    const publicKey = createPublicKey({ key, format: 'jwk' });
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
    ]) {
      const unsigned = given.forge({ ...header, alg: 'HS256' }, claims(), '').slice(0, -1);
      const mac = createHmac('sha256', secret).update(unsigned).digest('base64url');
      expect(await outcome(`${unsigned}.${mac}`)).toBe('algorithm');
    }
  });

  test('an algorithm the issuer is not allowed is refused', async () => {
    const by = given.authenticatorOf([given.issuerSettings(idp.issuer, { algorithms: ['ES256'] })]);
    expect(await outcome(await signed(), 'mcp', by)).toBe('algorithm');
    by.close();
  });

  test('another key is refused: unknown id, and the known id on a false signature', async () => {
    const other = given.newKey();
    expect(await outcome(await given.sign(other, idp.issuer))).toBe('unknown_key');
    expect(await outcome(await given.sign({ ...other, kid: key.kid ?? '' }, idp.issuer))).toBe('bad_signature');
    expect(await outcome(await signed({}, { jwk: other, jku: 'http://127.0.0.1:1/', kid: other.kid }))).toBe(
      'unknown_key',
    );
  });

  test('a token changed after signing is refused, whichever part', async () => {
    const [head = '', body = '', signature = ''] = (await signed()).split('.');
    expect(await outcome(`${head}.${body}.${signature}`)).toBe('ok');
    const claimed = { ...decodeJwt(`${head}.${body}.${signature}`), sub: 'ben' };
    const swapped = Buffer.from(JSON.stringify(claimed)).toString('base64url');
    expect(await outcome(`${head}.${swapped}.${signature}`)).toBe('bad_signature');
    expect(await outcome(`${head}.${body}.${signature.slice(0, -8)}AAAAAAAA`)).toBe('bad_signature');
    expect(await outcome(`${head}.${body}.`)).toBe('bad_signature');
    expect(await outcome(given.forge({ ...header, x: 1 }, claims(), signature))).toBe('bad_signature');
  });

  test('a critical header that is not understood is refused', async () => {
    expect(await outcome(given.forge({ ...header, crit: ['x'], x: 1 }, claims(), 'AAAA'))).not.toBe('ok');
  });
});

describe('claims', () => {
  const now = given.seconds();
  type Claims = Readonly<Record<string, unknown>>;
  // What must be so to the second is said when the test runs.
  const refusals: readonly (readonly [string, AuthRefusal, Claims | ((now: number) => Claims)])[] = [
    ['unknown issuer', 'unknown_issuer', { iss: 'https://elsewhere.example' }],
    ['no issuer', 'missing_claim', { iss: undefined }],
    ['no subject', 'missing_claim', { sub: undefined }],
    ['empty subject', 'malformed', { sub: '' }],
    ['subject of another type', 'malformed', { sub: 7 }],
    ['no expiry', 'missing_claim', { exp: undefined }],
    ['expiry of another type', 'malformed', { exp: '9999999999' }],
    ['no audience', 'missing_claim', { aud: undefined }],
    ['expired', 'expired', { iat: now - 900, exp: now - 10 }],
    ['not before', 'not_yet_valid', { nbf: now + 120 }],
    ['issued in the future', 'not_yet_valid', { iat: now + 120 }],
    ['issued after its end', 'malformed', (at) => ({ iat: at + 3, exp: at + 1 })],
    ['another audience', 'wrong_audience', { aud: 'https://other.example' }],
    ['no audience in the list', 'wrong_audience', { aud: [] }],
    ['both audiences', 'wrong_audience', { aud: [MCP, APPROVALS] }],
    ['a nonce: an ID token', 'malformed', { nonce: 'n' }],
    ['at_hash: an ID token', 'malformed', { at_hash: 'h' }],
    ['typ ID: an ID token', 'malformed', { typ: 'ID' }],
    ['bound to a key', 'malformed', { cnf: { jkt: 'thumbprint' } }],
    ['groups as a text', 'malformed', { groups: 'engineering' }],
    ['groups as an object', 'malformed', { groups: { engineering: true } }],
    ['groups null', 'malformed', { groups: null }],
    ['groups with a number', 'malformed', { groups: ['engineering', 7] }],
    ['groups with an empty name', 'malformed', { groups: [''] }],
    ['groups left out for their number', 'groups_left_out', { groups: undefined, _claim_names: { groups: 'src1' } }],
    ['act without subject', 'malformed', { act: {} }],
    ['a long subject', 'malformed', { sub: 's'.repeat(256) }],
  ];
  test.each(refusals)('%s: %s', async (_, reason, claims) => {
    expect(await outcome(await signed(typeof claims === 'function' ? claims(given.seconds()) : claims))).toBe(reason);
  });

  test.each(['id_token', 'logout+jwt', 'dpop+jwt'])('header typ %s is refused', async (typ) => {
    expect(await outcome(await signed({}, { typ }))).toBe('malformed');
  });

  test.each([undefined, 'JWT', 'AT+JWT', 'application/at+jwt'])('header typ %s passes', async (typ) => {
    expect(await outcome(await signed({}, { typ }))).toBe('ok');
  });

  test('clocks may differ by five seconds', async () => {
    expect(await outcome(await signed({ exp: given.seconds() - 3, iat: now - 900 }))).toBe('ok');
    expect(await outcome(await signed({ nbf: given.seconds() + 4, iat: given.seconds() + 4 }))).toBe('ok');
  });

  test('groups are sorted, without repeats, and none where the claim is absent', async () => {
    const groups = async (claims: Readonly<Record<string, unknown>>) => {
      const answer = await auth.authenticate(`Bearer ${await signed(claims)}`, 'mcp');
      return answer.ok ? answer.principal.groups : answer.reason;
    };
    expect(await groups({ groups: ['b', 'a', 'b'] })).toEqual(['a', 'b']);
    expect(await groups({ groups: undefined })).toEqual([]);
    expect(await groups({ groups: [] })).toEqual([]);
  });

  test('an agent acting for a person, fractions of seconds, and a token without id', async () => {
    const claims = { act: { sub: 'agent' }, exp: given.seconds() + 100.75, azp: 'app', client_id: undefined };
    const answer = await auth.authenticate(`Bearer ${await signed(claims)}`, 'mcp');
    expect(answer).toMatchObject({
      ok: true,
      principal: { actor: 'agent', clientId: 'app', kind: 'human', expiresAt: Math.floor(claims.exp) },
    });
  });

  test.each([
    { sub: 'app', client_id: 'app' },
    { sub: 'app', client_id: undefined, azp: 'app' },
    { gty: 'client-credentials' },
    { idtyp: 'app' },
  ])('a workload: %j', async (claims) => {
    const answer = await auth.authenticate(`Bearer ${await signed(claims)}`, 'mcp');
    expect(answer).toMatchObject({ ok: true, principal: { kind: 'workload' } });
  });

  const approvals: readonly (readonly [string, AuthRefusal | 'ok', Readonly<Record<string, unknown>>])[] = [
    ['recent login', 'ok', { auth_time: now }],
    ['no auth_time', 'missing_claim', {}],
    ['null auth_time', 'missing_claim', { auth_time: null }],
    ['text auth_time', 'malformed', { auth_time: String(now) }],
    ['stale auth_time', 'stale_login', { auth_time: now - 16 * 60 }],
    ['auth_time in the future', 'not_yet_valid', { auth_time: now + 3600 }],
    ['a workload', 'stale_login', { auth_time: now, sub: CLI }],
    ['an agent acting for the person', 'stale_login', { auth_time: now, act: { sub: 'agent' } }],
    ['an MCP audience too', 'wrong_audience', { auth_time: now, aud: [APPROVALS, MCP] }],
  ];
  test.each(approvals)('approval with %s: %s', async (_, expected, claims) => {
    expect(await outcome(await signed({ aud: APPROVALS, ...claims }), 'approval')).toBe(expected);
  });

  test('an issuer without approval audience approves nothing', async () => {
    const by = given.authenticatorOf([given.issuerSettings(idp.issuer, { approvalAudience: null })]);
    expect(await outcome(await signed({ aud: APPROVALS, auth_time: now }), 'approval', by)).toBe('wrong_audience');
    by.close();
  });

  test('what a refused token claimed is told, unless it is unfit for a record', async () => {
    const told = async (claims: Readonly<Record<string, unknown>>) => {
      const answer = await auth.authenticate(`Bearer ${await signed(claims)}`, 'mcp');
      return answer.ok ? undefined : answer.claimed;
    };
    const keyId = key.kid;
    expect(await told({ aud: 'x' })).toEqual({ issuer: idp.issuer, subject: 'ada', keyId });
    expect(await told({ aud: 'x', sub: 'line\nbreak' })).toEqual({ issuer: idp.issuer, keyId });
    expect(await told({ aud: 'x', sub: await signed() })).toEqual({ issuer: idp.issuer, keyId });
    expect(await told({ iss: `https://${'x'.repeat(300)}.example` })).toEqual({ subject: 'ada', keyId });
  });
});
