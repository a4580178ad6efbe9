/** The schema of one source under `collect.ledgers`. */
import { z } from 'zod';
import { NoteError, parseVerifierKey } from '../../base/note.js';
import { awsRegion, line, path, roleArn, secureUrl } from './fields.js';

const isVerifierKey = (text: string): boolean => {
  try {
    parseVerifierKey(text);
    return true;
  } catch (error) {
    if (error instanceof NoteError) return false;
    throw error;
  }
};

const s3 = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  prefix: line(1_000).optional(),
  region: awsRegion.default('us-east-1'),
  profile: line(200).optional(),
  roleArn: roleArn.optional(),
  externalId: line(1_224).optional(),
  endpoint: secureUrl.optional(),
  requestPayer: z.boolean().default(false),
});

/** The folder of a ledger, or its copy in a bucket. */
export const ledgerSource = z
  .strictObject({
    dir: path.optional(),
    s3: s3.optional(),
    key: z.string().refine(isVerifierKey, { error: 'must be a verifier key, as verify prints it' }).optional(),
  })
  .refine(({ dir, s3: bucket }) => (dir === undefined) !== (bucket === undefined), {
    error: 'must have exactly one of dir and s3',
  });
