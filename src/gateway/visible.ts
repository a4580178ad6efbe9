/** Lists show only what their reader may use: what policy would deny is cut out of the server's bytes. */
import { at, type JsonNode, member, stringOf } from '../base/json.js';
import type { Answered } from '../model/call.js';
import type { Policy } from '../model/ports.js';

/** List method to the member that holds the list, the member that names an item, and the method that uses one. */
const LISTS: Readonly<Record<string, { readonly list: string; readonly name: string; readonly use: string }>> = {
  'tools/list': { list: 'tools', name: 'name', use: 'tools/call' },
  'prompts/list': { list: 'prompts', name: 'name', use: 'prompts/get' },
  'resources/list': { list: 'resources', name: 'uri', use: 'resources/read' },
  'resources/templates/list': { list: 'resourceTemplates', name: 'uriTemplate', use: 'resources/read' },
};

/** The bytes with only these items in the list; the bytes of the items stay as the server wrote them. */
const keepOnly = (bytes: Buffer, list: JsonNode, kept: readonly JsonNode[]): Buffer => {
  const items = kept.flatMap(({ start, end }, i) => [
    ...(i === 0 ? [] : [Buffer.from(',')]),
    bytes.subarray(start, end),
  ]);
  return Buffer.concat([bytes.subarray(0, list.start + 1), ...items, bytes.subarray(list.end - 1)]);
};

/**
 * The bytes of a message that its reader may see: of an answered list, the items that policy does not deny the
 * principal of the call. An item without a name cannot be used, so it is not shown.
 */
export const createVisible =
  (policy: Pick<Policy, 'mayUse'>) =>
  ({ intended, message, server }: Answered): Buffer => {
    const shape = message.kind === 'response' && intended ? LISTS[intended.message.method ?? ''] : undefined;
    const list = shape && at(message.node, 'result', shape.list);
    if (!shape || !intended || list?.kind !== 'array') return message.bytes;
    const kept = list.items.filter((item) => {
      const target = stringOf(member(item, shape.name));
      if (target === undefined) return false;
      return policy.mayUse(intended.principal, { server: server.id, method: shape.use, target });
    });
    return kept.length === list.items.length ? message.bytes : keepOnly(message.bytes, list, kept);
  };
