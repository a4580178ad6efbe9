/** What concerns credentials, and what is done under them, in several fields. Pure but for the toolsets that ship. */
import type { Finding } from './demo.js';
import { tokenUrlOf } from './overage-schema.js';
import type { Sections } from './schema.js';
import { readToolset } from './toolset.js';

type Check = (config: Sections) => readonly Finding[];

/** A tag of a claim that nobody keeps would be in no session. */
const tagClaims: Check = ({ servers, identity }) => {
  if (!servers || !identity) return [];
  const kept = new Set(identity.issuers.flatMap(({ claims }) => claims));
  const message = 'is kept by no issuer; add it to claims under identity.issuers';
  return Object.entries(servers).flatMap(([id, { aws }]) =>
    Object.entries(aws?.claimTags ?? {})
      .filter(([, claim]) => !kept.has(claim))
      .map(([key]) => ({ path: ['servers', id, 'aws', 'claimTags', key], message })),
  );
};

/** Where the toolsets in use look for what an event is about; tools that the configuration replaces are not in use. */
const shippedResources = (servers: NonNullable<Sections['servers']>): ReadonlyMap<string, string> =>
  new Map(
    Object.values(servers).flatMap(({ aws }) =>
      Object.entries(aws?.toolset === undefined ? {} : readToolset(aws.toolset))
        .filter(([tool]) => !Object.hasOwn(aws?.tools ?? {}, tool))
        .flatMap(([, events]) =>
          events.flatMap(({ event, resource }) => (resource ? [[event, resource.parameter] as const] : [])),
        ),
    ),
  );

/** What an event is about is read from one place of it, whichever tool caused it. */
const eventResources: Check = ({ servers }) => {
  const known = new Map(shippedResources(servers ?? {}));
  const message = 'must be the same wherever this event stands';
  return Object.entries(servers ?? {}).flatMap(([id, { aws }]) =>
    Object.entries(aws?.tools ?? {}).flatMap(([tool, events]) =>
      events.flatMap(({ event, resource }, at) => {
        if (!resource) return [];
        const first = known.get(event) ?? resource.parameter;
        known.set(event, first);
        const path = ['servers', id, 'aws', 'tools', tool, at, 'resource', 'parameter'];
        return first === resource.parameter ? [] : [{ path, message }];
      }),
    ),
  );
};

/** A token that is fetched stands in the header that would be named here. */
const oauthHeader: Check = ({ servers }) =>
  Object.entries(servers ?? {}).flatMap(([id, { http }]) =>
    Object.keys(http?.oauth ? http.headers : {})
      .filter((header) => header.toLowerCase() === 'authorization')
      .map((header) => ({
        path: ['servers', id, 'http', 'headers', header],
        message: 'stands beside oauth, which fetches it; keep one of them',
      })),
  );

const overage: Check = ({ identity }) =>
  (identity?.issuers ?? []).flatMap(({ issuer, preset, groupOverage }, at) => {
    if (!groupOverage) return [];
    const path = ['identity', 'issuers', at, 'groupOverage'];
    if (preset !== 'entra') return [{ path, message: 'is for preset: entra; other providers leave no groups out so' }];
    if (groupOverage.tokenUrl !== undefined || tokenUrlOf(issuer) !== null) return [];
    return [{ path, message: 'needs tokenUrl, since the issuer does not name its tenant in the usual way' }];
  });

const SECRET_NAME = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY)$/i;

const clearSecrets: Check = ({ servers }) =>
  Object.entries(servers ?? {}).flatMap(([id, { stdio }]) => {
    const secretNames = Object.keys(stdio?.secretEnv ?? {});
    return Object.keys(stdio?.env ?? {}).flatMap((key): Finding[] => {
      const path = ['servers', id, 'stdio', 'env', key];
      if (secretNames.includes(key)) return [{ path, message: 'stands under secretEnv too; keep one of them' }];
      const message = `looks like a secret; move it to secretEnv, such as ${key}: { env: ${key} }`;
      return SECRET_NAME.test(key) ? [{ path, message }] : [];
    });
  });

const CHECKS: readonly Check[] = [tagClaims, eventResources, oauthHeader, overage, clearSecrets];

export const credentialFindings: Check = (config) => CHECKS.flatMap((check) => check(config));
