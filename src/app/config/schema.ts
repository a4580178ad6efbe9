/**
 * The schema of `countersign.yaml`: types, bounds, formats and defaults of every field.
 * What concerns two fields at once is in `checks.ts`. docs/countersign.schema.json is generated from here.
 */
import { z } from 'zod';
import { ASYMMETRIC } from '../../identity/issuer.js';
import { ISSUER_PRESETS } from '../../model/identity-settings.js';
import { exportTarget } from './export-schema.js';
import {
  address,
  duration,
  isHost,
  line,
  name,
  oneOrMore,
  originUrl,
  path,
  secretSource,
  size,
  timeZone,
  webUrl,
} from './fields.js';
import { identitySource } from './identity-schema.js';
import { isAnchoredIfLimited, ledgerCare, rootKeySource } from './ledger-schema.js';
import { ledgerSource } from './ledgers-schema.js';
import { masking } from './masking-schema.js';
import { metrics, tls, traces } from './operating-schema.js';
import { groupOverage } from './overage-schema.js';
import { pins } from './pins-schema.js';
import { hours, policyRule } from './policy-schema.js';
import { concurrent, perMinute, server, serverId } from './server-schema.js';
import { trailSource } from './trail-schema.js';

const organization = z.strictObject({
  name: line(100),
  timezone: timeZone.default('UTC'),
  fiscalYearStart: z.int({ error: 'must be a month from 1 to 12' }).min(1).max(12).default(1),
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as "#1f4d3a", in quotes')
    .default('#1f4d3a'),
});

const gateway = z.strictObject({
  listen: address.prefault('127.0.0.1:8080'),
  admin: address.prefault('127.0.0.1:8081'),
  publicUrl: originUrl.optional(),
  adminUrl: originUrl.optional(),
  dataDir: path.default('./data'),
  maxRequest: size('1KiB', '64MiB').prefault('4MiB'),
  maxResponse: size('1KiB', '256MiB').prefault('16MiB'),
  allowedHosts: z
    .array(
      z
        .string()
        .max(260)
        .refine((text) => isHost(text.replace(/:\d{1,5}$/, '')), { error: 'must be a host name, or host:port' }),
    )
    .max(100)
    .default([]),
  allowedOrigins: z.array(originUrl).max(100).default([]),
  approvalHold: duration('0s', '10m').prefault('45s'),
  callTimeout: duration('1s', '1h').prefault('10m'),
  sessionIdle: duration('10s', '24h').prefault('15m'),
  limits: z.strictObject({ perMinute, concurrent: concurrent.default(1_000) }).prefault({}),
  tls: tls.optional(),
  adminTls: tls.optional(),
});

const issuer = z.strictObject({
  preset: z.enum(ISSUER_PRESETS).default('generic'),
  issuer: webUrl,
  audience: oneOrMore(line(500), 20).describe('One audience or a list: what makes a token valid for calls.'),
  approvalAudience: line(500).optional(),
  clientId: line(200).optional(),
  webClientId: line(200).optional(),
  groupsClaim: line(200)
    .default('groups')
    .describe('Name of the claim, or a JSON pointer such as /realm_access/roles.'),
  requiredClaims: z.record(line(200), z.array(line(500)).min(1).max(100)).optional(),
  scopes: z.array(line(200).regex(/^\S+$/, 'must be one scope, without spaces')).max(20).default([]),
  groupOverage: groupOverage.optional(),
  claims: z.array(line(200)).max(20).default([]).describe('Further claims to keep, for rules of policy.'),
  algorithms: z
    .array(z.enum([...ASYMMETRIC]))
    .min(1)
    .max(ASYMMETRIC.size)
    .default([...ASYMMETRIC]),
});

const principalKey = line(600).regex(/^https?:\/\/[^|]+\|.+$/, 'must be issuer|subject');

const identity = z.strictObject({
  issuers: z.array(issuer).min(1).max(20),
  approvalMaxAge: duration('10s', '1h').prefault('5m'),
  revoked: z
    .strictObject({
      subjects: z.array(principalKey).max(10_000).default([]),
      tokens: z.array(line(500)).max(10_000).default([]),
    })
    .prefault({}),
});

const person = z.strictObject({
  person: line(200),
  subjects: z.array(principalKey).max(50).default([]),
  agents: z.array(principalKey).max(500).default([]),
});

