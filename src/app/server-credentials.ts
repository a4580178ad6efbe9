/** What the gateway shows to the servers: read once at the start, so that a start fails where something is missing. */
import type { Clock } from '../base/clock.js';
import type { KeyedDigester } from '../base/digest.js';
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { SecretSource } from '../model/credential-settings.js';
import type { ServerSettings } from '../model/settings.js';
import { createTokens } from '../upstream/oauth-tokens.js';
import type { UpstreamsDeps } from '../upstream/open.js';
import { resolveSecret } from './config.js';
import { openSecret, openServerSecrets } from './server-secrets.js';

export type ServerCredentials = Required<Pick<UpstreamsDeps, 'secrets' | 'tokens' | 'sessionPolicies'>>;

interface CredentialDeps {
  readonly clock: Clock;
  readonly environment: Record<string, string | undefined>;
  readonly digest: KeyedDigester;
}

/** STS takes no more characters (STS API Reference, AssumeRole, Policy). */
const LONGEST_POLICY = 2_048;

/** The policy without its spaces, which STS would count. */
const readPolicy = async (file: string): Promise<string> => {
  const refuse = (problem: string) => new CountersignError('SESSION_POLICY', { file, problem });
  const bytes = await readBounded(file, 64 * 1024).catch((error: unknown) => {
    throw refuse(reason(error));
  });
  const compact = ((): string => {
    try {
      return JSON.stringify(JSON.parse(bytes.toString('utf8')));
    } catch (error) {
      throw refuse(`it is not JSON: ${reason(error)}`);
    }
  })();
  if (!compact.startsWith('{')) throw refuse('it is no JSON object');
  if (compact.length > LONGEST_POLICY) throw refuse(`it has ${compact.length} characters of at most ${LONGEST_POLICY}`);
  return compact;
};

/**
 * @throws CountersignError KEY_FILE, SECRET_MISSING, SECRET_STORE, SESSION_POLICY
 */
export const openServerCredentials = async (
  servers: readonly ServerSettings[],
  { clock, environment, digest }: CredentialDeps,
): Promise<ServerCredentials> => {
  const read = (source: SecretSource) => resolveSecret(source, environment);
  const secrets = servers.map(async (server) => [server.id, await openServerSecrets(server, read, clock)] as const);
  const tokens = servers.map(async ({ id, upstream }) => {
    if (upstream.kind !== 'http' || !upstream.oauth) return [];
    const secret = await openSecret(upstream.oauth.clientSecret, read, clock);
    return [[id, createTokens(`the server ${id}`, upstream.oauth, { clock, digest, secret })] as const];
  });
  const policies = servers.map(async ({ id, aws }) =>
    aws?.sessionPolicy ? [[id, await readPolicy(aws.sessionPolicy)] as const] : [],
  );
  return {
    secrets: new Map(await Promise.all(secrets)),
    tokens: new Map((await Promise.all(tokens)).flat()),
    sessionPolicies: new Map((await Promise.all(policies)).flat()),
  };
};
