/** From the parsed parts under `ledger` to what the stations are told. */
import type { AnchorSettings } from '../../model/anchor.js';
import type { SecretSource } from '../../model/credential-settings.js';
import type { HoldSettings } from '../../model/removal.js';
import type { KmsKeySettings } from '../../model/settings.js';
import { type ledgerCare, type ParsedAnchor, type ParsedHold, type ParsedRootKey, regionOf } from './ledger-schema.js';
import type { Configuration } from './schema.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const bucketOf = (
  s3: NonNullable<ParsedAnchor['s3']>,
): Omit<Extract<AnchorSettings, { kind: 's3' }>, 'name' | 'every'> => {
  const { profile = null, roleArn = null, externalId = null, endpoint = null } = s3;
  return { kind: 's3', ...s3, profile, roleArn, externalId, endpoint };
};

/** One anchor; a bucket and a witness are asked each minute, the others each hour, unless `every` says otherwise. */
const anchorOf = (parsed: ParsedAnchor, at: (path: string) => string): AnchorSettings => {
  const { name, s3, timestamp, witness, file } = parsed;
  const { every = s3 || witness ? MINUTE : HOUR } = parsed;
  if (s3) return { name, every, ...bucketOf(s3) };
  if (witness) return { name, every, kind: 'witness', url: witness.url.replace(/\/+$/, ''), key: witness.key };
  if (timestamp) return { name, every, kind: 'timestamp', url: timestamp.url };
  return { name, every, kind: 'file', path: at(file?.path ?? '') };
};

const timeOf = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));

const holdOf = ({ id, reason, from, to, person }: ParsedHold): HoldSettings => ({
  id,
  reason,
  from: timeOf(from),
  to: timeOf(to),
  person: person ?? null,
});

type Care = Pick<Configuration['ledger'], keyof typeof ledgerCare>;

/** Where the root key is; without a word of it, in the data folder. */
export const rootKeyOf = (
  parsed: ParsedRootKey | undefined,
  at: (path: string) => string,
  usual: string,
): SecretSource | KmsKeySettings => {
  if (!parsed) return { file: usual };
  const { env, file, kms, profile = null, roleArn = null, externalId = null, endpoint = null } = parsed;
  if (kms !== undefined) return { arn: kms, region: regionOf(kms), profile, roleArn, externalId, endpoint };
  return env === undefined ? { file: at(file ?? '') } : { env };
};

/** Anchors, retention, custodians and holds. */
export const careOf = (care: Care, at: (path: string) => string) => ({
  anchors: care.anchors.map((anchor) => anchorOf(anchor, at)),
  maxUnanchored: care.maxUnanchored ?? null,
  retention: care.retention,
  recordRetention: care.recordRetention,
  custodians: care.custodians,
  holds: care.holds.map(holdOf),
});
