/**
 * JSON-RPC messages of the revisions up to 2025-11-25 (MCP specification, "Base protocol").
 * Batches were removed in 2025-06-18 and are refused for all revisions.
 */
import { foldName } from '../../../base/fold.js';
import { at, JsonError, type JsonNode, member, parseJson, stringOf } from '../../../base/json.js';
import type { Message } from '../../../model/call.js';
import { Refusal } from '../../refuse.js';

/** Revisions served here, newest first. */
export const REVISIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

const MAX_ID_LENGTH = 256;

const idOf = (bytes: Buffer, node: JsonNode | undefined): string | undefined => {
  const isId = node?.kind === 'string' || (node?.kind === 'number' && node.exact);
  if (!node || !isId || node.end - node.start > MAX_ID_LENGTH) return undefined;
  return bytes.toString('utf8', node.start, node.end);
};

const hasOnly = (node: JsonNode, names: readonly string[]): boolean =>
  node.kind === 'object' && node.members.every(({ key }) => names.includes(key.value));

/** Members of `params`, and of its `ref`, that the gateway reads. */
const READ: ReadonlyMap<string, string> = new Map(
  [
    'name',
    'uri',
    'arguments',
    'ref',
    '_meta',
    'requestId',
    'protocolVersion',
    'inputResponses',
    'requestState',
    'notifications',
  ].map((name) => [foldName(name), name]),
);

/**
 * Some servers match member names whatever their case (Go's encoding/json, with Unicode's simple folding): such a one
 * would run another call than the one that was judged.
 */
const isAmbiguous = (params: JsonNode | undefined): boolean =>
  params?.kind === 'object' &&
  params.members.some(({ key }) => (READ.get(foldName(key.value)) ?? key.value) !== key.value);

const REQUEST_MEMBERS = ['jsonrpc', 'id', 'method', 'params'];

const asRequest = (bytes: Buffer, node: JsonNode, method: string): Message | undefined => {
  const idNode = member(node, 'id');
  const id = idOf(bytes, idNode);
  const params = member(node, 'params');
  if (method.length > 256 || (params && params.kind !== 'object') || !hasOnly(node, REQUEST_MEMBERS)) return undefined;
  if (isAmbiguous(params) || isAmbiguous(member(params, 'ref'))) return undefined;
  if (!idNode) return { bytes, node, kind: 'notification', method, id: null };
  return id === undefined ? undefined : { bytes, node, kind: 'request', method, id };
};

const asResponse = (bytes: Buffer, node: JsonNode): Message | undefined => {
  const idNode = member(node, 'id');
  const error = member(node, 'error');
  const result = member(node, 'result');
  if ((error === undefined) === (result === undefined) || (error && error.kind !== 'object')) return undefined;
  const id = idOf(bytes, idNode);
  // An error whose request could not be read has a null id (JSON-RPC 2.0 §5).
  const unread = error !== undefined && idNode?.kind === 'literal' && idNode.value === null;
  return id === undefined && !unread ? undefined : { bytes, node, kind: 'response', method: null, id: id ?? null };
};

const classify = (bytes: Buffer, node: JsonNode): Message | undefined => {
  if (stringOf(member(node, 'jsonrpc')) !== '2.0') return undefined;
  const method = member(node, 'method');
  if (method === undefined) return asResponse(bytes, node);
  return method.kind === 'string' ? asRequest(bytes, node, method.value) : undefined;
};

/**
 * Reads one message of a client.
 * @throws Refusal with the protocol's own answer
 */
export const readMessage = (bytes: Buffer): Message => {
  let node: JsonNode;
  try {
    node = parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonError) throw new Refusal('malformed_json', error.message);
    throw error;
  }
  if (node.kind === 'array') throw new Refusal('batch');
  const message = classify(bytes, node);
  if (!message) throw new Refusal('not_jsonrpc');
  return message;
};

/** Reads one message of a server; undefined where it is none. */
export const readUpstreamMessage = (bytes: Buffer): Message | undefined => {
  try {
    return classify(bytes, parseJson(bytes));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

/** Method to the member of `params` that names its target. */
const TARGETS: Readonly<Record<string, 'name' | 'uri'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'resources/subscribe': 'uri',
  'resources/unsubscribe': 'uri',
};

/**
 * What a request is aimed at: a tool, a resource or a prompt. A member that its method does not read says nothing of
 * it: `name` beside the `uri` of a resource would have another one judged than is read.
 */
export const targetOf = (message: Message): string | null => {
  const params = member(message.node, 'params');
  const own = TARGETS[message.method ?? ''];
  if (own !== undefined) return stringOf(member(params, own)) ?? null;
  const ref = member(params, 'ref');
  return (
    stringOf(member(params, 'name')) ??
    stringOf(member(params, 'uri')) ??
    stringOf(member(ref, 'uri')) ??
    stringOf(member(ref, 'name')) ??
    null
  );
};

/** The id that `notifications/cancelled` withdraws, as written. */
export const cancelledId = (message: Message): string | undefined =>
  message.method === 'notifications/cancelled'
    ? idOf(message.bytes, at(message.node, 'params', 'requestId'))
    : undefined;

/** The revision named in an `initialize` request or its result. */
export const revisionOf = (message: Message): string | undefined =>
  stringOf(at(message.node, message.kind === 'response' ? 'result' : 'params', 'protocolVersion'));
