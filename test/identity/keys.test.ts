import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import type { BearerAuthenticator } from '../../src/identity/authenticator.js';
import type { IssuerSettings } from '../../src/model/identity-settings.js';
import * as given from './support.js';
import { APPROVALS, CLI, MCP } from './support.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const provider = async (key = given.newKey('ES256'), port = 0): Promise<IdentityProvider> => {
  const options = { host: '127.0.0.1', port, people: given.people, clients: given.clients, audience: [MCP] };
  return startIdentityProvider({ ...options, approvalAudience: APPROVALS, key });
};
const portOf = (issuer: string): number => Number(new URL(issuer).port);

/** An authenticator that counts what it asks of the issuer. */
const watched = (issuer: string, more: Partial<IssuerSettings> = {}) => {
  const hand = given.handClock();
  const asked: string[] = [];
  const auth = given.authenticatorOf([given.issuerSettings(issuer, more)], {
    clock: hand.clock,
    fetch: (input, init) => {
      asked.push(input instanceof Request ? input.url : String(input));
      return fetch(input, init);
    },
  });
  ends.push(() => auth.close());
  return { auth, asked, turn: hand.turn };
};
const outcome = async (auth: BearerAuthenticator, token: string) => {
  const answer = await auth.authenticate(`Bearer ${token}`, 'mcp');
  return answer.ok ? 'ok' : answer.reason;
};

/** A bare HTTP server in the provider's place. */
const server = async (listener: RequestListener): Promise<string> => {
  const running = createServer(listener);
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    running.closeAllConnections();
    running.close();
  });
  const address = running.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
};

describe('keys of an issuer', () => {
  test('are read once for many tokens at once', async () => {
    const idp = await provider();
    ends.push(() => idp.close());
    const { accessToken } = await idp.loginAs('ada', MCP, CLI);
    const { auth, asked } = watched(idp.issuer);
    const answers = await Promise.all(Array.from({ length: 20 }, () => outcome(auth, accessToken)));
    expect(new Set(answers)).toEqual(new Set(['ok']));
    expect(asked).toHaveLength(2);
  });

  test('still serve when the issuer is down, for tokens new and known', async () => {
    const key = given.newKey('ES256');
    const idp = await provider(key);
    const { accessToken } = await idp.loginAs('ada', MCP, CLI);
    const { auth, turn } = watched(idp.issuer);
    expect(await auth.ready()).toEqual([]);
    await idp.close();
    turn(30 * 60_000);
    expect(await auth.ready()).toMatchObject([{ issuer: idp.issuer }]);
    expect(await outcome(auth, accessToken)).toBe('ok');
    expect(await outcome(auth, await given.sign(key, idp.issuer, { exp: given.seconds() + 7200 }))).toBe('ok');
  });

  test('that never came are said to be unavailable, asked for at most every two seconds', async () => {
    const key = given.newKey('ES256');
    const idp = await provider(key);
    await idp.close();
    const token = await given.sign(key, idp.issuer);
    const { auth, asked, turn } = watched(idp.issuer);
    for (let i = 0; i < 5; i++) expect(await outcome(auth, token)).toBe('keys_unavailable');
    expect(asked).toHaveLength(1);
    const again = await provider(key, portOf(idp.issuer));
    ends.push(() => again.close());
    turn(2_100);
    expect(await outcome(auth, token)).toBe('ok');
  });

  test('are read again for a rotated key, but not for every token of strangers', async () => {
    const [first, second] = [given.newKey('ES256'), given.newKey('RS256')];
    const before = await provider(first);
    const { auth, asked, turn } = watched(before.issuer);
    const old = await given.sign(first, before.issuer);
    expect(await outcome(auth, old)).toBe('ok');
    await before.close();
    // The client's kept connections learn of the end in their own time.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = await provider(second, portOf(before.issuer));
    ends.push(() => after.close());
    const { accessToken } = await after.loginAs('ada', MCP, CLI);
    expect(await outcome(auth, accessToken)).toBe('unknown_key');
    turn(10_100);
    expect(await outcome(auth, accessToken)).toBe('ok');
    expect(asked).toHaveLength(4);
    // The withdrawn key withdraws its tokens, though they were known.
    expect(await outcome(auth, old)).toBe('unknown_key');
    const strangers = Array.from({ length: 50 }, async () =>
      outcome(auth, await given.sign(given.newKey('ES256'), after.issuer)),
    );
    expect(new Set(await Promise.all(strangers))).toEqual(new Set(['unknown_key']));
    expect(asked).toHaveLength(4);
  });

  test('are read in the background', async () => {
    const idp = await provider();
    const hand = given.handClock();
    let asked = 0;
    const auth = given.authenticatorOf([given.issuerSettings(idp.issuer)], {
      clock: hand.clock,
      refreshInterval: 20,
      fetch: (input, init) => {
        asked++;
        return fetch(input, init);
      },
    });
    await expect.poll(() => asked).toBeGreaterThan(3);
    auth.close();
    const stopped = asked;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked).toBeLessThanOrEqual(stopped + 1);
    await idp.close();
  });
});

