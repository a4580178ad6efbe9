import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { logIn, whoAmI } from '../../src/app/login.js';
import { listenForCallback } from '../../src/app/loopback.js';
import { readToken, tokenStore } from '../../src/app/token-store.js';
import { systemClock } from '../../src/base/clock.js';
import { createKeyedDigester } from '../../src/base/digest.js';
import { CountersignError } from '../../src/base/errors.js';
import type { IdentityProvider } from '../../src/demo/idp.js';
import { followLogin } from '../../src/demo/idp-login.js';
import { createAuthenticator } from '../../src/identity/authenticator.js';
import type { IssuerSettings } from '../../src/model/identity-settings.js';
import { newKey, sign } from '../identity/support.js';
import { APPROVALS, CLI, issuerOf, MCP, settingsOf, startLoginProvider } from './login-world.js';

let idp: IdentityProvider;
let folder: string;
beforeAll(async () => {
  idp = await startLoginProvider();
});
afterAll(() => idp.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-login-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A browser that logs Ada in, with its cookies, and goes where it is sent. */
const browser = () => {
  const jar = new Map<string, string>();
  const pages: string[] = [];
  const problems: unknown[] = [];
  const visit = async (url: URL): Promise<void> => {
    const page = await fetch(await followLogin(url, 'ada', jar));
    pages.push(await page.text());
  };
  const open = (url: URL): void => {
    visit(url).catch((error: unknown) => problems.push(error));
  };
  return { open, pages, problems };
};

const run = async (issuer: IssuerSettings, more: { uses?: ('mcp' | 'approval')[]; issuer?: string } = {}) => {
  const store = tokenStore(join(folder, 'inner', 'tokens.json'));
  const announced: [string, URL][] = [];
  const { open, pages, problems } = browser();
  const announce = (url: URL, use: string): void => void announced.push([use, url]);
  const logins = await logIn(settingsOf(join(folder, 'countersign.yaml'), idp.issuer, [issuer]), more, {
    store,
    announce,
    open,
  });
  await expect.poll(() => pages.length).toBe(logins.length);
  expect(problems).toEqual([]);
  return { store, announced, pages, logins };
};

describe('login', () => {
  test('gives a token for each use, which the gateway takes for that use', async () => {
    const { store, announced, logins, pages } = await run(issuerOf(idp.issuer));
    expect(logins.map(({ use, audience, name }) => [use, audience, name])).toEqual([
      ['approval', APPROVALS, 'Ada Adams'],
      ['mcp', MCP, 'Ada Adams'],
    ]);
    expect(announced.map(([use]) => use)).toEqual(['approval', 'mcp']);
    expect(pages.every((page) => page.includes('was received'))).toBe(true);
    const authenticator = createAuthenticator({
      issuers: [issuerOf(idp.issuer)],
      approvalMaxAge: 900_000,
      digest: createKeyedDigester(Buffer.alloc(32)),
      clock: systemClock(),
      demo: true,
    });
    for (const use of ['mcp', 'approval'] as const) {
      const answer = await authenticator.authenticate(`Bearer ${readToken(store, use).accessToken}`, use);
      expect(answer).toMatchObject({ ok: true, principal: { subject: 'ada', kind: 'human' } });
    }
    authenticator.close();
  });

  test('asks for a fresh login for approvals, with PKCE, state, nonce and the resource', async () => {
    const { announced } = await run(issuerOf(idp.issuer));
    const [approval, mcp] = announced.map(([, url]) => Object.fromEntries(url.searchParams));
    expect(approval).toMatchObject({ resource: APPROVALS, prompt: 'login', max_age: '300' });
    expect(mcp).toMatchObject({ resource: MCP, code_challenge_method: 'S256', client_id: CLI });
    expect(mcp).not.toHaveProperty('prompt');
    for (const name of ['state', 'nonce', 'code_challenge']) expect(mcp?.[name]).not.toBe(approval?.[name]);
    expect(mcp?.['redirect_uri']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  });

  test('returns and announces no token, and keeps the tokens to their owner', async () => {
    const { store, announced, logins } = await run(issuerOf(idp.issuer));
    const said = JSON.stringify([announced, logins]);
    const stored = await readFile(store.file, 'utf8');
    for (const use of ['mcp', 'approval'] as const) {
      expect(said).not.toContain(readToken(store, use).accessToken);
      expect(stored).toContain(readToken(store, use).accessToken);
    }
    expect((await stat(store.file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'inner'))).mode & 0o777).toBe(0o700);
  });

  test('logs in for one use alone, and keeps the other login', async () => {
    const { store, logins } = await run(issuerOf(idp.issuer), { uses: ['mcp'] });
    expect(logins.map(({ use }) => use)).toEqual(['mcp']);
    expect(() => readToken(store, 'approval')).toThrow(expect.objectContaining({ code: 'NOT_LOGGED_IN', exit: 14 }));
    const before = readToken(store, 'mcp').accessToken;
    await run(issuerOf(idp.issuer), { uses: ['approval'] });
    expect(readToken(store, 'mcp').accessToken).toBe(before);
    expect(decodeJwt(readToken(store, 'approval').accessToken).aud).toBe(APPROVALS);
  });

  test('for an issuer without approvals, both means calls', async () => {
    const { logins } = await run(issuerOf(idp.issuer, { approvalAudience: null }));
    expect(logins.map(({ use }) => use)).toEqual(['mcp']);
  });
});

describe('a login that cannot be', () => {
  const code = async (
    issuers: readonly IssuerSettings[],
    more = {},
    demo = true,
  ): Promise<readonly [string, string]> => {
    const deps = { store: tokenStore(join(folder, 'tokens.json')), announce: () => undefined, open: browser().open };
    try {
      await logIn(settingsOf(join(folder, 'countersign.yaml'), idp.issuer, issuers, demo), more, {
        ...deps,
        deadline: 500,
      });
    } catch (error) {
      if (error instanceof CountersignError) return [error.code, error.message];
      throw error;
    }
    return ['none', ''];
  };

  test('names what the configuration lacks', async () => {
    const lacks = async (...args: Parameters<typeof code>) =>
      expect((await code(...args))[0]).toBe('LOGIN_UNAVAILABLE');
    await lacks([]);
    await lacks([issuerOf(idp.issuer)], { issuer: 'https://elsewhere.example' });
    await lacks([issuerOf(idp.issuer), issuerOf(idp.issuer, { issuer: 'https://b.example' })]);
    await lacks([issuerOf(idp.issuer, { clientId: null })]);
    await lacks([issuerOf(idp.issuer, { approvalAudience: null })], { uses: ['approval'] });
    await lacks([issuerOf(idp.issuer)], {}, false);
  });

  test('is refused by the issuer: an unknown audience', async () => {
    const answer = await code([issuerOf(idp.issuer, { audience: ['http://127.0.0.1:1'] })], { uses: ['mcp'] });
    expect(answer).toEqual(['LOGIN_FAILED', expect.stringContaining('invalid_target')]);
  });

  test('ends after its deadline', async () => {
    const deps = { store: tokenStore(join(folder, 'tokens.json')), announce: () => undefined, open: () => undefined };
    const waiting = logIn(
      settingsOf(join(folder, 'countersign.yaml'), idp.issuer, [issuerOf(idp.issuer)]),
      {},
      { ...deps, deadline: 100 },
    );
    await expect(waiting).rejects.toMatchObject({ code: 'LOGIN_FAILED', exit: 14 });
  });

  test('finds no issuer', async () => {
    const answer = await code([issuerOf(idp.issuer, { issuer: 'http://127.0.0.1:9' })]);
    expect(answer).toEqual(['LOGIN_FAILED', expect.not.stringContaining('\n')]);
  });

  test('repeats nothing of a hostile issuer but short printable text', async () => {
    const listener: RequestListener = (request, response) => {
      const self = `http://${request.headers.host ?? ''}`;
      const metadata = {
        issuer: self,
        authorization_endpoint: `${self}/auth`,
        token_endpoint: `${self}/token`,
        response_types_supported: ['code'],
      };
      if (request.url?.startsWith('/auth?')) {
        const asked = new URL(request.url, self).searchParams;
        const to = new URL(asked.get('redirect_uri') ?? '');
        to.search = new URLSearchParams({ code: 'secret-code', state: asked.get('state') ?? '' }).toString();
        response.writeHead(303, { location: to.href }).end();
      } else if (request.url === '/token') {
        const body = { error: `bad\n\u001b[31m${'x'.repeat(500)}`, access_token: 'secret-token' };
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      } else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
    };
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const [found, message] = await code([issuerOf(idp.issuer, { issuer: `http://127.0.0.1:${port}` })], {
      uses: ['mcp'],
    });
    server.closeAllConnections();
    server.close();
    expect(found).toBe('LOGIN_FAILED');
    expect(message).toMatch(/^[\x20-\x7e]{1,300}$/);
    expect(message).not.toContain('secret');
  });
});

describe('an issuer that does not go by the resource it was asked for (RFC 8707)', () => {
  const key = newKey();
  const { kty, n, e, kid, alg } = key;

  /** Logs everybody in, and gives an access token for these audiences. */
  const loginFor = async (aud: string | readonly string[]): Promise<unknown> => {
    let nonce = '';
    const asked: (string | null)[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const self = `http://${request.headers.host ?? ''}`;
      const { pathname, searchParams } = new URL(request.url ?? '', self);
      if (pathname === '/auth') {
        nonce = searchParams.get('nonce') ?? '';
        asked.push(searchParams.get('resource'));
        const to = new URL(searchParams.get('redirect_uri') ?? '');
        to.search = new URLSearchParams({ code: 'c', state: searchParams.get('state') ?? '' }).toString();
        response.writeHead(303, { location: to.href }).end();
        return;
      }
      const metadata = {
        issuer: self,
        authorization_endpoint: `${self}/auth`,
        token_endpoint: `${self}/token`,
        jwks_uri: `${self}/keys`,
        response_types_supported: ['code'],
      };
      const documents: Readonly<Record<string, () => Promise<object>>> = {
        '/keys': () => Promise.resolve({ keys: [{ kty, n, e, kid, alg, use: 'sig' }] }),
        '/token': async () => ({
          access_token: await sign(key, self, { aud }),
          id_token: await sign(key, self, { aud: CLI, nonce }, { typ: 'JWT' }),
          token_type: 'Bearer',
          expires_in: 600,
        }),
      };
      const body = (await documents[pathname]?.()) ?? metadata;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const self = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const store = tokenStore(join(folder, 'tokens.json'));
    const follow = (url: URL): void => void fetch(url).then((response) => response.text());
    try {
      const settings = settingsOf(join(folder, 'countersign.yaml'), self, [issuerOf(self)]);
      await logIn(settings, { uses: ['mcp'] }, { store, announce: () => undefined, open: follow });
      return store.get('mcp')?.audience;
    } catch (error) {
      expect(store.get('mcp')).toBeUndefined();
      return error;
    } finally {
      expect(asked).toEqual([MCP]);
      server.closeAllConnections();
      server.close();
    }
  };

  test.each([
    ['another resource', 'https://other.example.com'],
    ['a resource below it', `${MCP}/files/mcp`],
    ['nobody', []],
  ])('a token for %s is not stored', async (_, aud) => {
    expect(await loginFor(aud)).toMatchObject({
      code: 'LOGIN_FAILED',
      details: { problem: `the issuer gave a token that is not for ${MCP}` },
    });
  });

  test('a token for it, among others, is', async () => {
    expect(await loginFor(['https://other.example.com', MCP])).toBe(MCP);
  });
});

describe('loopback listener', () => {
  test('takes the one response it waits for, and turns everything else away', async () => {
    const callback = await listenForCallback(0);
    const url = new URL(callback.redirectUri);
    const status = async (path: string, init: RequestInit = {}): Promise<number> =>
      (await fetch(new URL(path, url), init)).status;
    expect(await status('/callback?state=good&code=c')).toBe(400);
    const next = callback.next('good', AbortSignal.timeout(5_000));
    expect(await status('/')).toBe(404);
    expect(await status('/callback?state=bad&code=c')).toBe(400);
    expect(await status('/callback?code=c')).toBe(400);
    expect(await status('/callback?state=good&code=c', { method: 'POST' })).toBe(404);
    expect(await status(`http://localhost:${url.port}/callback?state=good`).catch(() => 404)).toBe(404);
    expect(await status('/callback?state=good&code=c')).toBe(200);
    expect((await next).searchParams.get('code')).toBe('c');
    expect(await status('/callback?state=good&code=c')).toBe(400);
    await expect(listenForCallback(Number(url.port))).rejects.toMatchObject({ code: 'LOGIN_UNAVAILABLE' });
    callback.close();
  });
});

describe('store of logins', () => {
  const token = {
    issuer: 'https://idp.example',
    clientId: CLI,
    audience: MCP,
    accessToken: 'aaa.bbb.ccc',
    expiresAt: Math.floor(Date.now() / 1000) + 60,
    subject: 'ada',
    name: null,
    email: null,
    authTime: null,
  };

  test('is where the XDG specification says', () => {
    const store = tokenStore(undefined, { XDG_CONFIG_HOME: folder });
    expect(store.file).toBe(join(folder, 'countersign', 'tokens.json'));
    expect(tokenStore(undefined, { XDG_CONFIG_HOME: 'relative' }).file).toContain('/.config/countersign/');
  });

  test('tells who is logged in until the login expires', async () => {
    const store = tokenStore(join(folder, 'tokens.json'));
    expect(() => whoAmI(store)).toThrow(expect.objectContaining({ code: 'NOT_LOGGED_IN' }));
    await store.put('mcp', token);
    const [login] = whoAmI(store);
    expect(login).toMatchObject({ use: 'mcp', subject: 'ada', loggedInAt: null });
    expect(JSON.stringify(login)).not.toContain('aaa');
    const later = { ...systemClock(), now: () => Date.now() + 61_000 };
    expect(() => whoAmI(store, later)).toThrow(expect.objectContaining({ exit: 14 }));
    expect(() => readToken(store, 'mcp', later)).toThrow('expired at');
  });

  test('is refused where others can read it, or it is not as written; its content is not repeated', async () => {
    const store = tokenStore(join(folder, 'tokens.json'));
    const refused = async (content: string, mode = 0o600): Promise<void> => {
      await rm(store.file, { force: true });
      await writeFile(store.file, content, { mode });
      let message = '';
      try {
        store.get('mcp');
      } catch (error) {
        if (error instanceof Error) message = error.message;
      }
      expect(message).toContain('cannot be used');
      expect(message).not.toContain('hush');
    };
    await refused(JSON.stringify({ version: 1, tokens: { mcp: token } }), 0o644);
    await refused('hush {');
    await refused(JSON.stringify({ version: 1, tokens: { hush: token } }));
    await refused(JSON.stringify({ version: 2, tokens: {} }));
    await refused(`"${'hush'.repeat(70_000)}"`);
  });
});
