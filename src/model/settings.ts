/** What the stations are told: the parsed configuration. Its schema is `app/config.ts`. */

import type { AnchorSettings } from './anchor.js';
import type { AwsSettings, OAuthSettings, SecretSource } from './credential-settings.js';
import type { IssuerSettings, RevokedSettings } from './identity-settings.js';
import type { IdentitySourceSettings } from './identity-source-settings.js';
import type { MaskingProfile } from './masking-settings.js';
import type { LedgerSource } from './peer-ledger.js';
import type { PinSettings, PolicyHours, PolicyRule } from './policy-settings.js';
import type { HoldSettings } from './removal.js';
import type { TrailSource } from './trail-settings.js';

export interface StdioSettings {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Further variables of the child whose values are secrets. */
  readonly secretEnv?: Readonly<Record<string, SecretSource>>;
  readonly cwd: string | null;
}

/** An Ed25519 key pair in AWS KMS. */
export interface KmsKeySettings {
  /** ARN of the key. */
  readonly arn: string;
  /** The one of the ARN. */
  readonly region: string;
  readonly profile: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Where KMS is not AWS's own; else null. */
  readonly endpoint: string | null;
}

export interface ServerSettings {
  /** Key under `servers:`; the URL path is `/<id>/mcp`. */
  readonly id: string;
  readonly upstream:
    | {
        readonly kind: 'http';
        readonly url: string;
        /** `sse` is that of revision 2024-11-05, where `url` is the address of its event stream. Absent: `streamable`. */
        readonly transport?: 'streamable' | 'sse';
        readonly headers: Readonly<Record<string, SecretSource>>;
        /** Path of the Unix socket that the server listens on; `url` names host and path then. Absent: TCP. */
        readonly socket?: string;
        /** Absent: the authorities of Node, and no certificate of the gateway. */
        readonly tls?: UpstreamTlsSettings;
        /** Absent: no tokens are fetched. */
        readonly oauth?: OAuthSettings;
      }
    | ({ readonly kind: 'stdio' } & StdioSettings);
  readonly aws: AwsSettings | null;
  readonly data: {
    readonly classification: string | null;
    readonly personal: boolean;
    readonly purposes: readonly string[];
  } | null;
  /** Masking profile. */
  readonly masking: string;
  /** Absent: those of the gateway. */
  readonly limits?: RequestLimits;
}

/** Files of PEM text. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  /** Authority that every client's certificate must be of; null: clients need none. */
  readonly clientCa: string | null;
}

/** TLS towards a server: files of PEM text. */
export interface UpstreamTlsSettings {
  /** Authorities that the server's certificate must be of; null: those of Node. */
  readonly ca: string | null;
  /** What the gateway shows of itself; null: nothing. */
  readonly own: { readonly cert: string; readonly key: string } | null;
}

/** A bucket that records are sent to. */
export interface S3Place {
  readonly kind: 's3';
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  readonly region: string;
  /** A server that is not AWS's; null: AWS. */
  readonly endpoint: string | null;
  readonly profile: string | null;
  readonly roleArn: string | null;
}

/** Where records are sent by `countersign export`. */
export interface ExportSettings {
  readonly name: string;
  readonly format: 'ocsf' | 'ndjson';
  readonly to:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'splunk'; readonly url: string; readonly token: SecretSource; readonly sourcetype: string }
    /** `ca`: file of authorities, PEM; null: those of Node. */
    | { readonly kind: 'syslog'; readonly host: string; readonly port: number; readonly ca: string | null }
    | { readonly kind: 'otlp'; readonly url: string; readonly headers: Readonly<Record<string, SecretSource>> }
    | S3Place;
}

/** Where metrics are pushed to. */
export interface OtlpSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, SecretSource>>;
  /** Milliseconds. */
  readonly interval: number;
}

/** Where spans are sent to. */
export interface TracesSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, SecretSource>>;
  /** Share of the traces that begin here, 0 to 1; of others, their caller decides. */
  readonly sample: number;
}

/** Of one principal to one server. */
export interface RequestLimits {
  /** Null: any number. */
  readonly perMinute: number | null;
  readonly concurrent: number;
}

export interface ApprovalRule {
  readonly name: string;
  /** Groups whose members may decide. */
  readonly reviewers: readonly string[];
  /** Distinct people needed. */
  readonly min: number;
  /** Milliseconds. */
  readonly deadline: number;
  readonly requireReason: boolean;
  /** Whether every one of the groups must approve, each by another person. */
  readonly everyGroup?: boolean;
  /** Whether whoever asks must say why. */
  readonly requireRequestReason?: boolean;
  /** Whether an approval must be signed with the reviewer's passkey. */
  readonly passkey?: 'required' | 'optional' | 'off';
  /** Methods (`amr`, RFC 8176) and classes (`acr`) of login, one of which a reviewer must have used. Absent: any. */
  readonly mfa?: { readonly amr: readonly string[]; readonly acr: readonly string[] } | undefined;
  /** A grant for several calls. Absent: for the one call that was asked for. */
  readonly window?: ApprovalWindow | undefined;
  /** Of one principal under this rule. Absent: see `DEFAULT_RULE_LIMITS`. */
  readonly limits?: { readonly open: number; readonly perHour: number };
  /** Names of the channels that are told. */
  readonly channels?: readonly string[];
}

