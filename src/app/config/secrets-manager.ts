/**
 * Secrets in AWS Secrets Manager, named as task definitions of Amazon ECS name them:
 * `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:json-key[:version-stage[:version-id]]]`
 * (Amazon ECS Developer Guide, "Pass Secrets Manager secrets through environment variables").
 */
import { z } from 'zod';
import { AWS_TIMEOUTS, awsFailure, quietAws } from '../../base/aws-client.js';
import { CountersignError } from '../../base/errors.js';

const MAX_BYTES = 65_536;

/** Seven parts are the ARN itself; up to three more say which part and version of it is meant. */
export const STORED_SECRET =
  /^arn:aws(?:-cn|-us-gov)?:secretsmanager:[a-z0-9-]{1,32}:\d{12}:secret:[\w/+=.@-]{1,512}(?::[^:\s]{0,256}){0,3}$/;

interface StoredSecret {
  readonly id: string;
  readonly region: string;
  /** Member of the secret's JSON object. */
  readonly key: string | undefined;
  readonly stage: string | undefined;
  readonly version: string | undefined;
}

const parse = (name: string): StoredSecret => {
  const parts = name.split(':');
  const [key, stage, version] = parts.slice(7).map((part) => part || undefined);
  return { id: parts.slice(0, 7).join(':'), region: parts[3] ?? '', key, stage, version };
};

const Members = z.record(z.string(), z.unknown());

const memberOf = (text: string, key: string): string | undefined => {
  try {
    const found = Members.parse(JSON.parse(text))[key];
    return typeof found === 'string' ? found : undefined;
  } catch {
    // No JSON object: it has no members. The parser's own words could repeat the secret.
    return undefined;
  }
};

/**
 * Asks Secrets Manager (GetSecretValue) with the credentials of the SDK's default chain.
 * @throws CountersignError SECRET_STORE; the message holds nothing of the secret
 */
export const readStoredSecret = async (name: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const { id, region, key, stage, version } = parse(name);
  const failure = (problem: string) => new CountersignError('SECRET_STORE', { name, problem });
  quietAws(env);
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region, requestHandler: { ...AWS_TIMEOUTS, requestTimeout: 10_000 } });
  try {
    const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage, VersionId: version });
    const answer = await client.send(command).catch((error: unknown) => {
      throw failure(awsFailure(error).problem);
    });
    const whole = answer.SecretString;
    if (whole === undefined) throw failure('it is no text');
    const value = key === undefined ? whole.replace(/\r?\n$/, '') : memberOf(whole, key);
    if (value === undefined) throw failure(`it is no JSON object with a text ${key}`);
    if (value === '' || value.length > MAX_BYTES) throw failure(value === '' ? 'it is empty' : 'it is too long');
    return value;
  } finally {
    client.destroy();
  }
};
