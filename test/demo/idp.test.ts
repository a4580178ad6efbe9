import { decodeJwt, decodeProtectedHeader } from 'jose';
import { allowInsecureRequests, discovery, None, refreshTokenGrant } from 'openid-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import { followLogin } from '../../src/demo/idp-login.js';

const MCP = 'http://127.0.0.1:8080';
const APPROVALS = 'http://127.0.0.1:8081/approvals';
const people = [
  { id: 'ada', name: 'Ada <Adams>', email: 'ada@example.com', groups: ['engineering', 'platform-leads'] },
  { id: 'ben', name: 'Ben Brown', email: 'ben@example.com', groups: [] },
];
const clients = [
  { id: 'countersign-cli', secret: null, groups: [] },
  { id: 'agent-ci', secret: 'not-a-secret', groups: ['agents'] },
];

let idp: IdentityProvider;
const printed: string[] = [];

beforeAll(async () => {
  const spies = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'info')];
  for (const spy of spies) spy.mockImplementation((text: unknown) => void printed.push(String(text)));
  idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people,
    clients,
    audience: [MCP],
    approvalAudience: APPROVALS,
  });
  for (const spy of spies) spy.mockRestore();
});
afterAll(() => idp.close());

describe('identity provider of the demo', () => {
  test('starts without a word on the console', () => {
    expect(printed).toEqual([]);
  });

  test('gives a person an access token with who, for what and since when', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { accessToken, refreshToken, idToken } = await idp.loginAs('ada', MCP, 'countersign-cli');
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    const claims = decodeJwt(accessToken);
    expect(claims).toMatchObject({
      iss: idp.issuer,
      sub: 'ada',
      aud: MCP,
      client_id: 'countersign-cli',
      groups: ['engineering', 'platform-leads'],
      email: 'ada@example.com',
      name: 'Ada <Adams>',
      amr: ['pwd', 'otp', 'mfa'],
    });
    expect(claims['auth_time']).toBeGreaterThanOrEqual(before);
    expect(refreshToken).toEqual(expect.any(String));
    expect(decodeJwt(idToken ?? '')).toMatchObject({ sub: 'ada', name: 'Ada <Adams>' });
  });

  test('takes a resource below an audience for that audience, and the approvals for their own', async () => {
    const below = await idp.loginAs('ben', `${MCP}/files/mcp`, 'countersign-cli');
    expect(decodeJwt(below.accessToken)).toMatchObject({ aud: MCP, groups: [] });
    const approvals = await idp.loginAs('ben', APPROVALS, 'countersign-cli');
    expect(decodeJwt(approvals.accessToken)).toMatchObject({ aud: APPROVALS });
    await expect(idp.loginAs('ben', 'http://127.0.0.1:8081', 'countersign-cli')).rejects.toThrow();
  });

  test('gives a workload a token without a login', async () => {
    const { accessToken } = await idp.clientToken('agent-ci', `${MCP}/files/mcp`);
    const claims = decodeJwt(accessToken);
    expect(claims).toMatchObject({ sub: 'agent-ci', client_id: 'agent-ci', aud: MCP, groups: ['agents'] });
    expect(claims).not.toHaveProperty('auth_time');
  });

  test('keeps the time of the login in a refreshed token', async () => {
    const first = await idp.loginAs('ada', MCP, 'countersign-cli');
    const configuration = await discovery(new URL(idp.issuer), 'countersign-cli', undefined, None(), {
      execute: [allowInsecureRequests],
    });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await refreshTokenGrant(configuration, first.refreshToken ?? '', { resource: MCP });
    const [before, after] = [decodeJwt(first.accessToken), decodeJwt(second.access_token)];
    expect(after['auth_time']).toBe(before['auth_time']);
    expect(after.iat).toBeGreaterThan(before.iat ?? 0);
  });

  test('remembers a browser, and asks again where a fresh login is asked for', async () => {
    const authorization = (prompt: string | undefined): URL => {
      const url = new URL(`${idp.issuer}/auth`);
      url.search = new URLSearchParams({
        client_id: 'countersign-cli',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: 'http://127.0.0.1:7777/callback',
        resource: MCP,
        state: 's',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
        ...(prompt !== undefined && { prompt }),
      }).toString();
      return url;
    };
    const jar = new Map<string, string>();
    const callback = await followLogin(authorization(undefined), 'ada', jar);
    expect(callback.origin).toBe('http://127.0.0.1:7777');
    expect(callback.searchParams.get('iss')).toBe(idp.issuer);
    // Nobody is asked now, so a person who does not exist cannot be chosen.
    expect((await followLogin(authorization(undefined), 'nobody', jar)).searchParams.has('code')).toBe(true);
    await expect(followLogin(authorization('login'), 'nobody', jar)).rejects.toThrow('status 400');
  });

  test('shows a page without script on which names are text', async () => {
    const url = new URL(`${idp.issuer}/auth?client_id=countersign-cli&response_type=code&scope=openid`);
    url.searchParams.set('redirect_uri', 'http://127.0.0.1:1/callback');
    url.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    url.searchParams.set('code_challenge_method', 'S256');
    const redirect = await fetch(url, { redirect: 'manual' });
    const cookie = redirect.headers.getSetCookie().map((line) => line.split(';')[0]);
    const page = await fetch(new URL(redirect.headers.get('location') ?? '', url), {
      headers: { cookie: cookie.join('; ') },
    });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toContain('Ada &#60;Adams&#62;');
    expect(html).not.toContain('<script');
  });

  test('serves its own host only and binds loopback only', async () => {
    const { port } = new URL(idp.issuer);
    const elsewhere = await fetch(`http://localhost:${port}/.well-known/openid-configuration`).catch(() => undefined);
    expect(elsewhere?.status ?? 421).toBe(421);
    const everywhere = { host: '0.0.0.0', port: 0, people, clients, audience: [MCP], approvalAudience: APPROVALS };
    await expect(startIdentityProvider(everywhere)).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER' });
    const taken = { ...everywhere, host: '127.0.0.1', port: Number(port) };
    await expect(startIdentityProvider(taken)).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER' });
  });
});
