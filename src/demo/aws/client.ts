/** A small signing client for the wire protocols of the sample account. */
import { z } from 'zod';
import { type AwsKeys, signRequest } from './sigv4.js';
import { findService, GLOBAL_REGION } from './wire.js';

export interface AwsCaller {
  /** Without a trailing slash. */
  readonly endpoint: string;
  readonly region: string;
  readonly keys: AwsKeys;
  /** Milliseconds since 1970: the time of the signature. */
  readonly now: number;
  readonly userAgent?: string;
  /** A documentation address (RFC 5737) that the event shall name; the sample account alone heeds it. */
  readonly sourceIp?: string;
}

export interface AwsAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly body: string;
}

const VERSIONS: Readonly<Record<string, string>> = { sts: '2011-06-15', iam: '2010-05-08', ec2: '2016-11-15' };
const TARGETS: Readonly<Record<string, string>> = {
  secretsmanager: 'secretsmanager',
  cloudtrail: 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101',
};
const TIMEOUT = 10_000;

type Parameters = Readonly<Record<string, string>>;
interface Message {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const encode = (service: string, operation: string, parameters: Parameters): Message => {
  const target = TARGETS[service];
  if (service === 's3') return { method: 'GET', headers: {}, body: Buffer.alloc(0) };
  if (target !== undefined) {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${target}.${operation}` };
    return { method: 'POST', headers, body: Buffer.from(JSON.stringify(parameters)) };
  }
  const form = new URLSearchParams({ Action: operation, Version: VERSIONS[service] ?? '', ...parameters });
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  return { method: 'POST', headers, body: Buffer.from(form.toString()) };
};

/** Signs and sends one call. The answer may be a failure: see `status`. */
export const callAws = async (
  caller: AwsCaller,
  service: string,
  operation: string,
  parameters: Parameters,
): Promise<AwsAnswer> => {
  const { method, headers, body } = encode(service, operation, parameters);
  const region = findService(service)?.global ? GLOBAL_REGION : caller.region;
  const own: Record<string, string> = { ...headers, host: new URL(caller.endpoint).host };
  if (caller.userAgent !== undefined) own['user-agent'] = caller.userAgent;
  if (caller.sourceIp !== undefined) own['x-sample-source-ip'] = caller.sourceIp;
  const { host: _, ...signed } = signRequest(
    { method, path: '/', headers: own, body },
    caller.keys,
    { region, service },
    caller.now,
  );
  const response = await fetch(`${caller.endpoint}/`, {
    method,
    headers: signed,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
    ...(method === 'POST' ? { body } : {}),
  });
  return {
    status: response.status,
    requestId: response.headers.get('x-amzn-requestid') ?? '',
    body: await response.text(),
  };
};

const CONTAINER_CREDENTIALS = z.object({
  AccessKeyId: z.string().min(16).max(128),
  SecretAccessKey: z.string().min(1).max(256),
  Token: z.string().min(1).max(4096),
});

/** Credentials from a container credentials endpoint, as AWS SDKs ask for them. */
export const fetchContainerCredentials = async (uri: string, token: string): Promise<AwsKeys> => {
  const response = await fetch(uri, {
    headers: { authorization: token },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (!response.ok) throw new Error(`the credentials endpoint answered ${response.status}`);
  const { AccessKeyId, SecretAccessKey, Token } = CONTAINER_CREDENTIALS.parse(await response.json());
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
};
