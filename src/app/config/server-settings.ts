/** The parsed part `servers` as settings, and the secrets that any part may name. */
import type { SecretSource } from '../../model/credential-settings.js';
import type { RequestLimits, ServerSettings, StdioSettings } from '../../model/settings.js';
import type { ParsedSecret } from './fields.js';
import { oauthOf } from './oauth-schema.js';
import type { Configuration } from './schema.js';
import { readToolset } from './toolset.js';

/** Makes a path absolute. */
export type Resolve = (path: string) => string;
type ParsedServer = Configuration['servers'][string];

/** The schema lets exactly one of them through. */
export const secretOf = ({ env, file, secretsManager }: ParsedSecret, at: Resolve): SecretSource => {
  if (secretsManager !== undefined) return { secretsManager };
  return env === undefined ? { file: at(file ?? '') } : { env };
};

export const secretsOf = (
  map: Readonly<Record<string, ParsedSecret>>,
  at: Resolve,
): Readonly<Record<string, SecretSource>> =>
  Object.fromEntries(Object.entries(map).map(([key, source]) => [key, secretOf(source, at)]));

type ParsedHttp = NonNullable<ParsedServer['http']>;
type HttpSettings = Extract<ServerSettings['upstream'], { readonly kind: 'http' }>;

const connectionOf = ({ socket, tls }: ParsedHttp, at: Resolve): Pick<HttpSettings, 'socket' | 'tls'> => ({
  ...(socket === undefined ? {} : { socket: at(socket) }),
  ...(tls && {
    tls: {
      ca: tls.ca === undefined ? null : at(tls.ca),
      own: tls.cert === undefined || tls.key === undefined ? null : { cert: at(tls.cert), key: at(tls.key) },
    },
  }),
});

type ParsedStdio = NonNullable<ParsedServer['stdio']>;

const stdioOf = ({ command, args, env, secretEnv, cwd }: ParsedStdio, folder: string, at: Resolve): StdioSettings => ({
  command,
  args,
  env,
  secretEnv: secretsOf(secretEnv ?? {}, at),
  cwd: cwd === undefined ? folder : at(cwd),
});

/** The schema lets exactly one of the two through. */
const upstreamOf = ({ stdio, http }: ParsedServer, folder: string, at: Resolve): ServerSettings['upstream'] => {
  if (stdio) return { kind: 'stdio', ...stdioOf(stdio, folder, at) };
  if (!http) throw new Error('a server of neither kind passed the schema');
  const { url, transport, headers, oauth } = http;
  const more = oauth ? { oauth: oauthOf(oauth, (source) => secretOf(source, at)) } : {};
  return { kind: 'http', url, transport, headers: secretsOf(headers, at), ...connectionOf(http, at), ...more };
};

const awsOf = (aws: ParsedServer['aws'], at: Resolve): ServerSettings['aws'] =>
  aws
    ? {
        roleArn: aws.roleArn,
        region: aws.region,
        endpoint: aws.endpoint ?? null,
        serviceEndpoint: aws.serviceEndpoint ?? null,
        tags: aws.tags,
        claimTags: aws.claimTags,
        sessionPolicy: aws.sessionPolicy === undefined ? null : at(aws.sessionPolicy),
        tools: Object.fromEntries(
          Object.entries({ ...(aws.toolset && readToolset(aws.toolset)), ...aws.tools }).map(([tool, events]) => [
            tool,
            events.map(({ event, write, data, async, resource }) => {
              const [source = '', eventName = ''] = event.split(':');
              return { source, name: eventName, write, async, ...(data && { data }), ...(resource && { resource }) };
            }),
          ]),
        ),
      }
    : null;

type ParsedLimits = { readonly perMinute?: number | undefined; readonly concurrent?: number | undefined };

/** What is not said is that of the gateway. */
export const limitsOf = (limits: ParsedLimits, gateway: Configuration['gateway']): RequestLimits => ({
  perMinute: limits.perMinute ?? gateway.limits.perMinute ?? null,
  concurrent: limits.concurrent ?? gateway.limits.concurrent,
});

export const serverOf = (
  id: string,
  server: ParsedServer,
  gateway: Configuration['gateway'],
  folder: string,
  at: Resolve,
): ServerSettings => ({
  id,
  upstream: upstreamOf(server, folder, at),
  aws: awsOf(server.aws, at),
  data: server.data ? { ...server.data, classification: server.data.classification ?? null } : null,
  masking: server.masking,
  ...(server.limits ? { limits: limitsOf(server.limits, gateway) } : {}),
});
