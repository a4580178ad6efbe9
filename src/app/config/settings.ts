/** The parsed file as the stations' settings: absolute paths, defaults that depend on other fields. */
import { join, resolve } from 'node:path';
import { isLoopback } from '../../base/loopback.js';
import type { SecretSource } from '../../model/credential-settings.js';
import type { IssuerSettings } from '../../model/identity-settings.js';
import type { MaskRule } from '../../model/masking-settings.js';
import type { ChannelSettings, Settings } from '../../model/settings.js';
import { collectOf } from './collect-settings.js';
import { exportOf } from './export-schema.js';
import type { ParsedSecret } from './fields.js';
import { careOf, rootKeyOf } from './ledger-settings.js';
import { DEFAULT_MASKED_KEYS } from './masking-schema.js';
import { tlsOf } from './operating-schema.js';
import { overageOf } from './overage-schema.js';
import { hoursOf, ruleOf } from './policy-schema.js';
import type { Configuration } from './schema.js';
import { limitsOf, type Resolve, secretOf, secretsOf, serverOf } from './server-settings.js';

const gatewayOf = ({ gateway }: Configuration, at: Resolve): Settings['gateway'] => {
  const { listen } = gateway;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    listen,
    admin: gateway.admin,
    publicUrl: gateway.publicUrl ?? `http://${host}:${listen.port}`,
    adminUrl: gateway.adminUrl ?? (isLoopback(gateway.admin.host) ? `http://localhost:${gateway.admin.port}` : null),
    dataDir: at(gateway.dataDir),
    maxRequestBytes: gateway.maxRequest,
    maxResponseBytes: gateway.maxResponse,
    allowedHosts: gateway.allowedHosts,
    allowedOrigins: gateway.allowedOrigins,
    approvalHold: gateway.approvalHold,
    callTimeout: gateway.callTimeout,
    sessionIdle: gateway.sessionIdle,
    limits: limitsOf(gateway.limits, gateway),
    ...(gateway.tls ? { tls: tlsOf(gateway.tls, at) } : {}),
    ...(gateway.adminTls ? { adminTls: tlsOf(gateway.adminTls, at) } : {}),
  };
};

type ParsedProfile = Configuration['masking']['profiles'][string];

const maskRuleOf = (rule: ParsedProfile['rules'][number]): MaskRule => ({
  id: rule.id,
  mode: rule.mode,
  direction: rule.direction ?? null,
  servers: rule.servers ?? [],
  tools: rule.tools ?? [],
  groups: rule.groups ?? [],
  pointers: rule.pointers ?? [],
  keys: rule.keys ?? [],
  detectors: rule.detectors ?? [],
});

const maskingOf = ({ masking }: Configuration): Settings['masking'] => {
  const custom = Object.entries(masking.detectors).map(([id, one]) => ({
    id,
    kind: one.kind,
    pattern: one.pattern,
    ignoreCase: one.ignoreCase,
    keywords: one.keywords,
    validate: one.validate,
  }));
  const profiles: Settings['masking'] = Object.entries(masking.profiles).map(
    ([name, { presidio = null, rules, ...profile }]) => ({
      name,
      ...profile,
      rules: rules.map(maskRuleOf),
      presidio,
      custom,
    }),
  );
  if (profiles.some(({ name }) => name === 'default')) return profiles;
  return [{ name: 'default', detectors: ['secrets', 'personal'], keys: [...DEFAULT_MASKED_KEYS], custom }, ...profiles];
};

/** High risk asks for the reviewer's own signature, unless the file says otherwise. */
export const passkeyOf = (
  {
    approvals,
    policy,
  }: {
    readonly approvals?: Configuration['approvals'] | undefined;
    readonly policy?: Configuration['policy'] | undefined;
  },
  name: string,
): 'required' | 'optional' | 'off' =>
  approvals?.[name]?.passkey ??
  (policy?.some(({ approval, risk }) => approval === name && risk === 'high') ? 'required' : 'optional');

const tracesOf = ({ traces: { otlp } }: Configuration, at: Resolve): Pick<Settings, 'traces'> =>
  otlp ? { traces: { ...otlp, headers: secretsOf(otlp.headers, at) } } : {};

type ParsedChannel = Configuration['channels'][string];

