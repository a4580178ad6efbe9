/** How connections to one server over HTTP are made: over TCP or a Unix socket, with TLS as its settings say. */
import { buildConnector } from 'undici';

/** PEM text. */
export interface ClientTls {
  /** Authorities that the server's certificate must be of. Absent: those of Node. */
  readonly ca?: Buffer;
  /** What the gateway shows of itself (mutual TLS). Absent: nothing. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Longest time until a connection stands, milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface Connector {
  readonly connect: buildConnector.connector;
  /** Takes renewed certificates, for new connections; those that are open go on. */
  renew(tls: ClientTls): void;
}

/**
 * TLS 1.2 and newer (RFC 8996).
 * @param socket path of a Unix socket; null: TCP
 */
export const createConnector = (socket: string | null, tls: ClientTls = {}): Connector => {
  const build = (current: ClientTls): buildConnector.connector =>
    buildConnector({
      timeout: CONNECT_TIMEOUT_MS,
      minVersion: 'TLSv1.2',
      ...current,
      ...(socket === null ? {} : { socketPath: socket }),
    });
  let made = build(tls);
  return {
    connect: (options, callback) => made(options, callback),
    renew: (renewed) => {
      made = build(renewed);
    },
  };
};
