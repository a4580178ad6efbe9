/** The kinds of field that several parts of the configuration share. Every message ends in the mend. */
import { z } from 'zod';
import { parseDuration, parseSize } from '../../base/clock.js';
import { isLoopback } from '../../base/loopback.js';
import { STORED_SECRET } from './secrets-manager.js';

/** Text of a name or label: one line, no control characters. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'must be one line without control characters');

/** A name that other parts of the file refer to. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    'must be 1 to 64 letters, digits, "_", "." or "-", a letter or digit first',
  );

/** Milliseconds, written `500ms`, `15m`, `400d`. Bounds are given in the same notation. */
export const duration = (min: string, max: string) =>
  z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 60s, 15m, 2h or 400d')
    .transform((text) => parseDuration(text) ?? -1)
    .refine((ms) => ms >= (parseDuration(min) ?? 0) && ms <= (parseDuration(max) ?? 0), {
      error: `must lie between ${min} and ${max}`,
    });

/** Bytes, written `64MiB`. */
export const size = (min: string, max: string) =>
  z
    .string()
    .regex(/^\d{1,9}(B|KiB|MiB|GiB)$/, 'must be a size such as 512KiB or 64MiB')
    .transform((text) => parseSize(text) ?? -1)
    .refine((bytes) => bytes >= (parseSize(min) ?? 0) && bytes <= (parseSize(max) ?? 0), {
      error: `must lie between ${min} and ${max}`,
    });

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$/;

/** Whether a text is a host name, an IPv4 address or an IPv6 address in brackets. */
export const isHost = (text: string): boolean => HOST.test(text);

/** An address to listen on: `host:port`, IPv6 in brackets. Clients are configured with it, so port 0 is none. */
export const address = z
  .string()
  .regex(/^.{1,255}:\d{1,5}$/, 'must be host:port, such as 127.0.0.1:8080 or [::1]:8080')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
  })
  .refine(({ host }) => isHost(host), { error: 'must be host:port, such as 127.0.0.1:8080 or [::1]:8080' })
  .refine(({ port }) => port >= 1 && port <= 65_535, { error: 'must have a port between 1 and 65535' })
  .transform(({ host, port }) => ({ host: host.replace(/^\[|\]$/g, ''), port }));

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

const isWebUrl = (text: string): boolean => {
  const url = parseUrl(text);
  return url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:');
};

/** An http or https URL without user information, query or fragment. */
export const webUrl = z
  .string()
  .max(2_048)
  .refine(isWebUrl, { error: 'must be a URL that starts with https:// or http://', abort: true })
  .refine((text) => !parseUrl(text)?.username && !parseUrl(text)?.password, {
    error: 'must not hold a user name or password; secrets do not stand in this file',
  })
  .refine((text) => !/[?#]/.test(text), { error: 'must not have a query or a fragment' });

/** A `webUrl` of https, or of this machine. */
export const secureUrl = webUrl.refine((url) => url.startsWith('https:') || isLoopback(new URL(url).hostname), {
  error: 'must start with https://',
});

/** Scheme, host and port alone; kept without a trailing slash. */
export const originUrl = webUrl
  .refine((text) => parseUrl(text)?.pathname === '/', { error: 'must be scheme, host and port, without a path' })
  .transform((text) => new URL(text).origin);

export const roleArn = z
  .string()
  .regex(
    /^arn:aws(?:-cn|-us-gov)?:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/,
    'must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/billing-mcp',
  );

export const awsRegion = z
  .string()
  .regex(/^[a-z]{2}(?:-[a-z]{2,10}){1,3}-\d{1,2}$/, 'must be an AWS region such as eu-central-1');

/** A pattern in which `*` stands for any run of characters, and nothing else is special. */
export const glob = line(200).refine((text) => !/[?[\]{}]/.test(text) && !text.startsWith('!'), {
  error: 'only * is a wildcard here; write one entry for each alternative',
});

/** A path; resolved against the folder of the file later. */
export const path = z
  .string()
  .min(1)
  .max(4_096)
  .refine((text) => !text.includes('\0'), { error: 'must not hold a zero byte' });

/** The variable of the environment that holds a secret. */
export const secretName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable');

/** Where a secret comes from: exactly one of `env`, `file` and `secretsManager`. */
export const secretSource = z
  .strictObject({
    env: secretName.optional(),
    file: path.optional(),
    secretsManager: z.string().regex(STORED_SECRET, 'must be the ARN of a secret in AWS Secrets Manager').optional(),
  })
  .refine((places) => Object.values(places).filter((place) => place !== undefined).length === 1, {
    error: 'must name exactly one of env, file and secretsManager',
  })
  .meta({ description: 'Where a secret comes from. Secrets never stand in this file.' });

export type ParsedSecret = z.output<typeof secretSource>;

/** One item or a list of them; always a list afterwards. */
export const oneOrMore = <T extends z.ZodType>(item: T, max: number) =>
  z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item).min(1).max(max));

const isTimeZone = (text: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

/** IANA name of a time zone. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { error: 'must be a time zone such as UTC or America/New_York' });