/** What a grant for several calls covers. */
export interface ApprovalWindow {
  /** Milliseconds from the grant to its absolute end. */
  readonly duration: number;
  /** Most calls. */
  readonly uses: number;
  /** Names of tools; empty: the tool that was asked for. */
  readonly tools: readonly string[];
}

/** Where reviewers are told of requests. */
export type ChannelSettings = { readonly name: string } & (
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: SecretSource }
  /** `channel`: id or name of the channel; `api`: base address of Slack's Web API. */
  | { readonly kind: 'slack'; readonly channel: string; readonly token: SecretSource; readonly api: string }
  /** The address of a Teams workflow holds its signature, so it is a secret. */
  | { readonly kind: 'teams'; readonly url: SecretSource }
);

export interface Settings {
  /** Absolute path of the file. */
  readonly file: string;
  readonly demo: boolean;
  readonly organization: {
    readonly name: string;
    readonly timezone: string;
    readonly accent: string;
    /** Month, from 1, in which the fiscal year begins. Absent: January. */
    readonly fiscalYearStart?: number;
  };
  readonly gateway: {
    readonly listen: { readonly host: string; readonly port: number };
    readonly admin: { readonly host: string; readonly port: number };
    /** Without a trailing slash. */
    readonly publicUrl: string;
    /** What browsers reach `admin` by; scheme, host and port. Null: there is no web page. */
    readonly adminUrl?: string | null;
    readonly dataDir: string;
    /** Bytes. */
    readonly maxRequestBytes: number;
    readonly maxResponseBytes: number;
    /** `Host` values served, beside those of `listen` and `publicUrl`. */
    readonly allowedHosts: readonly string[];
    /** `Origin` values served; requests without the header pass. */
    readonly allowedOrigins: readonly string[];
    /** Longest time a client waits for a person, milliseconds; then it is told to call again. */
    readonly approvalHold: number;
    /** Longest time an upstream may take for one call, milliseconds. */
    readonly callTimeout: number;
    /** Idle time after which a session ends, milliseconds. */
    /** Absent: see `DEFAULT_REQUEST_LIMITS`. */
    readonly limits?: RequestLimits;
    /** TLS of the listener for clients, and of the one for approvals and machines. Absent: none. */
    readonly tls?: TlsSettings;
    readonly adminTls?: TlsSettings;
    readonly sessionIdle: number;
  };
  readonly issuers: readonly IssuerSettings[];
  /** Oldest interactive login with which a person may decide, milliseconds. */
  readonly approvalMaxAge: number;
  /** Absent: nobody. */
  readonly revoked?: RevokedSettings;
  /** Absent: none. */
  readonly exports?: readonly ExportSettings[];
  /** Absent: metrics are served, and pushed nowhere. */
  readonly otlp?: OtlpSettings;
  /** Absent: no spans are made. */
  readonly traces?: TracesSettings;
  readonly people: readonly {
    readonly person: string;
    readonly subjects: readonly string[];
    readonly agents: readonly string[];
  }[];
  readonly servers: readonly ServerSettings[];
  readonly policy: readonly PolicyRule[];
  /** Absent: definitions of tools are recorded, and decide nothing. */
  readonly pins?: PinSettings;
  readonly approvals: readonly ApprovalRule[];
  readonly masking: readonly MaskingProfile[];
  /** File of an auditor's public key, to which clear requests and answers are sealed; null: they are not kept. */
  readonly sealTo?: string | null;
  /** Whose members must confirm the passkeys of others before they count; none: a passkey counts at once. */
  readonly passkeys?: { readonly confirm: readonly string[] };
  /** Where reviewers are told of requests. */
  readonly channels?: readonly ChannelSettings[];
  readonly ledger: {
    readonly origin: string;
    readonly key: SecretSource | KmsKeySettings;
    readonly digestKey: SecretSource;
    /** Interval of heartbeats, milliseconds. */
    readonly heartbeat: number;
    /** When a new segment begins, with a key of its own: after so many bytes, or milliseconds. */
    readonly rotate?: { readonly bytes: number; readonly age: number };
    /** Bytes of the disk that are kept for the closing records of calls under way. */
    readonly reserve?: number;
    /** Places outside this machine that confirm it. */
    readonly anchors?: readonly AnchorSettings[];
    /** No call is let through while records have been unconfirmed for longer, milliseconds; null: calls never wait for it. */
    readonly maxUnanchored?: number | null;
    /** How long payloads, and how long records, are kept at least, milliseconds. */
    readonly retention?: number;
    readonly recordRetention?: number;
    /** Verifier keys of those who order removals, two together. */
    readonly custodians?: readonly string[];
    readonly holds?: readonly HoldSettings[];
  };
  readonly collect: {
    readonly cloudtrail: readonly TrailSource[];
    readonly identity: readonly IdentitySourceSettings[];
    readonly ledgers: readonly LedgerSource[];
  };
  readonly evidence: {
    readonly outDir: string;
    /** Further folders of controls. */
    readonly controls: readonly string[];
    /** When people usually work; calls outside are listed. Absent: only hours of rules count. */
    readonly hours?: PolicyHours;
    /** Folder of waivers, one file each; null where there is none. */
    readonly waivers: string | null;
    readonly key: SecretSource;
  };
  /** Digests of the files read: what the `config` record names. */
  readonly provenance: {
    readonly digest: string;
    readonly files: readonly { readonly path: string; readonly digest: string }[];
  };
}
