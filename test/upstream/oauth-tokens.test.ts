/** Tokens that the gateway gets for a server, from a real authorization server. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createKeyedDigester } from '../../src/base/digest.js';
import { CountersignError } from '../../src/base/errors.js';
import type { OAuthSettings } from '../../src/model/credential-settings.js';
import { createTokens } from '../../src/upstream/oauth-tokens.js';
import { handClock } from '../identity/support.js';
import { type AuthorizationServer, GATEWAY, RESOURCE, startAuthorizationServer } from './authorization-server.js';

let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.failure = null;
  server.life = 600;
  server.asked.length = 0;
});

const settings = (over: Partial<OAuthSettings> = {}): OAuthSettings => ({
  grant: 'client_credentials',
  at: { kind: 'issuer', issuer: server.issuer },
  clientId: GATEWAY.id,
  clientSecret: { env: 'SECRET' },
  clientAuth: 'basic',
  scopes: ['read'],
  resource: RESOURCE,
  audience: null,
  ...over,
});

const open = (over: Partial<OAuthSettings> = {}, secret: () => Promise<string> = async () => GATEWAY.secret) => {
  const { clock, turn } = handClock();
  let stale = 0;
  const digest = createKeyedDigester(Buffer.alloc(32, 7));
  const tokens = createTokens('the server billing', settings(over), {
    clock,
    digest,
    secret: { get: secret, stale: () => void stale++ },
  });
  return { tokens, turn, staled: () => stale };
};

/** Lets a refresh in the background end. */
const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('client credentials', () => {
  test.each(['basic', 'post'] as const)('are sent by %s, and give one token for all callers', async (clientAuth) => {
    const { tokens } = open({ clientAuth });
    const [first, second] = await Promise.all([tokens.get('one'), tokens.get('another')]);
    expect(first).toBe(second);
    expect(await tokens.get(undefined)).toBe(first);
    const asked = { scope: 'read', resource: RESOURCE, grant_type: 'client_credentials' };
    const inBody = { client_id: GATEWAY.id, client_secret: GATEWAY.secret };
    expect(server.asked.map((body) => Object.fromEntries(body))).toEqual([
      clientAuth === 'post' ? { ...asked, ...inBody } : asked,
    ]);
    expect(await server.read(first.value)).toMatchObject({ client_id: GATEWAY.id, scope: 'read' });
    expect(first.facts).toMatchObject({ kind: 'oauth', grant: 'client_credentials', client_id: GATEWAY.id });
    expect(JSON.stringify(first.facts)).not.toContain(first.value);
  });

  test('are renewed before their end, while the old token serves', async () => {
    const { tokens, turn } = open();
    const first = await tokens.get(undefined);
    turn(530_000);
    expect(await tokens.get(undefined)).toBe(first);
    expect(server.asked).toHaveLength(1);
    turn(15_000);
    const during = await Promise.all([tokens.get(undefined), tokens.get(undefined)]);
    expect(during).toEqual([first, first]);
    await until(() => server.asked.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await tokens.get(undefined)).not.toBe(first);
    expect(server.asked).toHaveLength(2);
  });

  test('serve to their end where renewal fails; then every call is refused, and the endpoint has its pause', async () => {
    const { tokens, turn } = open();
    const first = await tokens.get(undefined);
    server.failure = 'temporarily_unavailable';
    turn(580_000);
    expect(await tokens.get(undefined)).toBe(first);
    await new Promise((resolve) => setTimeout(resolve, 100));
    turn(30_000);
    const problem =
      'the gateway got no token for the server billing: its token endpoint answered temporarily_unavailable';
    await expect(tokens.get(undefined)).rejects.toThrow(problem);
    server.failure = null;
    // Within the pause it is not asked again.
    await expect(tokens.get(undefined)).rejects.toThrow(problem);
    expect(server.asked).toHaveLength(1);
    turn(6_000);
    expect((await tokens.get(undefined)).value).not.toBe(first.value);
  });

  test('that a server refuses are fetched anew', async () => {
    const { tokens } = open();
    const first = await tokens.get(undefined);
    tokens.drop(first);
    expect((await tokens.get(undefined)).value).not.toBe(first.value);
  });

  test('with a secret that was replaced have it read again', async () => {
    const { tokens, staled } = open({}, async () => 'an-older-secret');
    await expect(tokens.get(undefined)).rejects.toThrow(/\(invalid_client\)$/);
    expect(staled()).toBe(1);
  });

  test('without their secret say so', async () => {
    const { tokens } = open({}, () =>
      Promise.reject(new CountersignError('SECRET_STORE', { name: 'arn:x', problem: 'access denied' })),
    );
    await expect(tokens.get(undefined)).rejects.toThrow(/AWS Secrets Manager does not give the secret arn:x/);
  });

  test('are got at the endpoint itself where no issuer is named', async () => {
    const { tokens } = open({ at: { kind: 'tokenUrl', tokenUrl: `${server.issuer}/token` } });
    expect(await server.read((await tokens.get(undefined)).value)).toMatchObject({ client_id: GATEWAY.id });
  });

  test.each([
    ['nobody listens', { kind: 'issuer', issuer: 'http://127.0.0.1:9' }],
    ['http elsewhere', { kind: 'tokenUrl', tokenUrl: 'http://login.example.com/token' }],
  ] as const)('fail in a sentence where %s', async (_, at) => {
    const { tokens } = open({ at });
    await expect(tokens.get(undefined)).rejects.toThrow('its token endpoint gave no answer that can be used');
  });
});

describe('token exchange', () => {
  const exchange = { grant: 'token_exchange' } as const;

  test('gives each caller a token of their own, once for as long as theirs lasts', async () => {
    const { tokens } = open(exchange);
    const [jane, ben] = await Promise.all(['jane', 'ben'].map((who) => server.subjectToken(who, 'https://mcp.test')));
    const [one, two] = await Promise.all([tokens.get(jane), tokens.get(jane)]);
    const other = await tokens.get(ben);
    expect(one).toBe(two);
    expect(server.asked).toHaveLength(2);
    expect(await server.read(one?.value ?? '')).toMatchObject({ sub: 'jane', act: { sub: GATEWAY.id } });
    expect(await server.read(other.value)).toMatchObject({ sub: 'ben' });
  });

  test('without a caller gives none', async () => {
    const { tokens } = open(exchange);
    await expect(tokens.get(undefined)).rejects.toThrow('there is no token to exchange');
    expect(server.asked).toHaveLength(0);
  });

  test('repeats nothing that the endpoint says beside its error code', async () => {
    const { tokens } = open(exchange);
    server.failure = 'invalid_grant';
    const problem: unknown = await tokens.get('a.b.c').catch((error: unknown) => error);
    expect(String(problem)).toContain('answered invalid_grant');
    expect(String(problem)).not.toContain(GATEWAY.secret);
    server.failure = `no code at all ${GATEWAY.secret}`;
    const words: unknown = await tokens.get('d.e.f').catch((error: unknown) => error);
    expect(String(words)).toContain('no answer that can be used');
  });

  test('does not let the failure for one caller stop another', async () => {
    const { tokens } = open(exchange);
    await expect(tokens.get('a.b.c')).rejects.toThrow('no token for the server');
    await expect(tokens.get(await server.subjectToken('jane', 'https://mcp.test'))).resolves.toBeDefined();
  });
});
