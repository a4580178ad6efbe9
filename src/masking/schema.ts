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

/** Keywords that describe and hold no data. Texts such as titles are scanned as texts. */
const DESCRIBING = new Set(
  (
    'type title description format pattern minLength maxLength minimum maximum nullable readOnly writeOnly deprecated ' +
    'required items minItems maxItems properties additionalProperties'
  ).split(' '),
);
const LONGEST_SCHEMA = 1_000;

/** Whether an object inside a text, at any level of escaping, is a schema without data. */
export const isSchemaText = (object: string): boolean =>
  object.length <= LONGEST_SCHEMA &&
  /^\{\s*(?:"|\\+"|"")type\W{1,40}(?:string|number|integer|boolean|object|array)\b/.test(object) &&
  Array.from(object.matchAll(/([\w$-]+)["\\]{1,32}\s*:/g), ([, name = '']) => name).every((name) =>
    DESCRIBING.has(name),
  );
