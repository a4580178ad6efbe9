/** Session tags of AssumeRole (IAM User Guide, "Pass session tags in AWS STS"; STS API Reference, Tag). */
import { z } from 'zod';
import { line } from './fields.js';

const tagKey = z
  .string()
  .regex(/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/iu, 'must be the key of a session tag, and not begin with aws:');

const tagValue = z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,256}$/u, 'must be the value of a session tag');

/** STS takes no more. */
const MOST = 50;

const few = <T extends z.core.SomeType>(value: T) =>
  z.record(tagKey, value).refine((map) => Object.keys(map).length <= MOST, { error: `must name at most ${MOST} tags` });

/** Key to the value that all sessions have. */
export const awsTags = few(tagValue).default({});

/** Key to the claim of the principal that holds the value. */
export const claimTags = few(line(200)).default({});
