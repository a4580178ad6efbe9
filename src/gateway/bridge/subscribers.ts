/** Changes at a server of the older revisions, told to clients of 2026-07-28 that listen for them. */
import { Channel } from '../../base/channel.js';
import { at, type JsonNode, type JsonObject, member, stringOf } from '../../base/json.js';
import type { Message, UpstreamMessage } from '../../model/call.js';
import { META } from '../protocol/2026-07-28/envelope.js';
import { stamped } from './translate.js';

/** Changes that wait for a client that does not read; more are lost to it. */
const MOST_WAITING = 1_000;
/** Resources that one request may listen for. */
const MOST_RESOURCES = 256;

/** Member of the filter, the notification it asks for, and the capability that a server needs for it. */
const KINDS = [
  ['toolsListChanged', 'notifications/tools/list_changed', ['tools', 'listChanged']],
  ['promptsListChanged', 'notifications/prompts/list_changed', ['prompts', 'listChanged']],
  ['resourcesListChanged', 'notifications/resources/list_changed', ['resources', 'listChanged']],
] as const;

const isTrue = (node: JsonNode | undefined): boolean => node?.kind === 'literal' && node.value === true;

/** What a client listens for, as far as the server can tell it. */
export interface Filter {
  readonly methods: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  /** The same, as the protocol writes it. */
  readonly honoured: JsonObject;
}

/**
 * @param capabilities of the server
 * @returns undefined where the request has no well-formed filter
 */
export const filterOf = (message: Message, capabilities: JsonNode | undefined): Filter | undefined => {
  const asked = at(message.node, 'params', 'notifications');
  if (asked?.kind !== 'object') return undefined;
  const kinds = KINDS.filter(([name, , path]) => isTrue(member(asked, name)) && isTrue(at(capabilities, ...path)));
  const uris = member(asked, 'resourceSubscriptions');
  const items = uris?.kind === 'array' ? uris.items.map(stringOf) : [];
  const named = items.filter((uri) => uri !== undefined).slice(0, MOST_RESOURCES);
  const resources = isTrue(at(capabilities, 'resources', 'subscribe')) ? named : [];
  return {
    methods: new Set(kinds.map(([, method]) => method)),
    resources: new Set(resources),
    honoured: {
      ...Object.fromEntries(kinds.map(([name]) => [name, true])),
      ...(resources.length > 0 ? { resourceSubscriptions: resources } : {}),
    },
  };
};

const wants = ({ methods, resources }: Filter, { method, node }: Message): boolean =>
  method === 'notifications/resources/updated'
    ? resources.has(stringOf(at(node, 'params', 'uri')) ?? '')
    : methods.has(method ?? '');

/** One request that listens. */
export class Subscriber {
  readonly filter: Filter;
  readonly stream = new Channel<UpstreamMessage>(MOST_WAITING);
  /** Changes that the client did not take. */
  dropped = 0;
  private readonly id: string;

  /** @param id of the request, as written */
  constructor(filter: Filter, id: string) {
    this.filter = filter;
    this.id = id;
    const meta = `{${JSON.stringify(META.subscription)}:${id}}`;
    const params = `{"_meta":${meta},"notifications":${JSON.stringify(filter.honoured)}}`;
    const text = `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":${params}}`;
    this.stream.push({ data: Buffer.from(text), event: null });
  }

  /** Tells a change, where it is listened for. */
  tell(message: Message): void {
    if (!wants(this.filter, message)) return;
    if (this.stream.size >= MOST_WAITING) this.dropped++;
    else this.stream.push({ data: stamped(message, this.id), event: null });
  }
}
