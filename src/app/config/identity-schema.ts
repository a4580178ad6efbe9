/** The schema of one source under `collect.identity`. */
import { z } from 'zod';
import { awsRegion, line, originUrl, path, roleArn, secretSource, secureUrl, webUrl } from './fields.js';

const okta = z.strictObject({
  domain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+$/, 'must be the host of the organisation, such as example.okta.com'),
  token: secretSource,
  issuer: webUrl,
  subject: z.enum(['id', 'login']).default('id'),
  endpoint: originUrl.and(secureUrl).optional(),
});

const scim = z.strictObject({
  users: path,
  groups: path.optional(),
  issuer: webUrl,
  subject: z.enum(['id', 'userName', 'externalId']).default('id'),
});

const csv = z.strictObject({ file: path, issuer: webUrl });

const aws = z.strictObject({
  account: z.string().regex(/^\d{12}$/, 'must be an account id of 12 digits, in quotes'),
  region: awsRegion.default('us-east-1'),
  organization: z.boolean().default(false),
  identityCenter: awsRegion.optional(),
  profile: line(200).optional(),
  roleArn: roleArn.optional(),
  externalId: line(1_224).optional(),
  endpoint: secureUrl.optional(),
  exclude: z.array(roleArn).max(1_000).default([]),
});

/** An identity provider, an export of one, or an AWS account. */
export const identitySource = z
  .strictObject({ okta: okta.optional(), scim: scim.optional(), csv: csv.optional(), aws: aws.optional() })
  .refine((source) => Object.values(source).filter((kind) => kind !== undefined).length === 1, {
    error: 'must have exactly one of okta, scim, csv and aws',
  });
