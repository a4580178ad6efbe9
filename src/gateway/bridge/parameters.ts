/** Arguments that go into headers too (`x-mcp-header`, revision 2026-07-28), for clients that do not know of it. */
import { at, type JsonNode, member, stringOf } from '../../base/json.js';
import type { Message, MirroredHeaders } from '../../model/call.js';
import { encodeHeader } from '../protocol/2026-07-28/headers.js';

interface Declared {
  readonly header: string;
  readonly path: readonly string[];
}

/** Bounds on what one server may declare. */
const MOST_TOOLS = 10_000;
const MOST_HEADERS = 64;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** Only what is reached by `properties` alone may be declared; what is declared elsewhere the server cannot ask for. */
const declaredIn = (schema: JsonNode | undefined, path: readonly string[] = []): readonly Declared[] => {
  const properties = member(schema, 'properties');
  if (properties?.kind !== 'object') return [];
  return properties.members.flatMap(({ key, value }) => {
    const header = stringOf(member(value, 'x-mcp-header'));
    const own = [...path, key.value];
    const here = header !== undefined && TOKEN.test(header) ? [{ header, path: own }] : [];
    return [...here, ...declaredIn(value, own)];
  });
};

const written = (node: JsonNode | undefined): string | undefined => {
  if (node?.kind === 'string') return node.value;
  const plain = node?.kind === 'number' || (node?.kind === 'literal' && node.value !== null);
  return plain ? String(node.value) : undefined;
};

/** Remembers what the tools of one server declare. */
export class Parameters {
  private readonly declared = new Map<string, readonly Declared[]>();

  /** Learns from an answer to `tools/list`. */
  learn(answer: Message): void {
    const tools = at(answer.node, 'result', 'tools');
    for (const tool of tools?.kind === 'array' ? tools.items : []) {
      const name = stringOf(member(tool, 'name'));
      if (name === undefined || (this.declared.size >= MOST_TOOLS && !this.declared.has(name))) continue;
      this.declared.set(name, declaredIn(member(tool, 'inputSchema')).slice(0, MOST_HEADERS));
    }
  }

  knows(tool: string): boolean {
    return this.declared.has(tool);
  }

  /** The headers of a tool call. */
  headersOf({ node }: Message): MirroredHeaders {
    const tool = stringOf(at(node, 'params', 'name')) ?? '';
    const found = (this.declared.get(tool) ?? []).flatMap(({ header, path }) => {
      const text = written(at(node, 'params', 'arguments', ...path));
      return text === undefined ? [] : [[`mcp-param-${header.toLowerCase()}`, encodeHeader(text)] as const];
    });
    return Object.fromEntries(found);
  }
}
