/**
 * Answers of the gateway itself: what a client is told when its request does not become a call, or its call
 * does not run. Codes of our own stand outside the ranges that JSON-RPC and MCP reserve (-32768 to -32000).
 */
import { CountersignError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';

interface RefusalRow {
  readonly http: number;
  readonly code: number;
  readonly message: string;
}

const REFUSALS = {
  bad_host: { http: 403, code: -32000, message: 'Forbidden: this Host is not served here' },
  bad_origin: { http: 403, code: -32000, message: 'Forbidden: this Origin is not allowed' },
  not_found: { http: 404, code: -32000, message: 'Not found: no MCP server at this path' },
  method_not_allowed: { http: 405, code: -32000, message: 'Method not allowed' },
  sse_transport: {
    http: 405,
    code: -32000,
    message:
      'Method not allowed: the HTTP+SSE transport of 2024-11-05 is not served; use Streamable HTTP and POST initialize to this URL',
  },
  unauthorized: { http: 401, code: -32000, message: 'Unauthorized: a valid bearer token is required' },
  insufficient_scope: { http: 403, code: -32000, message: 'Forbidden: the token lacks a scope that calls need' },
  not_acceptable: {
    http: 406,
    code: -32000,
    message: 'Not Acceptable: accept both application/json and text/event-stream',
  },
  content_type: { http: 415, code: -32000, message: 'Unsupported Media Type: send application/json without encoding' },
  too_large: { http: 413, code: -32000, message: 'Payload Too Large' },
  slow_body: { http: 408, code: -32000, message: 'Request Timeout: the body did not arrive in time' },
  malformed_json: { http: 400, code: -32700, message: 'Parse error' },
  batch: { http: 400, code: -32600, message: 'Invalid Request: batches are not supported' },
  not_jsonrpc: { http: 400, code: -32600, message: 'Invalid Request: not one JSON-RPC 2.0 message' },
  protocol_version: {
    http: 400,
    code: -32022,
    message:
      'Bad Request: Unsupported protocol version (supported versions: 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26)',
  },
  header_mismatch: { http: 400, code: -32020, message: 'Bad Request: a header is missing or disagrees with the body' },
  envelope: { http: 400, code: -32602, message: 'Invalid params' },
  unknown_method: { http: 404, code: -32601, message: 'Method not found' },
  request_state: { http: 200, code: -32602, message: 'Invalid params: requestState or inputResponses are not taken' },
  request_state_tampered: { http: 200, code: -32602, message: 'Invalid params: this requestState was not made here' },
  request_state_earlier_run: {
    http: 200,
    code: -32602,
    message: 'Invalid params: this requestState is of an earlier run of the gateway; make the call again without it',
  },
  request_state_foreign: {
    http: 200,
    code: -32602,
    message: 'Invalid params: this requestState was given to somebody else, or for another server',
  },
  request_state_other_call: {
    http: 200,
    code: -32602,
    message: 'Invalid params: this requestState belongs to another call',
  },
  request_state_expired: {
    http: 200,
    code: -32602,
    message: 'Invalid params: this requestState has expired; make the call again without it',
  },
  request_state_replayed: {
    http: 200,
    code: -32602,
    message: 'Invalid params: this requestState was used already; make the call again without it',
  },
  task_unknown: { http: 200, code: -32602, message: 'Invalid params: there is no such task of this principal' },
  session_required: { http: 400, code: -32000, message: 'Bad Request: Mcp-Session-Id header is required' },
  session_unknown: { http: 404, code: -32001, message: 'Session not found' },
  session_initialized: { http: 400, code: -32600, message: 'Invalid Request: the session is already initialized' },
  stream_open: { http: 409, code: -32000, message: 'Conflict: only one event stream is allowed per session' },
  id_in_use: { http: 400, code: -32600, message: 'Invalid Request: a request with this id is under way' },
  too_many: { http: 429, code: -31006, message: 'Too many sessions or calls under way; try again later' },
  rate_limited: { http: 200, code: -31008, message: 'Too many requests' },
  denied: { http: 200, code: -31001, message: 'Denied by policy' },
  approval_denied: { http: 200, code: -31002, message: 'Not approved' },
  not_recorded: { http: 200, code: -31003, message: 'Refused: the gateway cannot record at present' },
  not_anchored: {
    http: 200,
    code: -31003,
    message: 'Refused: what the gateway recorded has gone unconfirmed for too long; try again later',
  },
  upstream: { http: 200, code: -31004, message: 'The server gave no answer' },
  masking: { http: 200, code: -31005, message: 'The answer was blocked because it could not be masked' },
  inexact_number: {
    http: 200,
    code: -31007,
    message: 'Refused: the arguments hold a number that cannot be approved exactly; send it as a string',
  },
} as const satisfies Record<string, RefusalRow>;

export type RefusalReason = keyof typeof REFUSALS;

/** A request that ends here. `detail` is a sentence for the client; it never holds content of the request. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  readonly http: number;
  readonly code: number;
  /** Set where the refusal is already on record. */
  readonly recorded: boolean;
  /** `data` of the JSON-RPC error, for programs. */
  readonly data: JsonObject | undefined;
  /** The id of the request as written, where it was read before the refusal. */
  id: string | null = null;

  constructor(reason: RefusalReason, detail?: string, recorded = false, data?: JsonObject) {
    super(detail === undefined ? REFUSALS[reason].message : `${REFUSALS[reason].message}: ${detail}`);
    this.name = 'Refusal';
    this.reason = reason;
    this.http = REFUSALS[reason].http;
    this.code = REFUSALS[reason].code;
    this.recorded = recorded;
    this.data = data;
  }
}

/** The refusal of what masking did not let pass. Names of rules and detectors may be told; what failed else may not. */
export const maskingRefusal = (error: unknown, otherwise?: string): Refusal => {
  if (error instanceof Refusal) return error;
  return error instanceof CountersignError && error.code === 'MASKING_BLOCKED'
    ? new Refusal('masking', error.message)
    : new Refusal('masking', otherwise);
};

/**
 * The JSON-RPC error of a refusal.
 * @param id the request's id as written; null where it is not known
 */
export const errorBytes = (refusal: Refusal, id: string | null): Buffer =>
  Buffer.from(
    `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":{"code":${refusal.code},"message":${JSON.stringify(refusal.message)}${refusal.data === undefined ? '' : `,"data":${JSON.stringify(refusal.data)}`}}}`,
  );
