/** Where identities are collected from: what stands under `collect.identity`. */
import type { SecretSource } from './credential-settings.js';

/** An Okta organisation. */
export interface OktaSettings {
  /** Scheme and host. */
  readonly origin: string;
  readonly token: SecretSource;
  /** Whose subjects its users are. */
  readonly issuer: string;
  readonly subject: 'id' | 'login';
}

/** Exports of a provider that speaks SCIM 2.0. */
export interface ScimSettings {
  readonly users: string;
  readonly groups: string | null;
  readonly issuer: string;
  readonly subject: 'id' | 'userName' | 'externalId';
}

export interface CsvIdentitySettings {
  readonly file: string;
  readonly issuer: string;
}

/** An AWS account: credentials, roles, trails and, where it is the one of IAM Identity Center, its assignments. */
export interface AwsIdentitySettings {
  readonly account: string;
  readonly region: string;
  /** Whether the accounts of its organisation are listed too. */
  readonly organization: boolean;
  /** Region of IAM Identity Center; null: its assignments are not read. */
  readonly identityCenter: string | null;
  readonly profile: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Where AWS's services are not its own. */
  readonly endpoint: string | null;
  /** Roles that the snapshot names as governed and that are left out of scope; printed. */
  readonly exclude: readonly string[];
}

export type IdentitySourceSettings =
  | { readonly okta: OktaSettings }
  | { readonly scim: ScimSettings }
  | { readonly csv: CsvIdentitySettings }
  | { readonly aws: AwsIdentitySettings };
