import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import type { Clock } from '../../src/base/clock.js';
import { createKeyedDigester } from '../../src/base/digest.js';
import type { IdpClient, Person } from '../../src/demo/idp.js';
import { type AuthenticatorDeps, createAuthenticator } from '../../src/identity/authenticator.js';
import type { IssuerSettings } from '../../src/model/identity-settings.js';

export const MCP = 'https://mcp.example.com';
export const APPROVALS = 'https://mcp.example.com/approvals';
export const CLI = 'countersign-cli';
export const AGENT = 'agent-ci';

export const people: readonly Person[] = [
  { id: 'ada', name: 'Ada Adams', email: 'ada@example.com', groups: ['platform-leads', 'engineering'] },
  { id: 'ben', name: 'Ben Brown', email: 'ben@example.com', groups: [] },
];
export const clients: readonly IdpClient[] = [
  { id: CLI, secret: null, groups: [] },
  { id: AGENT, secret: 'not-a-secret', groups: ['agents'] },
];

/** A private signing key as its owner holds it. */
export const newKey = (alg: 'RS256' | 'ES256' = 'RS256'): JWK => {
  const { privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk: JWK = privateKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify(jwk)).digest('hex').slice(0, 16);
  return { ...jwk, alg, use: 'sig', kid };
};

/** Both clocks of a test, turned by hand from the real time. */
export const handClock = () => {
  let offset = 0;
  const clock: Clock = {
    now: () => Date.now() + offset,
    monotonic: () => Math.floor(performance.now() + offset),
    boot: randomUUID(),
  };
  return { clock, turn: (ms: number) => (offset += ms) };
};

export const issuerSettings = (issuer: string, more: Partial<IssuerSettings> = {}): IssuerSettings => ({
  issuer,
  audience: [MCP],
  approvalAudience: APPROVALS,
  clientId: CLI,
  groupsClaim: 'groups',
  algorithms: ['RS256', 'ES256'],
  ...more,
});

export const authenticatorOf = (issuers: readonly IssuerSettings[], more: Partial<AuthenticatorDeps> = {}) =>
  createAuthenticator({
    issuers,
    approvalMaxAge: 15 * 60_000,
    digest: createKeyedDigester(Buffer.alloc(32, 7)),
    clock: handClock().clock,
    demo: true,
    refreshInterval: 0,
    ...more,
  });

export const seconds = (): number => Math.floor(Date.now() / 1000);

type Claims = Readonly<Record<string, unknown>>;

/** A token the issuer could have signed: good claims, changed as asked; `undefined` leaves a claim out. */
export const sign = async (key: JWK, issuer: string, claims: Claims = {}, header: Claims = {}): Promise<string> => {
  const now = seconds();
  const good = { iss: issuer, sub: 'ada', aud: MCP, iat: now, exp: now + 600, client_id: CLI, groups: ['engineering'] };
  const entries = Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined);
  const protectedHeader = { alg: key.alg ?? 'RS256', kid: key.kid ?? '', typ: 'at+jwt', ...header };
  const chosen = Object.fromEntries(Object.entries(protectedHeader).filter(([, value]) => value !== undefined));
  return new SignJWT(Object.fromEntries(entries))
    .setProtectedHeader({ alg: protectedHeader.alg, ...chosen })
    .sign(await importJWK(key, key.alg));
};

/** A token from parts as they are, with any signature. */
export const forge = (header: unknown, claims: unknown, signature: string): string => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.${signature}`;
};
