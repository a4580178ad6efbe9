/** What every client of AWS's SDK shares: credentials, time limits, and failures in words. The SDK is loaded on first use. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

const QUIET = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Milliseconds. */
export const AWS_TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 60_000 };

/** Switches off the SDK's advice on Node versions, which it reads from the environment of this process. */
export const quietAws = (environment: Record<string, string | undefined>): void => {
  environment[QUIET] ??= 'true';
};

/** Which credentials a client takes; nothing named: those of the SDK's default chain. */
export interface AwsCredentialAsk {
  readonly region: string;
  readonly profile: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Name of the session where a role is assumed. */
  readonly session: string;
}

/** The `credentials` member of a client's configuration, or none. */
export type AwsCredentialsMember = { readonly credentials?: NonNullable<S3ClientConfig['credentials']> };

/** Credentials for a client's configuration. */
export const awsCredentials = async ({
  profile,
  roleArn,
  externalId,
  region,
  session,
}: AwsCredentialAsk): Promise<AwsCredentialsMember> => {
  if (profile === null && roleArn === null) return {};
  const { fromIni, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const base = profile === null ? undefined : fromIni({ profile });
  if (roleArn === null) return base ? { credentials: base } : {};
  const params = {
    RoleArn: roleArn,
    RoleSessionName: session,
    ...(externalId !== null && { ExternalId: externalId }),
  };
  return {
    credentials: fromTemporaryCredentials({
      params,
      clientConfig: { region },
      ...(base && { masterCredentials: base }),
    }),
  };
};

/** Which bucket server a client speaks to, and as whom. */
export interface S3ClientAsk extends AwsCredentialAsk {
  /** A server that is not AWS's; null: AWS. */
  readonly endpoint: string | null;
}

/** @param environment of this process: the SDK's advice on Node versions is switched off there */
export const openS3Client = async (
  { endpoint, ...ask }: S3ClientAsk,
  environment: Record<string, string | undefined>,
): Promise<S3Client> => {
  quietAws(environment);
  const api = await import('@aws-sdk/client-s3');
  return new api.S3Client({
    region: ask.region,
    followRegionRedirects: true,
    requestHandler: AWS_TIMEOUTS,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(await awsCredentials(ask)),
  });
};

/** Why a request to AWS failed. */
export interface AwsFailure {
  /** The name of the error, such as `AccessDenied`; of no other form than a name has. */
  readonly name: string;
  readonly problem: string;
  /** Whether any further request would fail as well. */
  readonly ends: boolean;
}

const PROBLEMS: readonly (readonly [name: RegExp, problem: string, ends: boolean])[] = [
  [
    /^(?:ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/,
    'the credentials have expired',
    true,
  ],
  [
    /^(?:InvalidAccessKeyId|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException)$/,
    'AWS does not know these credentials',
    true,
  ],
  [/^(?:CredentialsProviderError|TokenProviderError)$/, 'no AWS credentials were found', true],
  [/^RequestTimeTooSkewed$/, "the clock of this machine differs from AWS's by over 15 minutes", true],
  [/^(?:AccessDenied|AccessDeniedException|Forbidden|403)$/, 'access denied', false],
  [/^(?:NoSuchBucket)$/, 'there is no such bucket', true],
  [/^(?:NoSuchKey|NotFound|NoSuchVersion)$/, 'it is gone', false],
  [
    /^(?:PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/,
    'the bucket is in another region',
    true,
  ],
  [
    /^(?:SlowDown|Throttling|ThrottlingException|TooManyRequestsException|ServiceUnavailable)$/,
    'AWS goes on throttling',
    false,
  ],
];

/** AWS's messages can quote signed headers, so names alone are passed on. */
export const awsFailure = (error: unknown): AwsFailure => {
  const name = error instanceof Error && /^[\w.]{1,64}$/.test(error.name) ? error.name : 'an unknown error';
  const [, problem, ends] = PROBLEMS.find(([pattern]) => pattern.test(name)) ?? [null, name, false];
  return { name, problem, ends };
};
