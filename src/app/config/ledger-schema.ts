/** The parts of the schema under `ledger` that say where it is anchored, how long it is kept, and who orders removals. */
import { z } from 'zod';
import { parseCosigner } from '../../base/cosignature.js';
import { NoteError, parseVerifierKey } from '../../base/note.js';
import { awsRegion, duration, line, path, roleArn, secretName, secureUrl, webUrl } from './fields.js';

const parsesBy =
  (parse: (text: string) => unknown) =>
  (text: string): boolean => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof NoteError) return false;
      throw error;
    }
  };

const s3 = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  region: awsRegion,
  prefix: line(200).regex(/\/$/, 'must end in /').default('countersign/'),
  retention: duration('1d', '36500d').prefault('400d'),
  profile: line(200).optional(),
  roleArn: roleArn.optional(),
  externalId: line(1_224).optional(),
  endpoint: secureUrl.optional(),
});

const witness = z.strictObject({
  url: secureUrl,
  key: line(400).refine(parsesBy(parseCosigner), {
    error: 'must be a verifier key of a witness: name+id+base64, type 4',
  }),
});

/** One anchor: exactly one kind. */
const anchor = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, 'must be 1 to 40 letters, digits, "_" or "-"'),
    every: duration('10s', '7d').optional(),
    s3: s3.optional(),
    timestamp: z.strictObject({ url: webUrl }).optional(),
    witness: witness.optional(),
    file: z.strictObject({ path }).optional(),
  })
  .refine(
    ({ s3: bucket, timestamp, witness: service, file }) =>
      [bucket, timestamp, service, file].filter(Boolean).length === 1,
    {
      error: 'must have exactly one of s3, timestamp, witness and file',
    },
  );

const time = z.iso.datetime({ error: 'must be a time in UTC, such as 2026-11-24T00:00:00Z' });

const hold = z.strictObject({
  id: line(100),
  reason: line(500),
  from: time.optional(),
  to: time.optional(),
  person: line(600)
    .regex(/^https?:\/\/[^|]+\|.+$/, 'must be issuer|subject')
    .optional(),
});

const KMS_KEY = /^arn:aws(?:-cn|-us-gov)?:kms:([a-z0-9-]{1,30}):\d{12}:key\/[A-Za-z0-9-]{1,100}$/;

/** The region in the ARN of a key. */
export const regionOf = (arn: string): string => KMS_KEY.exec(arn)?.[1] ?? '';

/** Where the root key is: exactly one of `env`, `file` and `kms`, and how KMS is reached. */
export const rootKeySource = z
  .strictObject({
    env: secretName.optional(),
    file: path.optional(),
    kms: z
      .string()
      .regex(KMS_KEY, 'must be the ARN of a key in KMS, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-…')
      .optional(),
    profile: line(200).optional(),
    roleArn: roleArn.optional(),
    externalId: line(1_224).optional(),
    endpoint: secureUrl.optional(),
  })
  .refine(({ env, file, kms }) => [env, file, kms].filter((source) => source !== undefined).length === 1, {
    error: 'must name exactly one of env, file and kms',
  })
  .refine(
    ({ kms, profile, roleArn: role, externalId, endpoint }) =>
      kms !== undefined || [profile, role, externalId, endpoint].every((field) => field === undefined),
    { error: 'profile, roleArn, externalId and endpoint go with kms alone' },
  );

const isUnique = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** Members of `ledger`; each default is what a ledger has that names none of them. */
export const ledgerCare = {
  anchors: z
    .array(anchor)
    .max(20)
    .refine((anchors) => isUnique(anchors.map(({ name }) => name)), { error: 'must not use a name twice' })
    .default([]),
  maxUnanchored: duration('1m', '30d').optional(),
  retention: duration('1d', '36500d').prefault('400d'),
  recordRetention: duration('1d', '36500d').prefault('2555d'),
  custodians: z
    .array(line(400).refine(parsesBy(parseVerifierKey), { error: 'must be a verifier key: name+id+base64' }))
    .max(20)
    .refine(isUnique, { error: 'must not name a key twice' })
    .default([]),
  holds: z.array(hold).max(1_000).default([]),
} as const;

/** Where no anchor is named none could ever confirm anything. */
export const isAnchoredIfLimited = (ledger: {
  readonly anchors: readonly unknown[];
  readonly maxUnanchored?: number | undefined;
}): boolean => ledger.maxUnanchored === undefined || ledger.anchors.length > 0;

export type ParsedRootKey = z.output<typeof rootKeySource>;
export type ParsedAnchor = z.output<typeof anchor>;
export type ParsedHold = z.output<typeof hold>;
