/**
 * Ids and progress tokens of requests that share one conversation with a server: several clients use the same ones, so
 * each request goes out under its call's id, and what comes back for it gets its own names again.
 */
import { at, type JsonNode, member } from '../../base/json.js';
import { changeMembers, replaceNodes } from '../../base/json-edit.js';
import type { Message, Outgoing } from '../../model/call.js';
import { readMessage } from '../protocol/2025-11-25/message.js';
import { META } from '../protocol/2026-07-28/envelope.js';

/** How a request is called by its client and, to the server, by us; each as JSON text. */
export interface Names {
  readonly own: string;
  readonly id: string;
  /** The client's progress token; null where it wants no progress. */
  readonly token: string | null;
}

const textOf = (bytes: Buffer, node: JsonNode): string => bytes.toString('utf8', node.start, node.end);

export const namesOf = ({ call, message }: Pick<Outgoing, 'call' | 'message'>): Names => {
  const token = at(message.node, 'params', '_meta', 'progressToken');
  return { own: JSON.stringify(call), id: message.id ?? 'null', token: token ? textOf(message.bytes, token) : null };
};

/**
 * A request under our name for it.
 * @param meta further changes to `_meta`
 * @param params further changes to `params`
 */
export const renamed = (
  message: Message,
  names: Names,
  meta: Readonly<Record<string, string | null>> = {},
  params: Readonly<Record<string, string | null>> = {},
): Message => {
  const { bytes, node } = message;
  const from = member(node, 'params');
  if (node.kind !== 'object') return message;
  if (from?.kind !== 'object')
    return readMessage(replaceNodes(bytes, [[node, changeMembers(bytes, node, { id: names.own })]]));
  const old = member(from, '_meta');
  const token = names.token === null ? {} : { progressToken: names.own };
  const changed = old?.kind === 'object' ? changeMembers(bytes, old, { ...meta, ...token }) : null;
  const inner = changeMembers(bytes, from, {
    ...params,
    ...(changed ? { _meta: changed.length > 2 ? changed : null } : {}),
  });
  return readMessage(changeMembers(bytes, node, { id: names.own, params: inner }));
};

/** Where a message names a request of ours: as its answer, its progress, or a change it listens for. */
const named = ({ node, kind }: Message): readonly (readonly [place: JsonNode | undefined, as: 'id' | 'token'])[] =>
  kind === 'response'
    ? [
        [member(node, 'id'), 'id'],
        [at(node, 'result', '_meta', META.subscription), 'id'],
      ]
    : [
        [at(node, 'params', 'progressToken'), 'token'],
        [at(node, 'params', '_meta', META.subscription), 'id'],
        [at(node, 'params', 'requestId'), 'id'],
      ];

/** The bytes of a message of the server as the client knows its request. */
export const restored = (message: Message, names: Names): Buffer => {
  const { bytes } = message;
  const changes = named(message).flatMap(([place, as]) => {
    if (!place || textOf(bytes, place) !== names.own) return [];
    return [[place, as === 'id' ? names.id : (names.token ?? names.own)] as const];
  });
  return changes.length === 0 ? bytes : replaceNodes(bytes, changes);
};
