/** Who is trusted to say who somebody is: the parsed section `identity`. */

import type { SecretSource } from './credential-settings.js';

/** Providers whose tokens are read in a way of their own. */
export const ISSUER_PRESETS = [
  'generic',
  'okta',
  'entra',
  'google',
  'keycloak',
  'github-actions',
  'kubernetes',
] as const;
export type IssuerPreset = (typeof ISSUER_PRESETS)[number];

/** Whose tokens count no more, whatever their signature says. */
export interface RevokedSettings {
  /** `issuer|subject`. */
  readonly subjects: readonly string[];
  /** `jti` of single tokens (RFC 7519 §4.1.7). */
  readonly tokens: readonly string[];
}

/** Where the groups of an Entra account are read whose token leaves them out. */
export interface GroupOverageSettings {
  /** An application of the tenant that may read memberships (GroupMember.Read.All). */
  readonly clientId: string;
  readonly clientSecret: SecretSource;
  readonly tokenUrl: string;
  /** Address of Microsoft Graph. */
  readonly graph: string;
  /** Whether only security groups count, as in tokens that name those alone. */
  readonly securityEnabledOnly: boolean;
}

export interface IssuerSettings {
  readonly issuer: string;
  /** Absent: `generic`. */
  readonly preset?: IssuerPreset;
  /** Audiences that make a token valid on MCP paths. */
  readonly audience: readonly string[];
  /** The audience that makes a token valid for approvals; never one of `audience`. */
  readonly approvalAudience: string | null;
  /** Client id of the command line login. */
  readonly clientId: string | null;
  /** Client id of the login on the web page of approvals: a public client, with PKCE. */
  readonly webClientId?: string | null;
  /** Claims that a token must have, each with one of these values. */
  readonly requiredClaims?: Readonly<Record<string, readonly string[]>>;
  /** Scopes that a token must have for calls. */
  readonly scopes?: readonly string[];
  /** Name of the claim that holds the groups, or a JSON pointer to it. */
  readonly groupsClaim: string;
  /** Names of further claims that a principal keeps. */
  readonly claims?: readonly string[];
  readonly algorithms: readonly string[];
  /** Absent: a token that leaves groups out is refused. */
  readonly groupOverage?: GroupOverageSettings;
}
