/** `servers.*.http.oauth`: tokens that the gateway gets for a server. */
import { z } from 'zod';
import type { OAuthSettings, SecretSource } from '../../model/credential-settings.js';
import { line, type ParsedSecret, secretSource, secureUrl } from './fields.js';

const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, 'must be one scope, without spaces');

export const oauth = z
  .strictObject({
    grant: z.enum(['client_credentials', 'token_exchange']).default('client_credentials'),
    issuer: secureUrl.optional(),
    tokenUrl: secureUrl.optional(),
    clientId: line(500),
    clientSecret: secretSource,
    clientAuth: z.enum(['basic', 'post']).default('basic'),
    scopes: z.array(scope).max(50).default([]),
    resource: secureUrl.optional(),
    audience: line(500).optional(),
  })
  .refine(({ issuer, tokenUrl }) => (issuer === undefined) !== (tokenUrl === undefined), {
    error: 'must have exactly one of issuer and tokenUrl',
  });

/** @param secret makes a source of what stands in the file */
export const oauthOf = (
  { issuer, tokenUrl, ...parsed }: z.output<typeof oauth>,
  secret: (source: ParsedSecret) => SecretSource,
): OAuthSettings => ({
  ...parsed,
  at: issuer === undefined ? { kind: 'tokenUrl', tokenUrl: tokenUrl ?? '' } : { kind: 'issuer', issuer },
  clientSecret: secret(parsed.clientSecret),
  resource: parsed.resource ?? null,
  audience: parsed.audience ?? null,
});
