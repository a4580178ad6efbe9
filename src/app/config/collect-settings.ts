/** Settings of `collect`: where CloudTrail and identities come from. */

import type { SecretSource } from '../../model/credential-settings.js';
import type { IdentitySourceSettings } from '../../model/identity-source-settings.js';
import type { LedgerSource } from '../../model/peer-ledger.js';
import type { Settings } from '../../model/settings.js';
import type { S3TrailSettings, TrailSource } from '../../model/trail-settings.js';
import type { Configuration } from './schema.js';

type Collect = Configuration['collect'];
type Resolve = (path: string) => string;
type Okta = NonNullable<Collect['identity'][number]['okta']>;

const orNull = (text: string | undefined): string | null => text ?? null;

const folderOf = (prefix: string): string => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`);

const bucketOf = (s3: NonNullable<Collect['cloudtrail'][number]['s3']>): S3TrailSettings => {
  const { prefix = '' } = s3;
  return {
    ...s3,
    prefix: folderOf(prefix),
    region: s3.region ?? s3.regions[0] ?? 'us-east-1',
    organization: orNull(s3.organization),
    profile: orNull(s3.profile),
    roleArn: orNull(s3.roleArn),
    externalId: orNull(s3.externalId),
    endpoint: orNull(s3.endpoint),
    cloudtrailEndpoint: orNull(s3.cloudtrailEndpoint),
  };
};

/** Credentials and endpoint of a client of AWS. */
const accessOf = (aws: { readonly [K in 'profile' | 'roleArn' | 'externalId' | 'endpoint']?: string | undefined }) => ({
  profile: orNull(aws.profile),
  roleArn: orNull(aws.roleArn),
  externalId: orNull(aws.externalId),
  endpoint: orNull(aws.endpoint),
});

const trailOf = ({ dir, s3, lookup }: Collect['cloudtrail'][number], at: Resolve): TrailSource => {
  if (s3 !== undefined) return { s3: bucketOf(s3) };
  if (lookup === undefined) return { dir: at(dir ?? '') };
  return { lookup: { ...lookup, ...accessOf(lookup) } };
};

const identityOf = (
  { okta, scim, csv, aws }: Collect['identity'][number],
  at: Resolve,
  secret: (source: Okta['token']) => SecretSource,
): IdentitySourceSettings => {
  if (okta !== undefined) {
    const { domain, endpoint, token, ...rest } = okta;
    return { okta: { ...rest, origin: endpoint ?? `https://${domain}`, token: secret(token) } };
  }
  if (scim !== undefined) {
    const groups = scim.groups === undefined ? null : at(scim.groups);
    return { scim: { ...scim, users: at(scim.users), groups } };
  }
  if (csv !== undefined) return { csv: { ...csv, file: at(csv.file) } };
  if (aws === undefined) throw new Error('a source of identities is of no kind');
  return { aws: { ...aws, ...accessOf(aws), identityCenter: orNull(aws.identityCenter) } };
};

const ledgerOf = ({ dir, s3, key }: Collect['ledgers'][number], at: Resolve): LedgerSource => {
  if (s3 === undefined) return { key: orNull(key), from: { dir: at(dir ?? '') } };
  const { prefix = '' } = s3;
  return { key: orNull(key), from: { s3: { ...s3, prefix: folderOf(prefix), ...accessOf(s3) } } };
};

/** What `collect` becomes. */
export const collectOf = (
  collect: Collect,
  at: Resolve,
  secret: (source: Okta['token']) => SecretSource,
): Settings['collect'] => ({
  cloudtrail: collect.cloudtrail.map((source) => trailOf(source, at)),
  identity: collect.identity.map((source) => identityOf(source, at, secret)),
  ledgers: collect.ledgers.map((source) => ledgerOf(source, at)),
});
