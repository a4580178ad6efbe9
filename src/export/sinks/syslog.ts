/**
 * Syslog over TLS: messages of RFC 5424 in the frames of RFC 5425. The protocol has no acknowledgement, so what was
 * written in the last minute before a connection broke is sent again on the next one: a receiver may have it twice.
 */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { ExportEvent, Severity } from '../record.js';
import type { Sink } from './sink.js';

const TIMEOUT_MS = 30_000;
/** A receiver that is gone shows within this time, milliseconds; and most bytes kept to be sent again. */
const DOUBTFUL_MS = 60_000;
const MAX_DOUBTFUL_BYTES = 16_777_216;
/** Facility 13 (log audit), RFC 5424 §6.2.1. */
const FACILITY = 13;
const LEVELS: Readonly<Record<Severity, number>> = { informational: 6, low: 5, medium: 4, high: 2 };

export interface SyslogOptions {
  readonly host: string;
  readonly port: number;
  /** Authorities of the receiver's certificate, PEM; absent: those of Node. */
  readonly ca?: Buffer | undefined;
  /** HOSTNAME field. */
  readonly hostname: string;
}

/** Fields of the head are printable ASCII without spaces (RFC 5424 §6.2.4 and on); `-` is none. */
const field = (text: string, most: number): string => text.replace(/[^!-~]/g, '').slice(0, most) || '-';

/** One message, framed by its length in bytes (RFC 5425 §4.3.1). */
export const syslogFrame = ({ t, type, severity, body }: ExportEvent, hostname: string): Buffer => {
  const priority = FACILITY * 8 + LEVELS[severity];
  const head = `<${priority}>1 ${t} ${field(hostname, 255)} countersign - ${field(type, 32)} - `;
  const message = Buffer.from(`${head}\uFEFF${body}`);
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
};

const opened = ({ host, port, ca }: SyslogOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    // An address is no server name (RFC 6066 §3); the certificate is held against it all the same.
    const servername = isIP(host) ? '' : host;
    const socket = connect({ host, port, ca, servername, minVersion: 'TLSv1.2' }, () => {
      socket.off('error', reject);
      // What breaks later shows at the next write.
      socket.on('error', () => socket.destroy());
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('the receiver does not answer')));
    socket.once('error', reject);
  });

const written = (socket: TLSSocket, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });

/** What was written lately on a connection whose end would take it along. */
const createDoubtful = (now: () => number) => {
  let kept: { readonly bytes: Buffer; readonly at: number }[] = [];
  return {
    add(bytes: Buffer): void {
      const since = now() - DOUBTFUL_MS;
      kept = [...kept.filter(({ at }) => at >= since), { bytes, at: now() }];
      let size = kept.reduce((sum, { bytes: one }) => sum + one.length, 0);
      while (kept.length > 1 && size > MAX_DOUBTFUL_BYTES) size -= kept.shift()?.bytes.length ?? 0;
    },
    all: (): Buffer => Buffer.concat(kept.map(({ bytes }) => bytes)),
  };
};

/** @param now monotonic milliseconds */
export const createSyslogSink = (options: SyslogOptions, now: () => number): Sink => {
  let socket: TLSSocket | undefined;
  const doubtful = createDoubtful(now);
  const usable = async (): Promise<TLSSocket> => {
    if (socket && !socket.destroyed && socket.writable) return socket;
    socket = await opened(options);
    await written(socket, doubtful.all());
    return socket;
  };
  return {
    async send(events) {
      const bytes = Buffer.concat(events.map((event) => syslogFrame(event, options.hostname)));
      await written(await usable(), bytes);
      doubtful.add(bytes);
    },
    close: () =>
      new Promise((resolve) => {
        if (!socket || socket.destroyed) return resolve();
        socket.once('close', () => resolve());
        socket.end();
      }),
  };
};