const approvalRule = z.strictObject({
  reviewers: z.array(line(200)).min(1).max(50),
  min: z.int().min(1).max(10).default(1),
  deadline: duration('10s', '7d').prefault('15m'),
  requireReason: z.boolean().default(true),
  everyGroup: z.boolean().default(false),
  requireRequestReason: z.boolean().default(false),
  passkey: z.enum(['required', 'optional', 'off']).optional(),
  mfa: z
    .strictObject({ amr: z.array(line(100)).max(50).default([]), acr: z.array(line(200)).max(50).default([]) })
    .refine(({ amr, acr }) => amr.length + acr.length > 0, { error: 'must name an amr or an acr value' })
    .optional(),
  window: z
    .strictObject({
      duration: duration('1m', '24h'),
      uses: z.int().min(1).max(1_000),
      tools: z.array(line(200)).max(100).default([]),
    })
    .optional(),
  limits: z
    .strictObject({
      open: z.int().min(1).max(20).default(20),
      perHour: z.int().min(1).max(10_000).default(120),
    })
    .prefault({}),
  channels: z.array(name).max(20).default([]),
});

const channel = z
  .strictObject({
    webhook: z.strictObject({ url: webUrl, secret: secretSource }).optional(),
    slack: z
      .strictObject({ channel: line(100), token: secretSource, api: webUrl.default('https://slack.com/api') })
      .optional(),
    teams: z.strictObject({ url: secretSource }).optional(),
  })
  .refine((kinds) => Object.values(kinds).filter((kind) => kind !== undefined).length === 1, {
    error: 'must have exactly one of webhook, slack and teams',
  });

const ledger = z
  .strictObject({
    origin: z
      .string()
      .max(100)
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9.-]*(?:\/[A-Za-z0-9._-]+)*$/,
        'must name this gateway for ever, such as example.com/mcp/gw-1',
      ),
    key: rootKeySource.optional(),
    digestKey: secretSource.optional(),
    heartbeat: duration('1s', '2m').prefault('60s'),
    rotate: z
      .strictObject({ size: size('1MiB', '1GiB').prefault('64MiB'), age: duration('1m', '1d').prefault('1h') })
      .prefault({}),
    reserve: size('0B', '1GiB').prefault('8MiB'),
    ...ledgerCare,
  })
  .refine(isAnchoredIfLimited, {
    path: ['maxUnanchored'],
    error: 'needs an anchor under ledger.anchors; without one no call would ever be let through',
  });

/** The whole file. Input types are what stands in YAML, output types have defaults, milliseconds and bytes. */
export const configuration = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  demo: z.boolean().default(false),
  organization,
  gateway: gateway.prefault({}),
  identity,
  servers: z
    .record(serverId, server)
    .refine((map) => Object.keys(map).length > 0, { error: 'must name at least one server' })
    .refine((map) => Object.keys(map).length <= 100, { error: 'must name at most 100 servers' }),
  people: z.array(person).max(10_000).default([]),
  policy: z.array(policyRule).max(2_000),
  pins: pins.optional(),
  approvals: z.record(name, approvalRule).default({}),
  passkeys: z.strictObject({ confirm: z.array(line(200)).max(50).default([]) }).prefault({}),
  channels: z
    .record(name, channel)
    .refine((map) => Object.keys(map).length <= 20, { error: 'must name at most 20 channels' })
    .default({}),
  masking,
  metrics: metrics.prefault({}),
  traces: traces.prefault({}),
  export: z
    .record(name, exportTarget)
    .refine((map) => Object.keys(map).length <= 20, { error: 'must name at most 20 exports' })
    .default({}),
  ledger,
  collect: z
    .strictObject({
      cloudtrail: z.array(trailSource).max(100).default([]),
      identity: z.array(identitySource).max(100).default([]),
      ledgers: z.array(ledgerSource).max(100).default([]),
    })
    .prefault({}),
  evidence: z
    .strictObject({
      outDir: path.default('./evidence'),
      controls: z.array(path).max(50).default([]),
      waivers: path.optional(),
      hours: hours.refine(({ from }) => from !== 1_440, { error: 'must begin before 24:00' }).optional(),
      key: secretSource.optional(),
    })
    .prefault({}),
});

export type Configuration = z.output<typeof configuration>;

const {
  demo,
  gateway: gatewayField,
  people,
  collect,
  evidence,
  approvals,
  channels,
  policy,
  pins: pinsField,
  servers,
} = configuration.shape;

/**
 * The sections one by one, each undefined where it does not hold, so that what concerns several
 * fields is checked in the same run as the fields themselves.
 */
export const sections = z.object({
  demo: demo.optional().catch(undefined),
  gateway: gatewayField.optional().catch(undefined),
  identity: identity.optional().catch(undefined),
  servers: servers.optional().catch(undefined),
  people: people.optional().catch(undefined),
  policy: policy.optional().catch(undefined),
  pins: pinsField.catch(undefined),
  approvals: approvals.optional().catch(undefined),
  channels: channels.optional().catch(undefined),
  masking: masking.optional().catch(undefined),
  ledger: ledger.optional().catch(undefined),
  collect: collect.optional().catch(undefined),
  evidence: evidence.optional().catch(undefined),
});

export type Sections = z.output<typeof sections>;
