/** TLS of the listeners: files of PEM text, read at start and again when they are renewed. */
import { createSecureContext } from 'node:tls';
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { type HttpServer, renewTls, type ServerTls } from '../gateway/server.js';
import type { Settings, TlsSettings } from '../model/settings.js';

const MAX_BYTES = 1_048_576;

const read = async (file: string): Promise<Buffer> => {
  try {
    return await readBounded(file, MAX_BYTES);
  } catch (error) {
    throw new CountersignError('TLS_FILE', { file, problem: reason(error) }, { cause: error });
  }
};

const readTls = async ({ cert, key, clientCa }: TlsSettings): Promise<ServerTls> => {
  const tls: ServerTls = {
    cert: await read(cert),
    key: await read(key),
    ...(clientCa === null ? {} : { ca: await read(clientCa) }),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new CountersignError('TLS_FILE', { file: cert, problem: reason(error) }, { cause: error });
  }
  return tls;
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
