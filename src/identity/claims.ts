/** Claims of a token whose signature was verified -> what the product knows about it. Pure. */
import { z } from 'zod';
import type { KeyedDigester } from '../base/digest.js';
import type { IssuerSettings } from '../model/identity-settings.js';
import type { AuthRefusal, Principal, TokenUse } from '../model/principal.js';
import { claimAt, PRESETS, type Preset, topOf } from './presets.js';

/** Clocks of issuer and gateway may differ by this, seconds. */
export const CLOCK_TOLERANCE = 5;

const label = z.string().max(1024);
/** NumericDate (RFC 7519 §2), which may have a fraction; records hold whole seconds. */
const seconds = z.number().min(0).max(Number.MAX_SAFE_INTEGER).transform(Math.floor);

const optional = label.nullable().default(null);

const Claims = z.looseObject({
  iss: label,
  sub: z.string().min(1).max(255),
  aud: z.union([label, z.array(label).max(64)]).transform((aud) => [aud].flat()),
  exp: seconds,
  iat: seconds.optional(),
  auth_time: seconds.nullable().default(null),
  jti: label.optional(),
  /** RFC 8693 §4.2; Okta and Entra ID write `scp`. */
  scope: z.string().max(8_192).optional(),
  scp: z.union([z.string().max(8_192), z.array(label).max(200)]).optional(),
  typ: label.optional(),
  act: z.object({ sub: z.string().min(1).max(255) }).optional(),
  amr: z.array(label).max(16).default([]),
  acr: optional,
  name: optional,
  email: optional,
  /** Claims that are too many for a token are named here and left out of it (OpenID Connect Core §5.6.2). */
  _claim_names: z.record(z.string(), z.unknown()).default({}),
});
type Claims = z.infer<typeof Claims>;

const Groups = z.array(z.string().min(1).max(256)).max(1000).default([]);

/** A token that is genuine. What it may be used for is asked each time (`admit`). */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: AuthRefusal };

const refuse = (reason: AuthRefusal): { readonly ok: false; readonly reason: AuthRefusal } => ({ ok: false, reason });

/**
 * Not an access token that a bearer may present: an ID token (it answers a `nonce` or hashes another token,
 * OpenID Connect Core §2; Keycloak says so in `typ`), or a token bound to its holder's key, which must not be
 * taken without proof of that key (RFC 9449 §7.2, RFC 8705 §3).
 */
const isOtherKind = (claims: Claims, { idTokens }: Preset): boolean =>
  [...(idTokens ? [] : ['nonce', 'at_hash', 'c_hash']), 'cnf'].some((name) => claims[name] !== undefined) ||
  /^(?:id|refresh|offline|logout)$/i.test(claims.typ ?? '');

const clientOf = (claims: Claims, { clientClaims }: Preset): string | null => {
  const found = clientClaims.map((name) => label.safeParse(claims[name])).find(({ success }) => success);
  return found?.data ?? null;
};

/** For the client credentials grant `sub` identifies the client (RFC 9068 §2.2), or the provider says so its own way. */
const isWorkload = (claims: Claims, client: string | null, preset: Preset): boolean =>
  claims.sub === client ||
  claims.sub === claims['client_id'] ||
  claims.sub === claims['azp'] ||
  preset.isWorkload(claims);

const groupsOf = (
  claims: Claims,
  claim: string,
  preset: Preset,
  elsewhere: readonly string[] | undefined,
): Checked<readonly string[]> => {
  // Fewer groups than the person has could miss a rule that denies.
  if (Object.hasOwn(claims['_claim_names'], topOf(claim)) || preset.leavesGroupsOut(claims))
    return elsewhere ? { ok: true, value: [...new Set(elsewhere)].sort() } : refuse('groups_left_out');
  const groups = Groups.safeParse(claimAt(claims, claim));
  return groups.success ? { ok: true, value: [...new Set(groups.data)].sort() } : refuse('malformed');
};

const scopesOf = ({ scope, scp }: Claims): readonly string[] =>
  [scope ?? scp ?? []].flat().flatMap((text) => text.split(' ').filter((one) => one !== ''));

const Texts = z
  .union([z.string().max(1024), z.number(), z.boolean(), z.array(z.string().max(1024)).max(1000)])
  .transform((value) => [value].flat().map(String));

/** The claims that the configuration says to keep, as texts; one of another form is left out, and fits no rule. */
const keptOf = (claims: Claims, names: readonly string[] = []): Pick<Principal, 'claims'> => {
  const kept = names.flatMap((name) => {
    const texts = Texts.safeParse(claimAt(claims, name));
    return texts.success ? [[name, texts.data] as const] : [];
  });
  return names.length === 0 ? {} : { claims: Object.fromEntries(kept) };
};

