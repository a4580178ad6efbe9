/** TLS of the listeners, and towards servers: files of PEM text, read at start and again when they are renewed. */
import { createSecureContext } from 'node:tls';
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { type HttpServer, renewTls, type ServerTls } from '../gateway/server.js';
import type { ServerSettings, Settings, TlsSettings, UpstreamTlsSettings } from '../model/settings.js';
import type { ClientTls } from '../upstream/connector.js';

const MAX_BYTES = 1_048_576;

const read = async (file: string): Promise<Buffer> => {
  try {
    return await readBounded(file, MAX_BYTES);
  } catch (error) {
    throw new CountersignError('TLS_FILE', { file, problem: reason(error) }, { cause: error });
  }
};

/** @param file named where what was read does not hold */
const checked = <T extends ServerTls | ClientTls>(tls: T, file: string): T => {
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new CountersignError('TLS_FILE', { file, problem: reason(error) }, { cause: error });
  }
  return tls;
};

const readTls = async ({ cert, key, clientCa }: TlsSettings): Promise<ServerTls> =>
  checked(
    {
      cert: await read(cert),
      key: await read(key),
      ...(clientCa === null ? {} : { ca: await read(clientCa) }),
    },
    cert,
  );

/**
 * What a connection to a server is made with.
 * @throws CountersignError TLS_FILE
 */
export const readUpstreamTls = async ({ ca, own }: UpstreamTlsSettings): Promise<ClientTls> =>
  checked(
    {
      ...(ca === null ? {} : { ca: await read(ca) }),
      ...(own && { cert: await read(own.cert), key: await read(own.key) }),
    },
    own?.cert ?? ca ?? '',
  );

/**
 * The same for all servers that have such settings, by id.
 * @throws CountersignError TLS_FILE
 */
export const readServersTls = async (servers: readonly ServerSettings[]): Promise<ReadonlyMap<string, ClientTls>> => {
  const read = servers.map(async ({ id, upstream }) =>
    upstream.kind === 'http' && upstream.tls ? [[id, await readUpstreamTls(upstream.tls)] as const] : [],
  );
  return new Map((await Promise.all(read)).flat());
};

export interface ListenersTls {
  readonly clients: ServerTls | undefined;
  readonly admin: ServerTls | undefined;
}

/**
 * Reads what both listeners need; undefined where one speaks plain HTTP.
 * @throws CountersignError TLS_FILE where a file cannot be read, or certificate and key do not belong together
 */
export const readListenersTls = async ({ gateway }: Pick<Settings, 'gateway'>): Promise<ListenersTls> => ({
  clients: gateway.tls && (await readTls(gateway.tls)),
  admin: gateway.adminTls && (await readTls(gateway.adminTls)),
});

/**
 * Reads the files again; where they do not hold, both listeners go on with what they have.
 * @throws CountersignError TLS_FILE
 */
export const renewListenersTls = async (
  settings: Pick<Settings, 'gateway'>,
  servers: { readonly clients: HttpServer; readonly admin: HttpServer },
): Promise<void> => {
  const { clients, admin } = await readListenersTls(settings);
  if (clients) renewTls(servers.clients, clients);
  if (admin) renewTls(servers.admin, admin);
};
