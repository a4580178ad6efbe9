/** The section `export`: where records are sent, and in which form. */
import { z } from 'zod';
import type { SecretSource } from '../../model/credential-settings.js';
import type { ExportSettings } from '../../model/settings.js';
import {
  awsRegion,
  isHost,
  line,
  type ParsedSecret,
  path,
  roleArn,
  secretSource,
  secureUrl,
  webUrl,
} from './fields.js';

const KINDS = ['file', 'splunk', 'syslog', 'otlp', 's3'] as const;

const syslog = z.strictObject({
  host: z.string().max(255).refine(isHost, { error: 'must be a host name or an address' }),
  port: z.int().min(1).max(65_535).default(6_514),
  ca: path.optional(),
});

const s3 = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  region: awsRegion,
  prefix: line(200).regex(/\/$/, 'must end in /').default('countersign-export/'),
  profile: line(200).optional(),
  roleArn: roleArn.optional(),
  endpoint: secureUrl.optional(),
});

export const exportTarget = z
  .strictObject({
    format: z.enum(['ocsf', 'ndjson']).default('ocsf'),
    file: path.optional(),
    splunk: z
      .strictObject({ url: webUrl, token: secretSource, sourcetype: line(100).default('countersign') })
      .optional(),
    syslog: syslog.optional(),
    s3: s3.optional(),
    otlp: z.strictObject({ url: webUrl, headers: z.record(line(100), secretSource).default({}) }).optional(),
  })
  .refine((target) => KINDS.filter((kind) => target[kind] !== undefined).length === 1, {
    error: `must have exactly one of ${KINDS.join(', ')}`,
  });

type At = (path: string) => string;

/** @param at makes a path absolute; @param secret makes a source of what stands in the file */
export const exportOf = (
  name: string,
  target: z.output<typeof exportTarget>,
  at: At,
  secret: (parsed: ParsedSecret) => SecretSource,
): ExportSettings => {
  const { format, file, splunk, syslog: receiver, otlp, s3: bucket } = target;
  const to = (): ExportSettings['to'] => {
    if (splunk) return { kind: 'splunk', ...splunk, token: secret(splunk.token) };
    if (receiver) return { kind: 'syslog', ...receiver, ca: receiver.ca === undefined ? null : at(receiver.ca) };
    if (bucket) {
      const { endpoint = null, profile = null, roleArn: role = null } = bucket;
      return { kind: 's3', ...bucket, endpoint, profile, roleArn: role };
    }
    if (otlp) {
      const headers = Object.entries(otlp.headers).map(([header, source]) => [header, secret(source)] as const);
      return { kind: 'otlp', url: otlp.url, headers: Object.fromEntries(headers) };
    }
    return { kind: 'file', path: at(file ?? '') };
  };
  return { name, format, to: to() };
};
