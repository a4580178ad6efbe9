/** Where a member named `password` describes a password instead of holding one: JSON Schema, as tools publish it. */
import type { JsonNode, ObjectNode } from '../base/json.js';

const HOLDERS = new Set(['properties', 'patternProperties', '$defs', 'definitions']);
const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);
const COMBINERS = new Set(['$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const']);

/** Keywords whose values are data, not description (JSON Schema 2020-12, validation §6.1, §9). */
export const SCHEMA_VALUES: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'example', 'examples']);

/** Whether the members of a member of this name are schemas. */
export const holdsSchema = (name: string): boolean => HOLDERS.has(name);

const isType = (node: JsonNode): boolean =>
  node.kind === 'string' ? TYPES.has(node.value) : node.kind === 'array' && node.items.every(isType);

export const isSchema = (node: JsonNode): node is ObjectNode =>
  node.kind === 'object' &&
  node.members.some(({ key, value }) => (key.value === 'type' && isType(value)) || COMBINERS.has(key.value));
