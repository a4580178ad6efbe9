/** The sections about running the gateway: TLS of its listeners, and metrics that are pushed. */
import { z } from 'zod';
import type { TlsSettings } from '../../model/settings.js';
import { duration, line, path, secretSource, webUrl } from './fields.js';

/** Certificate and key in PEM. With `clientCa` every client needs a certificate of that authority (mutual TLS). */
export const tls = z.strictObject({ cert: path, key: path, clientCa: path.optional() });

export const metrics = z.strictObject({
  otlp: z
    .strictObject({
      url: webUrl,
      headers: z.record(line(100), secretSource).default({}),
      interval: duration('1s', '1h').prefault('60s'),
    })
    .optional(),
});

export const traces = z.strictObject({
  otlp: z
    .strictObject({
      url: webUrl,
      headers: z.record(line(100), secretSource).default({}),
      sample: z.number().min(0).max(1).default(1),
    })
    .optional(),
});

type At = (path: string) => string;

/** @param at makes a path absolute */
export const tlsOf = ({ cert, key, clientCa }: z.output<typeof tls>, at: At): TlsSettings => ({
  cert: at(cert),
  key: at(key),
  clientCa: clientCa === undefined ? null : at(clientCa),
});
