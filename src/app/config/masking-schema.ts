/** The schema of `masking:`: profiles, their rules, and detectors of one's own. */
import { z } from 'zod';
import { customProblem } from '../../masking/custom.js';
import { MASK_MODES } from '../../model/masking-settings.js';
import { duration, glob, line, name, path, webUrl } from './fields.js';

/** Member names whose values are masked whole where a profile names none. */
export const DEFAULT_MASKED_KEYS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'api_key',
  'access_key',
  'secret_key',
  'private_key',
  'client_secret',
  'authorization',
  'cookie',
  'set_cookie',
  'credential',
  'credentials',
] as const;

const detectorId = line(60).regex(
  /^[a-z][a-z0-9-]*$/,
  'must be a detector, such as email, or a group, such as secrets',
);

const pointer = line(500).regex(
  /^(?:\/(?:[^~/]|~[01])*)+$/,
  'must be a JSON pointer such as /result/structuredContent/ssn',
);

const maskRule = z
  .strictObject({
    id: name,
    mode: z.enum(MASK_MODES),
    direction: z.enum(['to_server', 'to_client']).optional(),
    servers: z.array(glob).min(1).max(200).optional(),
    tools: z.array(glob).min(1).max(500).optional(),
    groups: z.array(line(200)).min(1).max(200).optional(),
    pointers: z.array(pointer).min(1).max(200).optional(),
    keys: z.array(line(100)).min(1).max(200).optional(),
    detectors: z.array(detectorId).min(1).max(100).optional(),
  })
  .describe('Every list that is left out selects everything. The first rule that covers a value decides.');

const presidio = z
  .strictObject({
    url: webUrl,
    language: z
      .string()
      .regex(/^[a-z]{2}$/, 'must be a language such as en')
      .default('en'),
    entities: z
      .array(z.string().regex(/^[A-Z][A-Z0-9_]{1,60}$/, 'must be an entity of the analyzer such as PERSON'))
      .min(1)
      .max(100)
      .default(['PERSON', 'LOCATION']),
    threshold: z.number().min(0).max(1).default(0.5),
    timeout: duration('50ms', '30s').prefault('2s'),
  })
  .describe('An analyzer of texts, asked about every message. Without its answer nothing passes.');

const maskingProfile = z.strictObject({
  detectors: z
    .array(z.enum(['secrets', 'personal', 'network']))
    .refine((list) => list.includes('secrets'), { error: 'must include secrets: masking cannot be switched off' })
    .default(['secrets', 'personal']),
  keys: z
    .array(line(100))
    .max(500)
    .default([...DEFAULT_MASKED_KEYS]),
  rules: z.array(maskRule).max(500).default([]),
  allow: z.array(line(500)).max(1_000).default([]),
  presidio: presidio.optional(),
});

const keyword = line(60).regex(/^[ !#-[\]-~]{2,60}$/, 'must be 2 to 60 printable ASCII characters without " and \\');

const custom = z
  .strictObject({
    kind: z.enum(['secrets', 'personal']).default('personal'),
    pattern: line(500),
    ignoreCase: z.boolean().default(false),
    keywords: z.array(keyword).max(50).default([]),
    validate: z.enum(['luhn', 'none']).default('none'),
    examples: z.strictObject({
      match: z.array(line(500)).min(1).max(50),
      noMatch: z.array(line(500)).min(1).max(50),
    }),
  })
  .superRefine(({ examples, ...detector }, context) => {
    const message = customProblem({ id: 'x-new', ...detector }, examples);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['pattern'], message });
  });

/** Ids begin with `x-`, so that a detector of a later version never gets the same one; `x-rule-` is kept back. */
const customId = z
  .string()
  .regex(/^x-(?!rule-)[a-z0-9-]{1,40}$/, 'must be x- and 1 to 40 lower-case letters, digits or "-"');

export const masking = z
  .strictObject({
    sealTo: path.describe('An auditor’s public key (JWK), to which clear requests and answers are sealed.').optional(),
    profiles: z.record(name, maskingProfile).default({}),
    detectors: z
      .record(customId, custom)
      .refine((map) => Object.keys(map).length <= 100, { error: 'must name at most 100 detectors' })
      .default({}),
  })
  .prefault({});
