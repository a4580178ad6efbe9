/** An HTTP server, with TLS or without. */
import {
  createServer as createPlain,
  type Server as PlainServer,
  type RequestListener,
  type ServerOptions,
} from 'node:http';
import { createServer as createSecure, type Server as SecureServer } from 'node:https';

/** PEM text. With `ca`, every client needs a certificate of that authority. */
export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

export type HttpServer = PlainServer | SecureServer;

/** TLS 1.2 and newer (RFC 8996). A client without the certificate that is asked for gets no connection. */
const secureOptions = (tls: ServerTls) => ({
  ...tls,
  minVersion: 'TLSv1.2' as const,
  requestCert: tls.ca !== undefined,
  rejectUnauthorized: tls.ca !== undefined,
});

export const createHttpServer = (
  options: ServerOptions,
  tls: ServerTls | undefined,
  listener: RequestListener,
): HttpServer => (tls ? createSecure({ ...options, ...secureOptions(tls) }, listener) : createPlain(options, listener));

/** Certificates that were renewed hold for new connections; those that are open go on. */
export const renewTls = (server: HttpServer, tls: ServerTls): void => {
  if ('setSecureContext' in server) server.setSecureContext(secureOptions(tls));
};
