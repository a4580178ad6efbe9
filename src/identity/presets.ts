/**
 * What providers write differently. Each preset says where a provider's tokens hold what the product asks for;
 * whatever a preset does not name is as in OpenID Connect and RFC 9068.
 */
import { pointerSteps } from '../base/json-pointer.js';
import type { IssuerPreset } from '../model/identity-settings.js';

export type Claims = Readonly<Record<string, unknown>>;

export interface Preset {
  /** Claims that may name the client, in the order they are looked at. */
  readonly clientClaims: readonly string[];
  /** Whether a token is of a program of its own, beside what RFC 9068 §2.2 says. */
  readonly isWorkload: (claims: Claims) => boolean;
  /** Whether the token itself says that not all groups stand in it. */
  readonly leavesGroupsOut: (claims: Claims) => boolean;
  /** Whether ID tokens count: only where the provider's access tokens are no JWTs. */
  readonly idTokens: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const never = (): boolean => false;
const always = (): boolean => true;

const GENERIC: Preset = {
  clientClaims: ['client_id', 'azp'],
  // `gty` of Auth0 and `idtyp` of Entra ID are taken from anybody: they only take rights away.
  isWorkload: ({ gty, idtyp }) => /^client[-_]credentials$/.test(text(gty)) || idtyp === 'app',
  leavesGroupsOut: never,
  idTokens: false,
};

export const PRESETS: Readonly<Record<IssuerPreset, Preset>> = {
  generic: GENERIC,
  /** Custom authorization servers of Okta: `cid`, and as `sub` the login name, which can change (`uid` does not). */
  okta: { ...GENERIC, clientClaims: ['cid'] },
  /** Entra ID: `appid` in tokens of version 1, `hasgroups` where more than 200 groups do not fit. */
  entra: {
    ...GENERIC,
    clientClaims: ['azp', 'appid'],
    isWorkload: (claims) =>
      GENERIC.isWorkload(claims) || (claims['scp'] === undefined && claims['roles'] !== undefined),
    leavesGroupsOut: ({ hasgroups }) => hasgroups === true || hasgroups === 'true',
  },
  /** Google Workspace: access tokens are opaque, so ID tokens count; `hd` names the organization's domain. */
  google: {
    ...GENERIC,
    clientClaims: ['azp'],
    isWorkload: ({ email }) => text(email).endsWith('.gserviceaccount.com'),
    idTokens: true,
  },
  /** Keycloak gives service accounts a subject of their own; their name cannot be taken by a person. */
  keycloak: {
    ...GENERIC,
    clientClaims: ['azp', 'client_id'],
    isWorkload: ({ preferred_username: name }) => text(name).startsWith('service-account-'),
  },
  /** Jobs of GitHub Actions: `sub` names repository and branch or environment. */
  'github-actions': { ...GENERIC, clientClaims: [], isWorkload: always },
  /** Service accounts of Kubernetes: `sub` is `system:serviceaccount:NAMESPACE:NAME`. */
  kubernetes: { ...GENERIC, clientClaims: [], isWorkload: always },
};

/** A claim by its name, or by a JSON pointer (RFC 6901) where it lies within another: `/realm_access/roles`. */
export const claimAt = (claims: Claims, path: string): unknown => {
  const steps = path.startsWith('/') ? pointerSteps(path) : [path];
  return steps.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.getOwnPropertyDescriptor(value, step)?.value;
  }, claims);
};

/** The claim at the top of a path. */
export const topOf = (path: string): string => (path.startsWith('/') ? (pointerSteps(path)[0] ?? '') : path);
