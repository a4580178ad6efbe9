/** Reads the requests of the approvals API, strictly. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { JsonError, type JsonNode, parseJson } from '../../base/json.js';
import { isUlid } from '../../base/ulid.js';
import { Problem } from './problem.js';

/** Longest reason, in characters. */
const MAX_REASON = 1_000;

export type Route =
  | { readonly kind: 'list'; readonly all: boolean }
  | { readonly kind: 'show'; readonly id: string }
  | { readonly kind: 'decide'; readonly id: string; readonly verdict: 'approve' | 'deny' | 'revoke' };

/** Path and query of a request that is for this API; null for any other. */
export const pathOf = (url: string | undefined): { readonly path: string; readonly query: string } | null => {
  const [path = '', query = ''] = (url ?? '').split('?', 2);
  return path === '/approvals' || path.startsWith('/approvals/') ? { path, query } : null;
};

const METHODS: Readonly<Record<Route['kind'], string>> = { list: 'GET', show: 'GET', decide: 'POST' };

const parseRoute = (path: string, query: string): Route => {
  const [, , id, verdict, ...rest] = path.split('/');
  if (id === undefined) {
    if (query !== '' && query !== 'all=true') throw new Problem('BAD_REQUEST', 'the only parameter is all=true');
    return { kind: 'list', all: query !== '' };
  }
  if (query !== '') throw new Problem('BAD_REQUEST', 'no parameter is known here');
  if (!isUlid(id) || rest.length > 0) throw new Problem('NOT_FOUND');
  if (verdict === undefined) return { kind: 'show', id };
  if (verdict !== 'approve' && verdict !== 'deny' && verdict !== 'revoke') throw new Problem('NOT_FOUND');
  return { kind: 'decide', id, verdict };
};

/** @throws Problem NOT_FOUND, BAD_REQUEST, METHOD_NOT_ALLOWED */
export const routeOf = (method: string | undefined, path: string, query: string): Route => {
  const route = parseRoute(path, query);
  if (method !== METHODS[route.kind]) throw new Problem('METHOD_NOT_ALLOWED', `use ${METHODS[route.kind]}`);
  return route;
};

export interface HeadRules {
  /** Lower case, with the port. */
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

/**
 * A page that resolves its own name to this address (DNS rebinding) sends its own name as Host; any other
 * page sends its own Origin. Command lines send none.
 * @throws Problem BAD_HOST, BAD_ORIGIN
 */
export const checkHead = (headers: IncomingHttpHeaders, rules: HeadRules): void => {
  if (!rules.hosts.has((headers.host ?? '').toLowerCase())) throw new Problem('BAD_HOST');
  if (headers.origin !== undefined && !rules.origins.has(headers.origin)) throw new Problem('BAD_ORIGIN');
};

const readBytes = async (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new Problem('TOO_LARGE');
  const chunks: Uint8Array[] = [];
  let size = 0;
  // `destroyOnReturn: false` leaves the connection up, so that the refusal reaches the client.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new Problem('BAD_REQUEST');
    size += chunk.length;
    if (size > maxBytes) throw new Problem('TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const JSON_TYPE = /^application\/json *(; *charset="?utf-8"? *)?$/i;

const isNull = (node: JsonNode): boolean => node.kind === 'literal' && node.value === null;

const reasonIn = (body: JsonNode): string | null => {
  if (body.kind !== 'object') throw new Problem('BAD_REQUEST', 'the body is not a JSON object');
  if (body.members.some(({ key }) => key.value !== 'reason')) {
    throw new Problem('BAD_REQUEST', 'the body has an unknown member');
  }
  const reason = body.members[0]?.value;
  if (reason === undefined || isNull(reason)) return null;
  if (reason.kind !== 'string') throw new Problem('BAD_REQUEST', 'the reason is not a string');
  if (reason.value.length <= MAX_REASON) return reason.value;
  throw new Problem('BAD_REQUEST', `the reason is longer than ${MAX_REASON} characters`);
};

/**
 * The reason of a decision: a JSON object with `reason`, a string or null, or without it, and nothing else.
 * @throws Problem CONTENT_TYPE, TOO_LARGE, BAD_REQUEST
 */
export const readReason = async (request: IncomingMessage, maxBytes: number): Promise<string | null> => {
  const { headers } = request;
  if (!JSON_TYPE.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined) {
    throw new Problem('CONTENT_TYPE');
  }
  const bytes = await readBytes(request, maxBytes);
  try {
    return reasonIn(parseJson(bytes, { maxDepth: 2 }));
  } catch (error) {
    if (error instanceof JsonError) throw new Problem('BAD_REQUEST', error.message);
    throw error;
  }
};
