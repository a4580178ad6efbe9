import type { Dispatcher } from 'undici';
import type { Clock } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import type { OpeningSession, Upstream, Upstreams } from '../model/call.js';
import { UpstreamError } from '../model/call.js';
import { principalKey } from '../model/principal.js';
import type { ServerSettings } from '../model/settings.js';
import { type AwsCredentials, type AwsSession, createAwsCredentials } from './aws-credentials.js';
import type { StsOptions } from './aws-sts.js';
import { type ClientTls, type Connector, createConnector } from './connector.js';
import { fixedSecrets, type ServerSecrets, sessionCredentials } from './credentials.js';
import { createDispatcher, openHttpUpstream } from './http.js';
import { openHttpSseUpstream } from './http-sse.js';
import type { ServerTokens } from './oauth-tokens.js';
import { PROCESS_LIMITS, Processes, type ProcessLimits } from './processes.js';
import { openStdioUpstream } from './stdio.js';

export interface UpstreamsDeps {
  readonly clock: Clock;
  readonly maxResponseBytes: number;
  /** Headers (HTTP) or variables (stdio) of each server: its own credentials, by server id. */
  readonly secrets: ReadonlyMap<string, ServerSecrets>;
  /** Servers that tokens are fetched for, by id. */
  readonly tokens?: ReadonlyMap<string, ServerTokens>;
  /** TLS towards servers over HTTP that have settings of their own for it, by id. */
  readonly tls?: ReadonlyMap<string, ClientTls>;
  /** Policies of the sessions of AWS roles, JSON, by server id. */
  readonly sessionPolicies?: ReadonlyMap<string, string>;
  /** The gateway's environment: a child inherits a few harmless variables of it. */
  readonly environment: Record<string, string | undefined>;
  readonly gatewayKeys: StsOptions['gatewayKeys'];
  /** Absent: `PROCESS_LIMITS`. */
  readonly processLimits?: ProcessLimits;
  /** A line a server process wrote to standard error, as it came. */
  readonly onStderr: (server: string, line: string) => void;
}

/** @throws UpstreamError where the secrets cannot be had */
const variables = (secrets: ServerSecrets): Promise<Readonly<Record<string, string>>> =>
  sessionCredentials(secrets, null).headers();

/** Upstreams whose certificates can be renewed. */
export interface RenewableUpstreams extends Upstreams {
  /** Takes what was read again, for new connections. */
  renewTls(tls: ReadonlyMap<string, ClientTls>): void;
}

type HttpSettings = Extract<ServerSettings['upstream'], { readonly kind: 'http' }>;

class ServerUpstreams implements RenewableUpstreams {
  private readonly pools = new Map<string, { readonly dispatcher: Dispatcher; readonly connector: Connector }>();
  private tls: ReadonlyMap<string, ClientTls>;
  private readonly credentials = new Map<string, AwsCredentials>();
  private readonly processes: Processes;
  private readonly deps: UpstreamsDeps;

  constructor(deps: UpstreamsDeps) {
    this.deps = deps;
    this.tls = deps.tls ?? new Map();
    this.processes = new Processes(deps.processLimits ?? PROCESS_LIMITS);
  }

  private poolFor(server: string, { socket }: HttpSettings, url: URL): Dispatcher {
    const known = this.pools.get(server);
    if (known) return known.dispatcher;
    const connector = createConnector(socket ?? null, this.tls.get(server));
    const dispatcher = createDispatcher(url.origin, connector);
    this.pools.set(server, { dispatcher, connector });
    return dispatcher;
  }

  renewTls(tls: ReadonlyMap<string, ClientTls>): void {
    this.tls = tls;
    for (const [server, { connector }] of this.pools) connector.renew(tls.get(server) ?? {});
  }

  private async awsSession(server: ServerSettings, session: OpeningSession): Promise<AwsSession | null> {
    const { aws: settings } = server;
    if (!settings) return null;
    const { clock, gatewayKeys, environment } = this.deps;
    const policy = this.deps.sessionPolicies?.get(server.id) ?? null;
    const known = this.credentials.get(server.id);
    const source = known ?? createAwsCredentials({ settings, clock, gatewayKeys, environment, policy });
    this.credentials.set(server.id, source);
    const { issuer, subject, claims = {} } = session.principal;
    try {
      return await source.open({ id: session.id, issuer, subject, claims });
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      throw new UpstreamError('refused', error.message);
    }
  }

  async open(server: ServerSettings, session: OpeningSession): Promise<Upstream> {
    const { upstream, id } = server;
    const { maxResponseBytes, environment, onStderr } = this.deps;
    const secrets = this.deps.secrets.get(id) ?? fixedSecrets({});
    if (upstream.kind === 'http') {
      const url = new URL(upstream.url);
      const credentials = sessionCredentials(secrets, this.deps.tokens?.get(id) ?? null);
      // The first request may come from the gateway itself, which asks the server for its era.
      await credentials.headers(session.authorization);
      const options = { url, dispatcher: this.poolFor(id, upstream, url), credentials, maxResponseBytes };
      return upstream.transport === 'sse' ? openHttpSseUpstream(options) : openHttpUpstream(options);
    }
    const giveBack = this.processes.take(principalKey(session.principal));
    try {
      const aws = await this.awsSession(server, session);
      const env = { ...(await variables(secrets)), ...aws?.env };
      const child = { settings: upstream, inherited: environment, env, maxLineBytes: maxResponseBytes };
      const opened = openStdioUpstream({ ...child, onStderr: (line) => onStderr(id, line) }, aws);
      opened.onEnd(giveBack);
      return opened;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map(({ dispatcher }) => dispatcher.destroy()));
    await Promise.all([...this.credentials.values()].map((source) => source.close()));
  }
}

/** Opens conversations: a pool of connections per HTTP server, a process per session for stdio servers. */
export const createUpstreams = (deps: UpstreamsDeps): RenewableUpstreams => new ServerUpstreams(deps);
