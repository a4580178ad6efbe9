/** What the head of an HTTP request must be before anything else is looked at. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../base/loopback.js';
import { REVISIONS } from './protocol/2025-11-25/message.js';
import { Refusal } from './refuse.js';

export interface HeadRules {
  /** Lower case, with port where one is not the scheme's own. */
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

/** The `Host` values of a listener: its own address, the names of loopback where it is one, and further ones. */
export const hostsServed = (
  { host, port }: { readonly host: string; readonly port: number },
  further: readonly string[],
): ReadonlySet<string> => {
  const own = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const names = isLoopback(host) ? [own, '127.0.0.1', 'localhost', '[::1]'] : [own];
  return new Set([...names.map((name) => `${name}:${port}`), ...further].map((name) => name.toLowerCase()));
};

/**
 * DNS rebinding: a page that resolves its own name to this address sends its own name as Host and Origin
 * (MCP specification, "Security Warning" of Streamable HTTP).
 * @throws Refusal bad_host, bad_origin
 */
export const checkHead = (headers: IncomingHttpHeaders, rules: HeadRules): void => {
  if (!rules.hosts.has((headers.host ?? '').toLowerCase())) throw new Refusal('bad_host');
  if (headers.origin !== undefined && !rules.origins.has(headers.origin)) throw new Refusal('bad_origin');
};

/** @throws Refusal content_type, not_acceptable */
export const checkPost = (headers: IncomingHttpHeaders): void => {
  const type = (headers['content-type'] ?? '').toLowerCase();
  const isJson = /^application\/json *(; *charset="?utf-8"? *)?$/.test(type);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!isJson || encoding !== 'identity') throw new Refusal('content_type');
  const accept = (headers.accept ?? '').toLowerCase();
  const accepts = (name: string): boolean => accept.includes(name) || accept.includes('*/*');
  if (!accepts('application/json') || !accepts('text/event-stream')) throw new Refusal('not_acceptable');
};

/**
 * Revisions not served are refused as 2026-07-28 asks (UnsupportedProtocolVersion), so that a client of both eras
 * finds the ones that are.
 * @throws Refusal protocol_version
 */
export const checkVersion = (headers: IncomingHttpHeaders): void => {
  const version = headers['mcp-protocol-version'];
  if (version !== undefined && (typeof version !== 'string' || !REVISIONS.includes(version))) {
    const requested = typeof version === 'string' && /^[\w.-]{1,32}$/.test(version) ? version : 'unreadable';
    throw new Refusal('protocol_version', undefined, false, { supported: REVISIONS, requested });
  }
};

/** The W3C trace context of a request, where it is well formed. */
export const traceOf = (headers: IncomingHttpHeaders): string | null => {
  const value = headers['traceparent'];
  return typeof value === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : null;
};
