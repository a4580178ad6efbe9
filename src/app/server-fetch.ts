/** Requests of commands to a server over HTTP, by the way that its settings name: its socket, its authorities. */
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import type { ServerSettings } from '../model/settings.js';
import { type ClientTls, createConnector } from '../upstream/connector.js';
import { readUpstreamTls } from './tls.js';

export type HttpServerSettings = Extract<ServerSettings['upstream'], { readonly kind: 'http' }>;

/** Requests to one server. Redirects are not followed. */
export interface ServerFetch {
  (url: URL, init: RequestInit): Promise<Response>;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** Without the certificate by which a server knows the gateway. */
const withoutOwn = ({ ca }: ClientTls): ClientTls => (ca ? { ca } : {});

/**
 * @param as `gateway`: with its certificate; `stranger`: without
 * @throws CountersignError TLS_FILE
 */
export const openServerFetch = async (
  { socket, tls }: HttpServerSettings,
  as: 'gateway' | 'stranger',
): Promise<ServerFetch> => {
  const read = tls ? await readUpstreamTls(tls) : {};
  const { connect } = createConnector(socket ?? null, as === 'gateway' ? read : withoutOwn(read));
  const dispatcher = new Agent({ connect });
  const send = (url: URL, init: RequestInit): Promise<Response> =>
    fetch(url, { ...init, dispatcher, redirect: 'manual' });
  return Object.assign(send, { close: () => dispatcher.destroy() });
};
