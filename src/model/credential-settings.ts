/** Credentials that the gateway uses towards others: the parsed parts of the configuration. */

/** A secret lives outside the configuration. */
export type SecretSource = { readonly env: string } | { readonly file: string } | { readonly secretsManager: string };

/** Tokens that the gateway gets for a server, as a client of an authorization server. */
export interface OAuthSettings {
  /** `client_credentials`: one token for all callers. `token_exchange` (RFC 8693): one for each caller's token. */
  readonly grant: 'client_credentials' | 'token_exchange';
  readonly at:
    | { readonly kind: 'issuer'; readonly issuer: string }
    | { readonly kind: 'tokenUrl'; readonly tokenUrl: string };
  readonly clientId: string;
  readonly clientSecret: SecretSource;
  /** How the secret is sent (RFC 6749 §2.3.1). */
  readonly clientAuth: 'basic' | 'post';
  readonly scopes: readonly string[];
  /** RFC 8707. */
  readonly resource: string | null;
  readonly audience: string | null;
}

export interface AwsEvent {
  /** Such as `ec2.amazonaws.com`. */
  readonly source: string;
  /** Such as `StopInstances`. */
  readonly name: string;
  /** Whether a successful call must leave this event in a trail that records it. */
  readonly write: boolean;
  /** Whether it is a data event, which a trail records only where its selectors say so; absent: a management event. */
  readonly data?: boolean;
  /** How long after the answer the event may still come, milliseconds. */
  readonly async: number;
  /** Where the call and the event name what they are about; absent: by time alone. */
  readonly resource?: AwsEventResource;
}

/** One thing, as the call names it and as the event does. Both are JSON pointers (RFC 6901). */
export interface AwsEventResource {
  /** In the arguments of the call. */
  readonly argument: string;
  /** In `requestParameters` of the event. */
  readonly parameter: string;
}

export interface AwsSettings {
  readonly roleArn: string;
  readonly region: string;
  /** Endpoint of STS where it is not AWS's own; loopback only, demo only. */
  readonly endpoint: string | null;
  /** Endpoint the server's own AWS calls go to, passed on as AWS_ENDPOINT_URL; demo only. */
  readonly serviceEndpoint: string | null;
  /** Session tags of AssumeRole: the same for all sessions, and by the claim of the principal that holds the value. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly claimTags?: Readonly<Record<string, string>>;
  /** File of a session policy, JSON: the session may do what both it and the role's own policies allow. */
  readonly sessionPolicy?: string | null;
  /** Which AWS events each tool is expected to cause. */
  readonly tools: Readonly<Record<string, readonly AwsEvent[]>>;
}
