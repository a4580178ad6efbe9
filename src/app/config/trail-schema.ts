/** The schema of one source under `collect.cloudtrail`. */
import { z } from 'zod';
import { awsRegion, duration, line, path, roleArn, secureUrl } from './fields.js';

const s3 = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  prefix: line(200).optional(),
  organization: z
    .string()
    .regex(/^o-[a-z0-9]{4,32}$/, 'must be the id of an organisation, such as o-a1b2c3d4e5')
    .optional(),
  accounts: z
    .array(z.string().regex(/^\d{12}$/, 'must be an account id of 12 digits, in quotes'))
    .max(10_000)
    .default([]),
  regions: z.array(awsRegion).max(100).default([]),
  region: awsRegion.optional(),
  profile: line(200).optional(),
  roleArn: roleArn.optional(),
  externalId: line(1_224).optional(),
  endpoint: secureUrl.optional(),
  cloudtrailEndpoint: secureUrl.optional(),
  requestPayer: z.boolean().default(false),
  since: duration('1d', '3660d').prefault('100d'),
  concurrency: z.int().min(1).max(64).default(32),
});

const lookup = z.strictObject({
  account: z.string().regex(/^\d{12}$/, 'must be an account id of 12 digits, in quotes'),
  regions: z.array(awsRegion).min(1).max(100),
  profile: line(200).optional(),
  roleArn: roleArn.optional(),
  externalId: line(1_224).optional(),
  endpoint: secureUrl.optional(),
  since: duration('6h', '90d').prefault('90d'),
});

/** A folder, a bucket, or an account whose events are looked up. */
export const trailSource = z
  .strictObject({ dir: path.optional(), s3: s3.optional(), lookup: lookup.optional() })
  .refine((source) => Object.values(source).filter((kind) => kind !== undefined).length === 1, {
    error: 'must have exactly one of dir, s3 and lookup',
  });
