/**
 * Arguments of recorded calls held against the input schema that the server listed for the tool: what is required,
 * the types of the first level, and names that the schema does not admit (JSON Schema 2020-12; MCP `Tool.inputSchema`).
 * Values that were masked have any type.
 */
import { isArray, isObject, type JsonObject, type JsonValue } from '../base/json.js';
import { isMasked, readObject } from './recorded-arguments.js';

/** More definitions than a ledger of one organisation knows; beyond them calls are not checked. */
const MAX_SCHEMAS = 100_000;

const TYPES: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: (value) => isArray(value),
  object: (value) => isObject(value),
};

const textsOf = (value: JsonValue | undefined): readonly string[] =>
  (value !== undefined && isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

const hasType = (value: JsonValue, types: readonly string[]): boolean =>
  types.length === 0 || isMasked(value) || types.some((type) => TYPES[type]?.(value) ?? true);

const own = (object: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** What does not agree, in words; null where all does. */
const disagreement = (schema: JsonObject, args: JsonObject): string | null => {
  const listed = own(schema, 'properties');
  const properties = isObject(listed) ? listed : {};
  const missing = textsOf(own(schema, 'required')).find((name) => !Object.hasOwn(args, name));
  if (missing !== undefined) return `The argument ${missing} is missing`;
  for (const [name, value] of Object.entries(args)) {
    const property = own(properties, name);
    if (property === undefined && own(schema, 'additionalProperties') === false)
      return `The argument ${name} is not known`;
    const types = isObject(property) ? textsOf(own(property, 'type')) : [];
    if (!hasType(value, types)) return `The argument ${name} is no ${types.join(' or ')}`;
  }
  return null;
};

export interface InputCheck {
  /** Takes in the definition of a tool, as recorded. */
  learn(digest: string, definition: string): void;
  /** Null where they agree; undefined where nothing says what they must be. */
  check(digest: string, args: string): string | null | undefined;
}

export const createInputCheck = (): InputCheck => {
  const schemas = new Map<string, JsonObject>();
  return {
    learn: (digest, definition) => {
      const schema = own(readObject(definition) ?? {}, 'inputSchema');
      if (isObject(schema) && schemas.size < MAX_SCHEMAS) schemas.set(digest, schema);
    },
    check: (digest, args) => {
      const schema = schemas.get(digest);
      const given = schema && readObject(args);
      return schema && given ? disagreement(schema, given) : undefined;
    },
  };
};
