/** AssumeRole through the AWS SDK, which is loaded when the first session needs it. */
import { CountersignError } from '../base/errors.js';
import type { AwsSettings } from '../model/credential-settings.js';
import type { AwsTemporaryCredentials } from './credentials-endpoint.js';

interface AssumeRoleRequest {
  readonly sessionName: string;
  readonly sourceIdentity: string;
  /** Seconds. */
  readonly duration: number;
  /** Session tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Session policy, JSON. */
  readonly policy: string | null;
}

/**
 * Fresh credentials of the settings' role.
 * @throws CountersignError AWS_ASSUME_ROLE
 */
export type AssumeRole = (request: AssumeRoleRequest) => Promise<AwsTemporaryCredentials>;

export interface StsOptions {
  readonly settings: AwsSettings;
  /** The gateway's own keys; null: the SDK's default chain finds them. */
  readonly gatewayKeys: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** The environment of this process, which the SDK reads. Its advice on Node versions is switched off there: stderr is for the operator. */
  readonly environment: Record<string, string | undefined>;
}

const QUIET = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 10_000 };

const createClient = async ({ settings, gatewayKeys, environment }: StsOptions) => {
  environment[QUIET] ??= 'true';
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    region: settings.region,
    requestHandler: TIMEOUTS,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...(gatewayKeys === null ? {} : { credentials: gatewayKeys }),
  });
  return { client, AssumeRoleCommand };
};

/** AWS's error messages can quote signed headers, so the name alone is passed on. */
const problemOf = (error: unknown): string =>
  error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : 'unknown error';

export const createStsAssumeRole = (options: StsOptions): AssumeRole => {
  let loading: ReturnType<typeof createClient> | null = null;
  const { roleArn } = options.settings;
  const failure = (problem: string): CountersignError =>
    new CountersignError('AWS_ASSUME_ROLE', { role: roleArn, problem });
  return async ({ sessionName, sourceIdentity, duration, tags, policy }) => {
    loading ??= createClient(options);
    const { client, AssumeRoleCommand } = await loading;
    const command = new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      SourceIdentity: sourceIdentity,
      DurationSeconds: duration,
      ...(Object.keys(tags).length > 0 && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
      ...(policy !== null && { Policy: policy }),
    });
    const answer = await client.send(command).catch((error: unknown) => {
      throw failure(problemOf(error));
    });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) throw failure('incomplete answer');
    // A service that drops the source identity would leave calls without a person.
    if (answer.SourceIdentity !== sourceIdentity) throw failure('source identity not confirmed');
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expires: Expiration.getTime(),
    };
  };
};