/** The schema lets exactly one kind through. */
const channelOf = (name: string, { webhook, slack, teams }: ParsedChannel, at: Resolve): ChannelSettings => {
  if (slack) {
    const api = slack.api.replace(/\/$/, '');
    return { name, kind: 'slack', channel: slack.channel, token: secretOf(slack.token, at), api };
  }
  if (teams) return { name, kind: 'teams', url: secretOf(teams.url, at) };
  return { name, kind: 'webhook', url: webhook?.url ?? '', secret: secretOf(webhook?.secret ?? {}, at) };
};

export interface ConfigFile {
  /** Absolute path. */
  readonly file: string;
  /** Its folder: what relative paths are relative to. */
  readonly folder: string;
  readonly provenance: Settings['provenance'];
}

type KeySource = (source: ParsedSecret | undefined, name: string) => SecretSource;

const ledgerOf = (
  ledger: Configuration['ledger'],
  at: Resolve,
  key: KeySource,
  dataDir: string,
): Settings['ledger'] => ({
  origin: ledger.origin,
  key: rootKeyOf(ledger.key, at, join(dataDir, 'keys', 'ledger.key')),
  digestKey: key(ledger.digestKey, 'digest.key'),
  heartbeat: ledger.heartbeat,
  rotate: { bytes: ledger.rotate.size, age: ledger.rotate.age },
  reserve: ledger.reserve,
  ...careOf(ledger, at),
});

const otlpOf = ({ metrics: { otlp } }: Configuration, at: Resolve): Pick<Settings, 'otlp'> =>
  otlp ? { otlp: { ...otlp, headers: secretsOf(otlp.headers, at) } } : {};

const issuerOf = (issuer: Configuration['identity']['issuers'][number], at: Resolve): IssuerSettings => ({
  issuer: issuer.issuer,
  audience: issuer.audience,
  approvalAudience: issuer.approvalAudience ?? null,
  clientId: issuer.clientId ?? null,
  webClientId: issuer.webClientId ?? null,
  groupsClaim: issuer.groupsClaim,
  claims: issuer.claims,
  preset: issuer.preset,
  ...(issuer.requiredClaims ? { requiredClaims: issuer.requiredClaims } : {}),
  scopes: issuer.scopes,
  algorithms: issuer.algorithms,
  ...(issuer.groupOverage && {
    groupOverage: overageOf(issuer.groupOverage, issuer.issuer, (source) => secretOf(source, at)),
  }),
});

/** Pure but for path arithmetic; the configuration has passed every check. */
export const toSettings = (config: Configuration, { file, folder, provenance }: ConfigFile): Settings => {
  const at: Resolve = (path) => resolve(folder, path);
  const dataDir = at(config.gateway.dataDir);
  const key: KeySource = (source, name) => (source ? secretOf(source, at) : { file: join(dataDir, 'keys', name) });
  return {
    file,
    demo: config.demo,
    organization: config.organization,
    gateway: gatewayOf(config, at),
    issuers: config.identity.issuers.map((issuer) => issuerOf(issuer, at)),
    approvalMaxAge: config.identity.approvalMaxAge,
    revoked: config.identity.revoked,
    ...otlpOf(config, at),
    ...tracesOf(config, at),
    exports: Object.entries(config.export).map(([name, target]) =>
      exportOf(name, target, at, (source) => secretOf(source, at)),
    ),
    people: config.people,
    servers: Object.entries(config.servers).map(([id, server]) => serverOf(id, server, config.gateway, folder, at)),
    policy: config.policy.map((rule) => ruleOf(rule, config.organization.timezone)),
    ...(config.pins ? { pins: { ...config.pins, file: at(config.pins.file), tools: {} } } : {}),
    approvals: Object.entries(config.approvals).map(([name, rule]) => ({
      name,
      ...rule,
      passkey: passkeyOf(config, name),
    })),
    passkeys: config.passkeys,
    channels: Object.entries(config.channels).map(([name, channel]) => channelOf(name, channel, at)),
    masking: maskingOf(config),
    sealTo: config.masking.sealTo === undefined ? null : at(config.masking.sealTo),
    ledger: ledgerOf(config.ledger, at, key, dataDir),
    collect: collectOf(config.collect, at, (source) => secretOf(source, at)),
    evidence: {
      outDir: at(config.evidence.outDir),
      controls: config.evidence.controls.map(at),
      ...hoursOf(config.evidence.hours, config.organization.timezone),
      waivers: config.evidence.waivers === undefined ? null : at(config.evidence.waivers),
      key: key(config.evidence.key, 'report.key'),
    },
    provenance,
  };
};
