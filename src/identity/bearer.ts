/**
 * What a bearer token says about itself before anything is checked: enough to find the issuer's keys.
 * Pure. The format is a JWS in compact serialisation (RFC 7515 §7.1) sent as RFC 6750 §2.1 says.
 */
import { JsonError, type JsonNode, member, parseJson, stringOf } from '../base/json.js';

/** Longest token read, in characters. Node's own limit for all headers together is 16 KiB. */
const MAX_TOKEN_LENGTH = 16_384;
const MAX_LABEL_LENGTH = 256;
const JSON_LIMITS = { maxDepth: 8 };

/** What the token claims, fit for a record: short, printable, and not itself a token. Never for a decision. */
interface Claimed {
  readonly issuer?: string;
  readonly subject?: string;
  readonly keyId?: string;
}

export interface UncheckedToken {
  readonly token: string;
  readonly algorithm: string | undefined;
  /** `typ` of the header, lower case. */
  readonly type: string | undefined;
  /** `iss` as claimed. */
  readonly issuer: string | undefined;
  readonly claimed: Claimed;
}

export type Bearer =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly unchecked: UncheckedToken };

/**
 * The token of an `Authorization` header. A header with another scheme counts as none (RFC 6750 §3.1).
 * Duplicate names in the token's header or claims make it malformed: no two readers may see different claims.
 */
export const readBearer = (authorization: string | undefined): Bearer => {
  const found = /^bearer(?: +(.*))?$/is.exec(authorization ?? '');
  if (!found) return { kind: 'none' };
  const unchecked = readToken(found[1] ?? '');
  return unchecked ? { kind: 'token', unchecked } : { kind: 'malformed' };
};

const readToken = (token: string): UncheckedToken | undefined => {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  // The third part may be empty: `alg: none` is refused by name, not as a matter of form.
  const [, head, body] = /^([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  const header = part(head);
  const claims = part(body);
  if (!header || !claims) return undefined;
  const text = (node: JsonNode, name: string): string | undefined => stringOf(member(node, name));
  return {
    token,
    algorithm: text(header, 'alg'),
    type: text(header, 'typ')?.toLowerCase(),
    issuer: text(claims, 'iss'),
    claimed: claimedOf(text(claims, 'iss'), text(claims, 'sub'), text(header, 'kid')),
  };
};

const part = (text: string | undefined): JsonNode | undefined => {
  if (text === undefined) return undefined;
  try {
    const node = parseJson(Buffer.from(text, 'base64url'), JSON_LIMITS);
    return node.kind === 'object' ? node : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

const claimedOf = (issuer: string | undefined, subject: string | undefined, keyId: string | undefined): Claimed => ({
  ...(isLabel(issuer) && { issuer }),
  ...(isLabel(subject) && { subject }),
  ...(isLabel(keyId) && { keyId }),
});

/** Strangers choose these texts: a control character or a token in one must not reach a record. */
const isLabel = (text: string | undefined): text is string =>
  text !== undefined && text.length <= MAX_LABEL_LENGTH && !/\p{C}|eyJ/u.test(text);
