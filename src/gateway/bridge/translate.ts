/** Messages of one era as the other writes them. Pure. */
import { at, type JsonNode, type JsonObject, type JsonValue, member, stringOf, toValue } from '../../base/json.js';
import { changeMembers, replaceNodes } from '../../base/json-edit.js';
import type { Message } from '../../model/call.js';
import { REVISIONS, readMessage } from '../protocol/2025-11-25/message.js';
import { META, REVISION } from '../protocol/2026-07-28/envelope.js';

const valueAt = (node: JsonNode | undefined, ...path: readonly string[]): JsonValue | undefined => {
  const found = at(node, ...path);
  return found ? toValue(found) : undefined;
};

/** The bytes of an answer of the gateway's own. */
export const answerBytes = (id: string, result: JsonObject): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`);

export const failureBytes = (id: string, code: number, message: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}`);

/** What of `_meta` only revision 2026-07-28 has. */
export const NO_ENVELOPE: Readonly<Record<string, null>> = {
  [META.version]: null,
  [META.capabilities]: null,
  [META.clientInfo]: null,
  [META.logLevel]: null,
};

/** Methods whose results say how long they may be kept. */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** Nothing that passed through masking may be kept for others, nor for long: what is masked can change. */
const NOT_KEPT = { ttlMs: '0', cacheScope: '"private"' } as const;

/** The old code of a resource that is not there; the new revision has one code for all bad parameters. */
const NOT_FOUND = -32_002;
const INVALID_PARAMS = '-32602';

/** An answer of the older revisions as 2026-07-28 writes it. */
export const toModernAnswer = (message: Message, method: string): Buffer => {
  const { bytes, node } = message;
  const result = member(node, 'result');
  const code = at(node, 'error', 'code');
  if (code?.kind === 'number' && code.value === NOT_FOUND) return replaceNodes(bytes, [[code, INVALID_PARAMS]]);
  if (result?.kind !== 'object') return bytes;
  const changes = { resultType: '"complete"', ...(CACHEABLE.has(method) ? NOT_KEPT : {}) };
  return replaceNodes(bytes, [[result, changeMembers(bytes, result, changes)]]);
};

/** The revision a session of the older ones is opened with at the server. */
export const LEGACY_REVISION = REVISIONS[0] ?? '';

/** `server/discover`, answered from what `initialize` was. */
export const discoverResult = (initialized: Message): JsonObject => {
  const { node } = initialized;
  const instructions = stringOf(at(node, 'result', 'instructions'));
  const { tasks: _tasks, ...capabilities } = Object(valueAt(node, 'result', 'capabilities') ?? {});
  return {
    resultType: 'complete',
    supportedVersions: [REVISION],
    capabilities,
    ...(instructions === undefined ? {} : { instructions }),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [META.serverInfo]: valueAt(node, 'result', 'serverInfo') ?? { name: 'unknown', version: '0' } },
  };
};

/** `initialize`, answered from what `server/discover` was. */
export const initializeResult = (discovered: Message, asked: string | undefined): JsonObject => {
  const { node } = discovered;
  const instructions = stringOf(at(node, 'result', 'instructions'));
  const info = valueAt(node, 'result', '_meta', META.serverInfo) ?? valueAt(node, 'result', 'serverInfo');
  return {
    protocolVersion: asked !== undefined && REVISIONS.includes(asked) ? asked : LEGACY_REVISION,
    capabilities: valueAt(node, 'result', 'capabilities') ?? {},
    serverInfo: info ?? { name: 'unknown', version: '0' },
    ...(instructions === undefined ? {} : { instructions }),
  };
};

/** A notification with the name of the request that listens for it. */
export const stamped = (message: Message, id: string): Buffer => {
  const { bytes, node } = message;
  if (node.kind !== 'object') return bytes;
  const params = member(node, 'params');
  const meta = member(params, '_meta');
  const named = { [META.subscription]: id };
  const inMeta =
    meta?.kind === 'object' ? changeMembers(bytes, meta, named) : `{${JSON.stringify(META.subscription)}:${id}}`;
  const inParams =
    params?.kind === 'object' ? changeMembers(bytes, params, { _meta: inMeta }) : `{"_meta":${inMeta.toString()}}`;
  return changeMembers(bytes, node, { params: inParams });
};

/** A request with the envelope of revision 2026-07-28, and whatever else goes into `params`. */
export const enveloped = (
  message: Message,
  envelope: Readonly<Record<string, JsonValue>>,
  further: { readonly id?: string; readonly params?: Readonly<Record<string, string>> } = {},
): Message => {
  const { bytes, node } = message;
  if (node.kind !== 'object') return message;
  const params = member(node, 'params');
  const meta = member(params, '_meta');
  const own = Object.fromEntries(Object.entries(envelope).map(([name, value]) => [name, JSON.stringify(value)]));
  const inMeta = meta?.kind === 'object' ? changeMembers(bytes, meta, own) : JSON.stringify(envelope);
  const changes = { ...further.params, _meta: inMeta };
  const inParams =
    params?.kind === 'object'
      ? changeMembers(bytes, params, changes)
      : changeMembers(Buffer.from('{}'), { kind: 'object', start: 0, end: 2, members: [] }, changes);
  return readMessage(
    changeMembers(bytes, node, { params: inParams, ...(further.id === undefined ? {} : { id: further.id }) }),
  );
};
