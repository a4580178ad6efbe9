/** What concerns several fields at once. Pure: no file and no environment is read here. */

import { isIP } from 'node:net';
import { compileGlob } from '../../base/glob.js';
import { isLoopback } from '../../base/loopback.js';
import { credentialFindings } from './credential-checks.js';
import { demoFindings, type Finding } from './demo.js';
import { maskingFindings } from './masking-checks.js';
import type { Sections } from './schema.js';
import { passkeyOf } from './settings.js';

type Check = (config: Sections) => readonly Finding[];

const duplicates = <T>(items: readonly T[], keyOf: (item: T) => string): readonly number[] => {
  const seen = new Set<string>();
  return items.flatMap((item, at) => {
    const key = keyOf(item);
    if (seen.has(key)) return [at];
    seen.add(key);
    return [];
  });
};

/** Browsers send session cookies there. */
const adminUrl: Check = ({ gateway, identity }) => {
  const url = gateway?.adminUrl;
  if (url?.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
    const message = 'must start with https://; reviewers log in there. Put a TLS proxy in front of gateway.admin';
    return [{ path: ['gateway', 'adminUrl'], message }];
  }
  if (!gateway || url !== undefined || isLoopback(gateway.admin.host)) return [];
  const at = identity?.issuers.findIndex(({ webClientId }) => webClientId !== undefined) ?? -1;
  const message = 'needs gateway.adminUrl, the https:// address of the web page';
  return at < 0 ? [] : [{ path: ['identity', 'issuers', at, 'webClientId'], message }];
};

const listeners: Check = ({ gateway, demo }) => {
  if (!gateway) return [];
  const { listen, admin, publicUrl } = gateway;
  const found: Finding[] = [];
  if (listen.port === admin.port) {
    found.push({ path: ['gateway', 'admin'], message: 'must use another port than gateway.listen' });
  }
  if (demo === false && publicUrl === undefined) {
    found.push({ path: ['gateway', 'publicUrl'], message: 'is missing; name the https:// address clients use' });
  }
  if (demo === false && publicUrl?.startsWith('http:')) {
    const message = 'must start with https://; tokens travel there. Put a TLS proxy in front of gateway.listen';
    found.push({ path: ['gateway', 'publicUrl'], message });
  }
  return found;
};

const issuers: Check = ({ identity }) => {
  if (!identity) return [];
  const found: Finding[] = duplicates(identity.issuers, ({ issuer }) => issuer).map((at) => ({
    path: ['identity', 'issuers', at, 'issuer'],
    message: 'stands here twice; give one issuer several audiences instead',
  }));
  const audiences = new Set(identity.issuers.flatMap(({ audience }) => audience));
  for (const [at, { approvalAudience }] of identity.issuers.entries()) {
    if (approvalAudience !== undefined && audiences.has(approvalAudience)) {
      const message = 'must not be an audience of any issuer: no token an agent holds may approve';
      found.push({ path: ['identity', 'issuers', at, 'approvalAudience'], message });
    }
  }
  return found;
};

/** A rule for a server that does not exist is a typing error, and in a deny rule a hole. */
const ruleServers: Check = ({ policy, servers }) => {
  if (!policy || !servers) return [];
  const ids = Object.keys(servers);
  return policy.flatMap((rule, at) =>
    (rule.servers ?? []).flatMap((pattern, index) =>
      ids.some(compileGlob(pattern))
        ? []
        : [{ path: ['policy', at, 'servers', index], message: `matches no server; there are: ${ids.join(', ')}` }],
    ),
  );
};

/** A rule about a claim that nobody keeps would never fit: harmless for what it allows, not for what it denies. */
const ruleClaims: Check = ({ policy, identity }) => {
  if (!policy || !identity) return [];
  const kept = new Set(identity.issuers.flatMap(({ claims }) => claims));
  const message = 'is kept by no issuer; add it to claims under identity.issuers';
  return policy.flatMap(({ claims = {} }, at) =>
    Object.keys(claims)
      .filter((name) => !kept.has(name))
      .map((name) => ({ path: ['policy', at, 'claims', name], message })),
  );
};

const ruleApprovals: Check = ({ policy, approvals, identity }) => {
  if (!policy) return [];
  const found: Finding[] = duplicates(policy, ({ id }) => id).map((at) => ({
    path: ['policy', at, 'id'],
    message: 'is used by another rule; records name rules by it',
  }));
  for (const [at, { approval }] of policy.entries()) {
    if (approval === undefined) continue;
    const path = ['policy', at, 'approval'];
    const known = Object.keys(approvals ?? {});
    if (approvals && !known.includes(approval)) {
      found.push({ path, message: `names no rule under approvals; there are: ${known.join(', ') || 'none'}` });
    } else if (identity && identity.issuers.every(({ approvalAudience }) => approvalAudience === undefined)) {
      found.push({ path, message: 'nobody could approve: no issuer has an approvalAudience' });
    }
  }
  return found;
};

/** Anybody has a Google account; what tells those of one organization apart is `hd` alone. */
const googleDomains: Check = ({ identity }) =>
  (identity?.issuers ?? []).flatMap(({ preset, requiredClaims }, at) =>
    preset !== 'google' || requiredClaims?.['hd']
      ? []
      : [
          {
            path: ['identity', 'issuers', at, 'preset'],
            message: 'would let in every Google account; add requiredClaims: { hd: [example.com] }',
          },
        ],
  );

