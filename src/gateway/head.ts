/** What the head of an HTTP request must be before anything else is looked at. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../base/loopback.js';
import { parseTraceParent, parseTraceState } from '../base/trace-context.js';
import { REVISIONS } from './protocol/2025-11-25/message.js';
import { REVISION } from './protocol/2026-07-28/envelope.js';
import { unsupported } from './protocol/2026-07-28/era.js';
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
 * GET and DELETE are of sessions, which only the older revisions have; a POST says its revision in its body too.
 * @throws Refusal protocol_version, method_not_allowed
 */
export const checkVersion = (headers: IncomingHttpHeaders): void => {
  const version = headers['mcp-protocol-version'];
  if (version === REVISION) throw new Refusal('method_not_allowed', 'this revision has POST alone');
  if (version !== undefined && (typeof version !== 'string' || !REVISIONS.includes(version)))
    throw unsupported(typeof version === 'string' ? version : '');
};

/** The W3C trace context of a request, where it is well formed. */
export const traceOf = (headers: IncomingHttpHeaders): string | null => {
  const value = headers['traceparent'];
  return typeof value === 'string' && parseTraceParent(value) ? value : null;
};

/** The `tracestate` of a request, as it may be passed on; without a trace it says nothing (W3C Trace Context §3.3). */
export const traceStateOf = (headers: IncomingHttpHeaders): string | null => {
  const value = headers['tracestate'];
  if (value === undefined || traceOf(headers) === null) return null;
  return parseTraceState(Array.isArray(value) ? value.join(',') : value) ?? null;
};
