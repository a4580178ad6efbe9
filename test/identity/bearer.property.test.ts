import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BearerAuthenticator } from '../../src/identity/authenticator.js';
import { readBearer } from '../../src/identity/bearer.js';
import { createVerifiedCache } from '../../src/identity/verified-cache.js';
import * as given from './support.js';

const ISSUER = 'https://idp.example';
const key = given.newKey('ES256');
const { d: _, ...publicKey } = key;
let auth: BearerAuthenticator;

beforeAll(() => {
  const documents: typeof fetch = async (input) =>
    Response.json(
      new Request(input).url.endsWith('/jwks') ? { keys: [publicKey] } : { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
    );
  auth = given.authenticatorOf([given.issuerSettings(ISSUER)], { fetch: documents, demo: false });
});
afterAll(() => auth.close());

const anyClaims = fc
  .dictionary(
    fc.constantFrom('iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'groups', 'act', 'auth_time', 'cnf', '__proto__', 'amr'),
    fc.oneof(fc.jsonValue(), fc.constantFrom(ISSUER, given.MCP, given.APPROVALS, 1e10)),
  )
  .map((claims) => Object.fromEntries(Object.entries(claims)));

describe('any header', () => {
  test('is read without throwing, and refused without repeating it', async () => {
    const header = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }).map((text) => `Bearer ${text}`),
    );
    await fc.assert(
      fc.asyncProperty(header, async (authorization) => {
        const answer = await auth.authenticate(authorization, 'mcp');
        expect(answer).toMatchObject({ ok: false, claimed: {} });
      }),
    );
  });

  test('with any claims and no good signature is refused, and its token appears nowhere', async () => {
    const head = fc.record({
      alg: fc.constantFrom('ES256', 'none', 'HS256', 7),
      kid: fc.constantFrom(key.kid, 'x', null),
    });
    await fc.assert(
      fc.asyncProperty(head, anyClaims, fc.base64String(), async (header, claims, noise) => {
        const token = given.forge(header, claims, noise.replace(/[^\w]/g, ''));
        for (const use of ['mcp', 'approval'] as const) {
          const answer = await auth.authenticate(`Bearer ${token}`, use);
          expect(answer.ok).toBe(false);
          const said = JSON.stringify(answer);
          for (const part of token.split('.')) if (part.length > 8) expect(said).not.toContain(part);
        }
      }),
    );
  });

  test('with any claims and a good signature is answered; only the right audience passes', async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, async (claims) => {
        const token = await given.sign(key, ISSUER, claims);
        const answer = await auth.authenticate(`Bearer ${token}`, 'mcp');
        const audience = [Object.hasOwn(claims, 'aud') ? claims['aud'] : given.MCP].flat();
        if (answer.ok) expect(audience.includes(given.MCP) && !audience.includes(given.APPROVALS)).toBe(true);
        else expect(JSON.stringify(answer)).not.toContain(token);
      }),
      { numRuns: 200 },
    );
  });

  test('what is read from a token is what it says', () => {
    const text = fc.string({ unit: 'grapheme-ascii', maxLength: 100 }).filter((label) => !label.includes('eyJ'));
    fc.assert(
      fc.property(text, text, (iss, sub) => {
        const bearer = readBearer(`Bearer ${given.forge({ alg: 'RS256', typ: 'JWT' }, { iss, sub }, 'c2ln')}`);
        expect(bearer).toMatchObject({
          kind: 'token',
          unchecked: { algorithm: 'RS256', type: 'jwt', issuer: iss, claimed: { issuer: iss, subject: sub } },
        });
      }),
    );
  });
});

describe('memory of verified tokens', () => {
  const verified = (subject: string) => ({
    scopes: [],
    audience: [given.MCP],
    principal: {
      issuer: ISSUER,
      subject,
      kind: 'human' as const,
      groups: [],
      clientId: null,
      actor: null,
      amr: [],
      acr: null,
      authTime: null,
      tokenId: 'hs256:a:b' as const,
      expiresAt: 0,
      name: null,
      email: null,
    },
  });

  test('keeps the most recently used within its bound, for one generation of keys', () => {
    const cache = createVerifiedCache(2);
    cache.put('a', 'g1', verified('a'));
    cache.put('b', 'g1', verified('b'));
    expect(cache.get('a', 'g1')?.principal.subject).toBe('a');
    cache.put('c', 'g1', verified('c'));
    expect(cache.get('b', 'g1')).toBeUndefined();
    expect(cache.get('a', 'g1')).toBeDefined();
    expect(cache.get('a', 'g2')).toBeUndefined();
    expect(cache.get('a', 'g1')).toBeUndefined();
    cache.drop('c');
    expect(cache.get('c', 'g1')).toBeUndefined();
  });
});
