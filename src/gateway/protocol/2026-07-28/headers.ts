/**
 * Headers that mirror the body (MCP specification 2026-07-28, "Request Metadata"). Something on the way may act on them
 * without reading the body, so a request whose headers say something else than its body is refused.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { at, type JsonNode, member, stringOf } from '../../../base/json.js';
import type { Message, MirroredHeaders } from '../../../model/call.js';
import { REVISION } from './envelope.js';

/** Method to the member of `params` that `Mcp-Name` mirrors; the last three are of the tasks extension. */
const NAMED: Readonly<Record<string, 'name' | 'uri' | 'taskId'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

const nameOf = ({ method, node }: Message): string | undefined => {
  const from = NAMED[method ?? ''];
  return from === undefined ? undefined : stringOf(at(node, 'params', from));
};

const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PLAIN = /^[!-~](?:[\t -~]*[!-~])?$/;

/** A text as a header may bear it: what is not plain goes as Base64. */
export const encodeHeader = (text: string): string =>
  PLAIN.test(text) && !SENTINEL.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** The text a header bears; undefined where it is malformed. */
export const decodeHeader = (value: string): string | undefined => {
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
};

const PARAMETER = 'mcp-param-';
/** Each is looked for in all arguments. */
const MOST_PARAMETERS = 64;
const MIRRORED: ReadonlySet<string> = new Set(['mcp-protocol-version', 'mcp-method', 'mcp-name']);

/** The mirrored headers of a request, as sent. */
export const mirroredHeaders = (headers: IncomingHttpHeaders): MirroredHeaders => {
  const found: Record<string, string> = {};
  for (const name in headers) {
    if (!name.startsWith('mcp-')) continue;
    const value = headers[name];
    if (typeof value === 'string' && (MIRRORED.has(name) || name.startsWith(PARAMETER))) found[name] = value.trim();
  }
  return found;
};

/** Whether a header's text is the value of a primitive somewhere below. Numbers are compared as such. */
const isAmong = (text: string, node: JsonNode | undefined): boolean => {
  switch (node?.kind) {
    case 'string':
      return node.value === text;
    case 'number':
      return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) && Number(text) === node.value;
    case 'literal':
      return node.value !== null && String(node.value) === text;
    case 'array':
      return node.items.some((item) => isAmong(text, item));
    case 'object':
      return node.members.some(({ value }) => isAmong(text, value));
    default:
      return false;
  }
};

/**
 * Which header of a request is missing or says something else than its body; undefined where all is well. A header
 * made of an argument must bear the value of an argument; which one only the tool's schema knows, and its server checks.
 */
export const headerFault = (message: Message, headers: MirroredHeaders): string | undefined => {
  if (headers['mcp-protocol-version'] === undefined) return 'MCP-Protocol-Version';
  if (headers['mcp-method'] !== message.method) return 'Mcp-Method';
  const name = nameOf(message);
  const sent = headers['mcp-name'];
  if (name !== undefined && (sent === undefined || decodeHeader(sent) !== name)) return 'Mcp-Name';
  const args = member(member(message.node, 'params'), 'arguments');
  const parameters = Object.entries(headers).filter(([header]) => header.startsWith(PARAMETER));
  const mirrored = ([, value]: readonly [string, string]): boolean => {
    const text = decodeHeader(value);
    return text !== undefined && isAmong(text, args);
  };
  return parameters.length <= MOST_PARAMETERS && parameters.every(mirrored) ? undefined : 'Mcp-Param';
};

/** The headers that go with a request to a server of this revision: made of the body, but for those of arguments. */
export const headersFor = (message: Message, sent: MirroredHeaders = {}): MirroredHeaders => {
  const headers: Record<string, string> = {};
  for (const header in sent) if (header.startsWith(PARAMETER)) headers[header] = sent[header] ?? '';
  headers['mcp-protocol-version'] = REVISION;
  headers['mcp-method'] = encodeHeader(message.method ?? '');
  const name = nameOf(message);
  if (name !== undefined) headers['mcp-name'] = encodeHeader(name);
  return headers;
};
