/**
 * One STS session per MCP session: the session's name and person stand in every CloudTrail event it causes.
 * The server process fetches the credentials from a loopback endpoint; they are in no file, argument or
 * environment variable.
 */
import { roleSessionName, sourceIdentity } from '../base/aws-identity.js';
import { type Clock, timestamp } from '../base/clock.js';
import { sha256 } from '../base/digest.js';
import type { Ulid } from '../base/ulid.js';
import type { AwsFacts } from '../model/credential-facts.js';
import type { AwsSettings } from '../model/credential-settings.js';
import type { Principal } from '../model/principal.js';
import { type AssumeRole, createStsAssumeRole, type StsOptions } from './aws-sts.js';
import {
  type AwsTemporaryCredentials,
  type CredentialsEndpoint,
  createCredentialsEndpoint,
} from './credentials-endpoint.js';

export interface AwsCredentialsOptions extends StsOptions {
  readonly clock: Clock;
  /** Session policy, JSON; absent: none. */
  readonly policy?: string | null;
  /** In place of STS, for tests. */
  readonly assumeRole?: AssumeRole;
}

/** The person and the MCP session that the credentials stand for. */
interface AwsSessionOwner {
  readonly id: Ulid;
  readonly issuer: string;
  readonly subject: string;
  /** Claims that session tags are made of. */
  readonly claims?: Principal['claims'];
}

export interface AwsSession {
  /** Variables for the server process: where its AWS SDK finds credentials, Region and application id. */
  readonly env: Readonly<Record<string, string>>;
  /** The credentials that the process was last given, by name; for the records of its calls. */
  readonly facts: AwsFacts;
  /** The process gets no further credentials. Those it has end by themselves. */
  close(): Promise<void>;
}

export interface AwsCredentials {
  /**
   * Assumes the role for a session.
   * @throws CountersignError AWS_ASSUME_ROLE
   */
  open(owner: AwsSessionOwner): Promise<AwsSession>;
  /** Ends the endpoint for all sessions. */
  close(): Promise<void>;
}

/** Seconds: the longest that role chaining allows. */
const DURATION = 3_600;
/** AWS SDKs ask again 15 minutes before the end at the earliest; then they must get newer ones. */
const REFRESH_BEFORE = 16 * 60_000;

/** Renews when asked shortly before expiry; while renewal fails, what is still valid serves on. */
const createRenewal = (
  first: AwsTemporaryCredentials,
  assume: () => Promise<AwsTemporaryCredentials>,
  clock: Clock,
): { readonly current: () => AwsTemporaryCredentials; readonly supply: () => Promise<AwsTemporaryCredentials> } => {
  let credentials = first;
  let renewing: Promise<void> | null = null;
  const renew = async (): Promise<void> => {
    try {
      credentials = await assume();
    } catch (error) {
      if (credentials.expires <= clock.now()) throw error;
    } finally {
      renewing = null;
    }
  };
  return {
    current: () => credentials,
    supply: async () => {
      if (credentials.expires - clock.now() < REFRESH_BEFORE) await (renewing ??= renew());
      return credentials;
    },
  };
};

const childEnvironment = (
  settings: AwsSettings,
  sessionName: string,
  source: { readonly uri: string; readonly token: string },
): Readonly<Record<string, string>> => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: source.uri,
  AWS_CONTAINER_AUTHORIZATION_TOKEN: source.token,
  AWS_REGION: settings.region,
  AWS_DEFAULT_REGION: settings.region,
  AWS_SDK_UA_APP_ID: sessionName,
  // Without this a failing endpoint would let the SDK fall back to the identity of the machine.
  AWS_EC2_METADATA_DISABLED: 'true',
  ...(settings.serviceEndpoint === null ? {} : { AWS_ENDPOINT_URL: settings.serviceEndpoint }),
});

interface SessionDeps {
  readonly assumeRole: AssumeRole;
  readonly endpoint: CredentialsEndpoint;
  readonly clock: Clock;
  readonly policy: string | null;
}

const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,256}$/u;

/**
 * The session tags of an owner. A claim that is absent, or no tag could hold, gives none: then a policy that asks for the
 * tag refuses. One with several values has none either, since a tag has one.
 */
const tagsOf = (
  { tags = {}, claimTags = {} }: Pick<AwsSettings, 'tags' | 'claimTags'>,
  { claims = {} }: Pick<AwsSessionOwner, 'claims'>,
): Readonly<Record<string, string>> => {
  const named = Object.entries(claimTags).flatMap(([key, claim]) => {
    const [value = '', ...more] = claims[claim] ?? [];
    return more.length === 0 && TAG_VALUE.test(value) ? [[key, value] as const] : [];
  });
  return { ...tags, ...Object.fromEntries(named) };
};

const openSession = async (owner: AwsSessionOwner, settings: AwsSettings, deps: SessionDeps): Promise<AwsSession> => {
  const sessionName = roleSessionName(owner.id);
  const person = sourceIdentity(owner.issuer, owner.subject);
  const tags = tagsOf(settings, owner);
  const { policy } = deps;
  const ask = { sessionName, sourceIdentity: person, duration: DURATION, tags, policy };
  const assume = () => deps.assumeRole(ask);
  const keys = Object.keys(tags).toSorted();
  const renewal = createRenewal(await assume(), assume, deps.clock);
  const source = await deps.endpoint.add(renewal.supply);
  return {
    env: childEnvironment(settings, sessionName, source),
    get facts(): AwsFacts {
      const { accessKeyId, expires } = renewal.current();
      return {
        kind: 'aws',
        role_arn: settings.roleArn,
        access_key_id: accessKeyId,
        session_name: sessionName,
        source_identity: person,
        expires: timestamp(expires),
        ...(keys.length > 0 && { tags: keys }),
        ...(policy !== null && { session_policy: sha256(policy) }),
      };
    },
    close: async () => source.remove(),
  };
};

/** The AWS credentials of one server's sessions. */
export const createAwsCredentials = (options: AwsCredentialsOptions): AwsCredentials => {
  const { settings, clock, policy = null } = options;
  const assumeRole = options.assumeRole ?? createStsAssumeRole(options);
  const endpoint = createCredentialsEndpoint();
  return {
    open: (owner) => openSession(owner, settings, { assumeRole, endpoint, clock, policy }),
    close: () => endpoint.close(),
  };
};