const hasRequired = (claims: Claims, required: NonNullable<IssuerSettings['requiredClaims']> = {}): boolean =>
  Object.entries(required).every(([name, values]) => {
    const texts = Texts.safeParse(claimAt(claims, name));
    return texts.success && texts.data.some((one) => values.includes(one));
  });

const isImplausible = ({ iat, exp }: Claims): boolean => iat !== undefined && iat > exp;
const isFromTheFuture = ({ iat }: Claims, now: number): boolean => iat !== undefined && iat > now + CLOCK_TOLERANCE;

/**
 * Reads the claims of a verified token.
 * @param payload claims of a token whose signature, issuer and times jose has checked
 * @param now seconds since 1970
 * @param elsewhere all groups of the account, where the token leaves them out
 */
export const readClaims = (
  payload: unknown,
  token: string,
  issuer: IssuerSettings,
  digest: KeyedDigester,
  now: number,
  elsewhere?: readonly string[],
): Checked<VerifiedToken> => {
  const parsed = Claims.safeParse(payload);
  if (!parsed.success) return refuse('malformed');
  const claims = parsed.data;
  const preset = PRESETS[issuer.preset ?? 'generic'];
  if (isOtherKind(claims, preset) || isImplausible(claims)) return refuse('malformed');
  if (isFromTheFuture(claims, now)) return refuse('not_yet_valid');
  if (!hasRequired(claims, issuer.requiredClaims)) return refuse('missing_claim');
  const groups = groupsOf(claims, issuer.groupsClaim, preset, elsewhere);
  if (!groups.ok) return groups;
  const clientId = clientOf(claims, preset);
  const principal: Principal = {
    issuer: claims.iss,
    subject: claims.sub,
    kind: isWorkload(claims, clientId, preset) ? 'workload' : 'human',
    groups: groups.value,
    ...keptOf(claims, issuer.claims),
    clientId,
    actor: claims.act?.sub ?? null,
    amr: claims.amr,
    acr: claims.acr,
    authTime: claims.auth_time,
    tokenId: digest('token-id', claims.jti ?? token),
    expiresAt: claims.exp,
    name: claims.name,
    email: claims.email,
  };
  return { ok: true, value: { principal, audience: claims.aud, scopes: scopesOf(claims) } };
};

/** The audiences of all issuers: a token that carries one of the other use is refused, whoever issued it. */
export interface Audiences {
  readonly mcp: ReadonlySet<string>;
  readonly approval: ReadonlySet<string>;
}

export const audiencesOf = (issuers: readonly IssuerSettings[]): Audiences => ({
  mcp: new Set(issuers.flatMap(({ audience }) => audience)),
  approval: new Set(issuers.flatMap(({ approvalAudience }) => approvalAudience ?? [])),
});

const isFor = (audience: readonly string[], use: TokenUse, issuer: IssuerSettings, all: Audiences): boolean => {
  const own: readonly string[] = use === 'mcp' ? issuer.audience : [issuer.approvalAudience ?? []].flat();
  const other = use === 'mcp' ? all.approval : all.mcp;
  return audience.some((one) => own.includes(one)) && !audience.some((one) => other.has(one));
};

/**
 * Whether a genuine token may be used for this now. Asked at every use, since time passes.
 *
 * An approval needs the person in person: a recent interactive login, no workload, and nobody who acts for
 * the person (`act`, RFC 8693 §4.1).
 * @param now seconds since 1970
 * @param maxAge oldest login for approvals, seconds
 */
export const admit = (
  { principal, audience, scopes }: VerifiedToken,
  use: TokenUse,
  issuer: IssuerSettings,
  all: Audiences,
  now: number,
  maxAge: number,
): AuthRefusal | undefined => {
  if (principal.expiresAt <= now - CLOCK_TOLERANCE) return 'expired';
  if (!isFor(audience, use, issuer, all)) return 'wrong_audience';
  if (use === 'mcp')
    return issuer.scopes?.every((one) => scopes.includes(one)) === false ? 'insufficient_scope' : undefined;
  if (principal.authTime === null) return 'missing_claim';
  if (principal.authTime > now + CLOCK_TOLERANCE) return 'not_yet_valid';
  const stale = now - principal.authTime > maxAge + CLOCK_TOLERANCE;
  return stale || principal.kind === 'workload' || principal.actor !== null ? 'stale_login' : undefined;
};
