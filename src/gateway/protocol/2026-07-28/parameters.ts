/** Arguments that go into headers too (`x-mcp-header`, MCP specification 2026-07-28, "Custom Headers"). */
import { at, type JsonNode, member, stringOf } from '../../../base/json.js';
import type { Message, MirroredHeaders } from '../../../model/call.js';
import { decodeHeader, encodeHeader } from './headers.js';

/** An argument of a tool, and the header that bears it too. */
export interface Declared {
  /** Lower case. */
  readonly header: string;
  readonly path: readonly string[];
}

/** Bound on what one tool may declare. */
const MOST = 64;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** Only what is reached by `properties` alone may be declared; what is declared elsewhere nobody can be asked for. */
const below = (schema: JsonNode | undefined, path: readonly string[]): readonly Declared[] => {
  const properties = member(schema, 'properties');
  if (properties?.kind !== 'object') return [];
  return properties.members.flatMap(({ key, value }) => {
    const name = stringOf(member(value, 'x-mcp-header'));
    const own = [...path, key.value];
    const here =
      name !== undefined && TOKEN.test(name) ? [{ header: `mcp-param-${name.toLowerCase()}`, path: own }] : [];
    return [...here, ...below(value, own)];
  });
};

/** What a tool declares. */
export const declaredBy = (tool: JsonNode): readonly Declared[] =>
  below(member(tool, 'inputSchema'), []).slice(0, MOST);

/** The text of a primitive; undefined for what goes into no header. */
const textOf = (node: JsonNode | undefined): string | undefined => {
  if (node?.kind === 'string') return node.value;
  const plain = node?.kind === 'number' || (node?.kind === 'literal' && node.value !== null);
  return plain ? String(node.value) : undefined;
};

const argument = ({ node }: Message, path: readonly string[]): JsonNode | undefined =>
  at(node, 'params', 'arguments', ...path);

/** The headers of a tool call. */
export const parameterHeaders = (declared: readonly Declared[], message: Message): MirroredHeaders => {
  const found = declared.flatMap(({ header, path }) => {
    const text = textOf(argument(message, path));
    return text === undefined ? [] : [[header, encodeHeader(text)] as const];
  });
  return Object.fromEntries(found);
};

const agree = (sent: string | undefined, node: JsonNode, text: string): boolean => {
  const said = sent === undefined ? undefined : decodeHeader(sent);
  if (said === undefined) return false;
  return node.kind === 'number' && /^-?[0-9]+(?:\.[0-9]+)?$/.test(said) ? Number(said) === node.value : said === text;
};

/** Whether each argument that a tool declares is borne by its header as well. */
export const parametersAgree = (declared: readonly Declared[], message: Message, headers: MirroredHeaders): boolean =>
  declared.every(({ header, path }) => {
    const node = argument(message, path);
    const text = textOf(node);
    return node === undefined || text === undefined || agree(headers[header], node, text);
  });
