/** The admin listener: health for machines, and what is mounted on it, such as the approvals API. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { createHttpServer, type HttpServer, type ServerTls } from './server.js';

/** Handles a request, or says that it is not its own. */
export type AdminRoute = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface AdminDeps {
  /** `Host` values that are served, lower case; an address is served by any. */
  readonly hosts: ReadonlySet<string>;
  readonly routes: readonly AdminRoute[];
  readonly health: () => { readonly ok: boolean; readonly [fact: string]: string | number | boolean };
  readonly onDefect: (error: unknown) => void;
  /** Absent: plain HTTP. */
  readonly tls?: ServerTls | undefined;
}

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
};

/** A page that resolves its own name to this address sends its name; what names an address cannot be one. */
export const isServed = (host: string, hosts: ReadonlySet<string>): boolean =>
  hosts.has(host.toLowerCase()) || isIP(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) !== 0;

const handle = async (deps: AdminDeps, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (request.method === 'GET' && request.url === '/healthz') {
    if (!isServed(request.headers.host ?? '', deps.hosts))
      return json(response, 403, { error: { code: 'BAD_HOST', message: 'this Host is not served here' } });
    const health = deps.health();
    return json(response, health.ok ? 200 : 503, health);
  }
  for (const route of deps.routes) if (await route(request, response)) return;
  json(response, 404, { error: { code: 'NOT_FOUND', message: 'nothing is served at this path' } });
};

export const createAdmin = (deps: AdminDeps): HttpServer =>
  createHttpServer(
    { maxHeaderSize: 32_768, headersTimeout: 15_000, requestTimeout: 30_000 },
    deps.tls,
    (request, response) => {
      handle(deps, request, response).catch((error: unknown) => {
        deps.onDefect(error);
        response.destroy();
      });
    },
  );
