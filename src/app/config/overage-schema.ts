/** `identity.issuers[].groupOverage`: groups that tokens of Entra ID leave out. */
import { z } from 'zod';
import type { SecretSource } from '../../model/credential-settings.js';
import type { GroupOverageSettings } from '../../model/identity-settings.js';
import { line, type ParsedSecret, secretSource, secureUrl } from './fields.js';

export const groupOverage = z.strictObject({
  clientId: line(200),
  clientSecret: secretSource,
  tokenUrl: secureUrl.optional(),
  graph: secureUrl.default('https://graph.microsoft.com'),
  securityEnabledOnly: z.boolean().default(true),
});

const TENANT = /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\/([\da-f-]{36})\/(?:v2\.0)?$/i;

/** The token endpoint of the tenant that an issuer names; null for one of another form. */
export const tokenUrlOf = (issuer: string): string | null => {
  const tenant = TENANT.exec(issuer)?.[1];
  return tenant === undefined ? null : `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`;
};

/** @param secret makes a source of what stands in the file */
export const overageOf = (
  { tokenUrl, ...parsed }: z.output<typeof groupOverage>,
  issuer: string,
  secret: (source: ParsedSecret) => SecretSource,
): GroupOverageSettings => ({
  ...parsed,
  clientSecret: secret(parsed.clientSecret),
  tokenUrl: tokenUrl ?? tokenUrlOf(issuer) ?? '',
});