const pinModes: Check = ({ pins, servers, approvals }) => {
  if (!pins) return [];
  const ids = Object.keys(servers ?? {});
  const named = Object.keys(approvals ?? {});
  const modes = [
    { mode: pins.changed, path: ['pins', 'changed'] },
    ...Object.entries(pins.servers).map(([id, mode]) => ({ mode, path: ['pins', 'servers', id] })),
  ];
  return [
    ...Object.keys(pins.servers)
      .filter((id) => servers && !ids.includes(id))
      .map((id) => ({ path: ['pins', 'servers', id], message: `names no server; there are: ${ids.join(', ')}` })),
    ...modes
      .filter(({ mode }) => approvals && typeof mode === 'object' && !named.includes(mode.approval))
      .map(({ path }) => ({
        path,
        message: `names no rule under approvals; there are: ${named.join(', ') || 'none'}`,
      })),
  ];
};

/** Passkeys are used on the web page alone, and only under a host name. */
const approvalPasskeys: Check = (config) => {
  const { approvals, identity, gateway } = config;
  if (!approvals || !identity || !gateway) return [];
  const { adminUrl: url, admin } = gateway;
  const named = url === undefined || isIP(new URL(url).hostname.replace(/^\[|\]$/g, '')) === 0;
  const page = (url !== undefined || isLoopback(admin.host)) && identity.issuers.some(({ webClientId }) => webClientId);
  if (page && named) return [];
  const why = named ? 'no issuer has a webClientId for the web page' : 'gateway.adminUrl has an address, not a name';
  const message = `nobody could approve with a passkey: ${why}; mend that, or write passkey: optional`;
  return Object.keys(approvals)
    .filter((name) => passkeyOf(config, name) === 'required')
    .map((name) => ({ path: ['approvals', name, ...(approvals[name]?.passkey ? ['passkey'] : [])], message }));
};

const approvalChannels: Check = ({ approvals, channels }) => {
  const found: Finding[] = Object.entries(channels ?? {})
    .flatMap(([name, { webhook, slack }]) => [
      ...(webhook ? [{ path: ['channels', name, 'webhook', 'url'], url: webhook.url }] : []),
      ...(slack ? [{ path: ['channels', name, 'slack', 'api'], url: slack.api }] : []),
    ])
    .filter(({ url }) => url.startsWith('http:') && !isLoopback(new URL(url).hostname))
    .map(({ path }) => ({ path, message: 'must start with https://' }));
  if (!approvals || !channels) return found;
  const known = Object.keys(channels);
  const message = `names no channel under channels; there are: ${known.join(', ') || 'none'}`;
  for (const [rule, { channels: names }] of Object.entries(approvals)) {
    for (const [at, name] of names.entries()) {
      if (!known.includes(name)) found.push({ path: ['approvals', rule, 'channels', at], message });
    }
  }
  return found;
};

const maskingProfiles: Check = ({ servers, policy, masking }) => {
  if (!masking) return [];
  const known = new Set(['default', ...Object.keys(masking.profiles)]);
  const named = [
    ...Object.entries(servers ?? {}).map(([id, { masking: profile }]) => ({
      profile,
      path: ['servers', id, 'masking'],
    })),
    ...(policy ?? []).map(({ masking: profile }, at) => ({ profile, path: ['policy', at, 'masking'] })),
  ];
  return named
    .filter(({ profile }) => profile !== undefined && !known.has(profile))
    .map(({ path }) => ({
      path,
      message: `names no profile under masking.profiles; there are: ${[...known].join(', ')}`,
    }));
};

/** `issuer|subject` of every person must be one an issuer of this file can say, and belong to one person. */
const people: Check = ({ people: list, identity }) => {
  if (!list) return [];
  const found: Finding[] = duplicates(list, ({ person }) => person).map((at) => ({
    path: ['people', at, 'person'],
    message: 'stands here twice; put all subjects and agents of a person in one entry',
  }));
  const keys = list.flatMap(({ subjects, agents }, at) => [
    ...subjects.map((key, index) => ({ key, path: ['people', at, 'subjects', index] as const })),
    ...agents.map((key, index) => ({ key, path: ['people', at, 'agents', index] as const })),
  ]);
  for (const at of duplicates(keys, ({ key }) => key)) {
    found.push({ path: keys[at]?.path ?? [], message: 'is linked already; one account has one person' });
  }
  const known = identity?.issuers.map(({ issuer }) => issuer);
  for (const { key, path } of keys) {
    if (known && !known.includes(key.slice(0, key.indexOf('|')))) {
      found.push({ path, message: 'starts with no issuer of identity.issuers' });
    }
  }
  return found;
};

const CHECKS: readonly Check[] = [
  listeners,
  adminUrl,
  issuers,
  ruleServers,
  ruleClaims,
  ruleApprovals,
  pinModes,
  googleDomains,
  approvalPasskeys,
  approvalChannels,
  maskingProfiles,
  maskingFindings,
  credentialFindings,
  people,
  demoFindings,
];

/** Every finding about the sections that hold in themselves. */
export const crossCheck = (config: Sections): readonly Finding[] => CHECKS.flatMap((check) => check(config));
