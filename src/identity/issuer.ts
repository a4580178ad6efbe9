/** An issuer's published metadata and keys (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517). */
import { z } from 'zod';
import { CountersignError } from '../base/errors.js';
import { isLoopback } from '../base/loopback.js';
import type { IssuerSettings } from '../model/identity-settings.js';
import { type Fetch, fetchJson } from './fetch-json.js';

/** Signature algorithms that can be allowed. Symmetric ones and `none` never are: a public key is no secret. */
export const ASYMMETRIC: ReadonlySet<string> = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);

/** Whether an address may be asked for metadata, keys or tokens: https, or in a demo http on this machine. */
export const isTrustworthyUrl = (text: string, demo: boolean): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return true;
  return demo && url?.protocol === 'http:' && isLoopback(url.hostname);
};

const problemOf = (issuer: IssuerSettings, demo: boolean): string | undefined => {
  if (!isTrustworthyUrl(issuer.issuer, demo)) return 'it must be an https address (http only on loopback in a demo)';
  const url = new URL(issuer.issuer);
  if (url.search || url.hash || url.username) return 'it must have no query, fragment or user';
  if (issuer.audience.length === 0) return 'it has no audience';
  if (issuer.algorithms.length === 0) return 'it allows no signature algorithm';
  const refused = issuer.algorithms.find((algorithm) => !ASYMMETRIC.has(algorithm));
  return refused === undefined ? undefined : `the algorithm ${refused} is not an asymmetric signature`;
};

/**
 * Refuses settings under which tokens could not be told apart or trusted.
 * @throws CountersignError ISSUER_INVALID
 */
export const checkIssuers = (issuers: readonly IssuerSettings[], demo: boolean): void => {
  const approval = new Set(issuers.map(({ approvalAudience }) => approvalAudience));
  const seen = new Set<string>();
  for (const issuer of issuers) {
    const shared = issuer.audience.find((audience) => approval.has(audience));
    const problem =
      problemOf(issuer, demo) ??
      (seen.has(issuer.issuer) ? 'it is listed twice' : undefined) ??
      (shared === undefined ? undefined : `the audience ${shared} is also an approval audience`);
    if (problem !== undefined) throw new CountersignError('ISSUER_INVALID', { issuer: issuer.issuer, problem });
    seen.add(issuer.issuer);
  }
};

const Metadata = z.looseObject({ issuer: z.string(), jwks_uri: z.string().max(2048) });
const member = z.string().max(2048).exactOptional();
/** Members used for verifying (RFC 7517 §4, RFC 7518 §6); anything else, a private part included, is dropped. */
const Jwk = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: member,
  alg: member,
  use: member,
  key_ops: z.array(z.string()).max(10).exactOptional(),
  crv: member,
  n: member,
  e: member,
  x: member,
  y: member,
});
const JwkSet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

export type PublicJwk = z.infer<typeof Jwk>;
export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** The two places of the metadata: OpenID Connect Discovery §4, then RFC 8414 §3.1 (path inserted). */
const metadataUrls = (issuer: string): readonly string[] => {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
};

/** The address of the issuer's keys. The document must name exactly the configured issuer (RFC 8414 §3.3). */
export const discoverKeysUrl = async (
  fetch: Fetch,
  issuer: string,
  demo: boolean,
  closed: AbortSignal,
): Promise<Found<string>> => {
  let problem = '';
  for (const url of metadataUrls(issuer)) {
    const fetched = await fetchJson(fetch, url, closed);
    if (fetched.ok) return keysUrlOf(url, fetched.value, issuer, demo);
    problem = fetched.problem;
    if (!fetched.answered) break;
  }
  return { ok: false, problem };
};

const keysUrlOf = (url: string, document: unknown, issuer: string, demo: boolean): Found<string> => {
  const metadata = Metadata.safeParse(document);
  if (!metadata.success) return { ok: false, problem: `${url} is no metadata of an issuer` };
  if (metadata.data.issuer !== issuer) return { ok: false, problem: `${url} names another issuer` };
  if (!isTrustworthyUrl(metadata.data.jwks_uri, demo))
    return { ok: false, problem: `${url} names keys at no https address` };
  return { ok: true, value: metadata.data.jwks_uri };
};

/** The asymmetric keys published at an address; others in the set are left out. */
export const fetchKeys = async (
  fetch: Fetch,
  url: string,
  closed: AbortSignal,
): Promise<Found<readonly PublicJwk[]>> => {
  const fetched = await fetchJson(fetch, url, closed);
  if (!fetched.ok) return fetched;
  const set = JwkSet.safeParse(fetched.value);
  if (!set.success) return { ok: false, problem: `${url} is no key set` };
  const keys = set.data.keys.flatMap((key) => {
    const parsed = Jwk.safeParse(key);
    return parsed.success ? [parsed.data] : [];
  });
  return keys.length > 0 ? { ok: true, value: keys } : { ok: false, problem: `${url} holds no asymmetric key` };
};