describe('documents of an issuer', () => {
  const key = given.newKey('ES256');
  const { d: _, ...publicKey } = key;
  const json =
    (value: unknown): RequestListener =>
    (_, response) =>
      void response.end(JSON.stringify(value));
  const problems = async (listener: (self: string) => RequestListener) => {
    let handler: RequestListener | undefined;
    const issuer = await server((request, response) => handler?.(request, response));
    handler = listener(issuer);
    const { auth, asked } = watched(issuer);
    return { found: await auth.ready(), asked, auth, issuer };
  };

  test('RFC 8414 metadata serves where there is no OpenID configuration, with the path inserted', async () => {
    const origin = await server((request, response) => {
      const documents: Readonly<Record<string, unknown>> = {
        '/.well-known/oauth-authorization-server/tenant': { issuer: `${origin}/tenant`, jwks_uri: `${origin}/keys` },
        '/keys': { keys: [publicKey, { kty: 'oct', k: 'AAAA' }] },
      };
      const found = documents[request.url ?? ''];
      response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? {}));
    });
    const { auth, asked } = watched(`${origin}/tenant`);
    expect(await outcome(auth, await given.sign(key, `${origin}/tenant`))).toBe('ok');
    expect(asked).toEqual([
      `${origin}/tenant/.well-known/openid-configuration`,
      `${origin}/.well-known/oauth-authorization-server/tenant`,
      `${origin}/keys`,
    ]);
  });

  test('another issuer in the metadata is refused', async () => {
    const { found } = await problems((self) => json({ issuer: `${self}/`, jwks_uri: `${self}/keys` }));
    expect(found[0]?.problem).toContain('names another issuer');
  });

  test('keys at a plain http address elsewhere are refused', async () => {
    const { found } = await problems((self) => json({ issuer: self, jwks_uri: 'http://keys.example/jwks' }));
    expect(found[0]?.problem).toContain('no https address');
  });

  test('a redirect is refused', async () => {
    const { found, asked } = await problems((self) => (_, response) => {
      response.writeHead(302, { location: `${self}/elsewhere` }).end();
    });
    expect(found[0]?.problem).toContain('status 302');
    expect(asked.some((url) => url.endsWith('/elsewhere'))).toBe(false);
  });

  test('a document over 1 MiB, one that is no JSON, and a set without asymmetric keys are refused', async () => {
    const large = await problems(() => (_, response) => void response.end(' '.repeat(1024 ** 2 + 1)));
    expect(large.found[0]?.problem).toContain('larger');
    const text = await problems(() => (_, response) => void response.end('<html>'));
    expect(text.found[0]?.problem).toContain('cannot be read');
    const symmetric = await problems(
      (self) => (request, response) =>
        json(
          request.url === '/keys' ? { keys: [{ kty: 'oct', k: 'AAAA' }] } : { issuer: self, jwks_uri: `${self}/keys` },
        )(request, response),
    );
    expect(symmetric.found[0]?.problem).toContain('no asymmetric key');
    expect(await outcome(symmetric.auth, await given.sign(key, symmetric.issuer))).toBe('keys_unavailable');
  });

  test('an issuer that never answers is waited for two seconds', async () => {
    const started = performance.now();
    const { found } = await problems(() => () => undefined);
    expect(found).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});

describe('settings', () => {
  const refused = (more: Partial<IssuerSettings>, demo = true, issuer = 'http://127.0.0.1:1'): void => {
    expect(() => given.authenticatorOf([given.issuerSettings(issuer, more)], { demo })).toThrow(
      expect.objectContaining({ code: 'ISSUER_INVALID' }),
    );
  };

  test('http only in a demo and on loopback', () => {
    refused({}, false);
    refused({}, true, 'http://idp.example');
    refused({}, true, 'http://127.0.0.1.example');
    refused({}, true, 'http://localhost@idp.example');
    refused({}, false, 'ftp://idp.example');
    refused({}, false, 'https://idp.example/?x=1');
    given.authenticatorOf([given.issuerSettings('https://idp.example')], { demo: false }).close();
  });

  test('no symmetric algorithm, no empty list, no shared audience', () => {
    refused({ algorithms: ['RS256', 'HS256'] });
    refused({ algorithms: ['none'] });
    refused({ algorithms: [] });
    refused({ audience: [] });
    refused({ audience: [MCP, APPROVALS] });
    const two = [given.issuerSettings('https://a.example'), given.issuerSettings('https://a.example')];
    expect(() => given.authenticatorOf(two)).toThrow('listed twice');
  });
});
