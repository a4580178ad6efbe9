/** Lists show only what their reader may use: what policy would deny is cut out of the server's bytes. */
import { at, type JsonNode, member, stringOf } from '../base/json.js';
import { replaceNodes } from '../base/json-edit.js';
import type { Answered, Intended, Message } from '../model/call.js';
import type { Policy } from '../model/ports.js';
import { isInputRequired } from './protocol/2026-07-28/retry.js';
import { withoutState } from './resume.js';
import { definitionDigest } from './tool-definition.js';

/** List method to the member that holds the list, the member that names an item, and the method that uses one. */
const LISTS: Readonly<Record<string, { readonly list: string; readonly name: string; readonly use: string }>> = {
  'tools/list': { list: 'tools', name: 'name', use: 'tools/call' },
  'prompts/list': { list: 'prompts', name: 'name', use: 'prompts/get' },
  'resources/list': { list: 'resources', name: 'uri', use: 'resources/read' },
  'resources/templates/list': { list: 'resourceTemplates', name: 'uriTemplate', use: 'resources/read' },
};

type Change = readonly [node: JsonNode, text: string | Buffer];

/** The text of a list with only these items, which stay as the server wrote them. */
const listOf = (bytes: Buffer, kept: readonly JsonNode[]): Buffer => {
  const items = kept.flatMap(({ start, end }, i) => [
    ...(i === 0 ? [] : [Buffer.from(',')]),
    bytes.subarray(start, end),
  ]);
  return Buffer.concat([Buffer.from('['), ...items, Buffer.from(']')]);
};

/** Of an answered list, the items that policy does not deny. An item without a name cannot be used: it is not shown. */
const filtered = (policy: Pick<Policy, 'mayUse'>, intended: Intended, message: Message): readonly Change[] => {
  const shape = LISTS[intended.message.method ?? ''];
  const list = shape && at(message.node, 'result', shape.list);
  if (!shape || list?.kind !== 'array') return [];
  const { principal, server } = intended;
  const kept = list.items.filter((item) => {
    const target = stringOf(member(item, shape.name));
    if (target === undefined) return false;
    const digest = (): string => definitionDigest(item);
    return policy.mayUse(principal, { server: server.id, method: shape.use, target, digest });
  });
  return kept.length === list.items.length ? [] : [[list, listOf(message.bytes, kept)]];
};

/** What is filtered or masked for one reader must not be kept for others (`cacheScope`, revision 2026-07-28). */
const kept = ({ node }: Message): readonly Change[] => {
  const scope = at(node, 'result', 'cacheScope');
  return scope && stringOf(scope) !== 'private' ? [[scope, '"private"']] : [];
};

/** The bytes of a message as its reader may see them, before masking. */
export const createVisible =
  (policy: Pick<Policy, 'mayUse'>) =>
  ({ intended, message }: Answered): Buffer => {
    if (!intended || message.kind !== 'response') return message.bytes;
    const modern = intended.era === 'modern';
    if (modern && isInputRequired(message)) return withoutState(message);
    const changes = [...filtered(policy, intended, message), ...(modern ? kept(message) : [])];
    return changes.length === 0 ? message.bytes : replaceNodes(message.bytes, changes);
  };
